// Reads a request body as JSON, with errors that say what is wrong without repeating what was sent.
import { CallerError } from '#shared/failures.ts';
import { locateFields } from '../gateway/own-body.ts';
import { UnwieldyError } from '../wire/splice.ts';
import type { JsonBody, Visit } from './endpoint.ts';

/** The largest body of an inference request: room for several images, below what Lambda and providers take. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The JSON body of a visit, parsed once, and at once when it has come. Throws or rejects with CallerError `invalid_request` or `too_large`. */
export function readJsonBody({ exchange, document }: Visit): JsonBody | Promise<JsonBody> {
  if (document !== undefined) return document;
  const bytes = exchange.body(MAX_BODY_BYTES);
  return bytes instanceof Promise ? bytes.then(toDocument) : toDocument(bytes);
}

function toDocument(bytes: Uint8Array): JsonBody {
  if (bytes.length === 0)
    throw new CallerError('invalid_request', 'The request has no body; a JSON object was expected.');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new CallerError('invalid_request', 'The body is not valid UTF-8 text; a JSON object was expected.');
  }
  try {
    // First, since it tells what would take far more memory than its text, and everybody's time, to be parsed.
    const fields = locateFields(text, bytes.length);
    return { bytes, json: JSON.parse(text), fields };
  } catch (error) {
    if (error instanceof UnwieldyError) throw new CallerError('invalid_request', `The body is ${error.message}.`);
    // The parser quotes what it found, which may be somebody's prompt; only the place is told.
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    const where = position === undefined ? '' : ` (character ${position} of ${text.length})`;
    throw new CallerError(
      'invalid_request',
      `The body is not valid JSON${where}. Check quotes, commas and brackets there.`,
    );
  }
}
