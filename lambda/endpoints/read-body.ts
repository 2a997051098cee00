// Reads a request body as JSON, with errors that say what is wrong without repeating what was sent.
import { CallerError } from '#shared/failures.ts';
import { locateFields } from '../gateway/own-body.ts';
import { MOST_LEVELS } from '../wire/splice.ts';
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
    const json: unknown = JSON.parse(text);
    return { bytes, json, fields: locateFields(text, bytes.length) };
  } catch (error) {
    if (error instanceof RangeError)
      throw new CallerError(
        'invalid_request',
        `The body is nested more than ${MOST_LEVELS} levels deep. Send it flatter.`,
      );
    // The parser quotes what it found, which may be somebody's prompt; only the place is told.
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    const where = position === undefined ? '' : ` (character ${position} of ${text.length})`;
    throw new CallerError(
      'invalid_request',
      `The body is not valid JSON${where}. Check quotes, commas and brackets there.`,
    );
  }
}
