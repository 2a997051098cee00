// Reads a streamed answer with its events: text, thinking, the way it took, its receipt, or the error that ended it.
import { createParser } from 'eventsource-parser';
import * as z from 'zod/mini';
import {
  attemptEventSchema,
  receiptEventSchema,
  routeEventSchema,
  type AttemptEvent,
  type ReceiptEvent,
  type RouteEvent,
} from '#shared/api/events.ts';
import { ApiError, toApiError } from '../../lib/api.ts';

const chunkSchema = z.object({
  choices: z.catch(
    z.array(
      z.object({
        delta: z.catch(
          z.object({
            content: z.optional(z.nullable(z.string())),
            reasoning: z.optional(z.nullable(z.string())),
            reasoning_content: z.optional(z.nullable(z.string())),
            refusal: z.optional(z.nullable(z.string())),
          }),
          {},
        ),
        finish_reason: z.optional(z.nullable(z.string())),
      }),
    ),
    [],
  ),
});

/** What a reader of an answer is told, in the order it comes. */
export interface AnswerListener {
  text(text: string): void;
  reasoning(text: string): void;
  route(route: RouteEvent): void;
  attempt(attempt: AttemptEvent): void;
  receipt(receipt: ReceiptEvent): void;
  finish(reason: string): void;
}

function readChunk(data: string, listener: AnswerListener): void {
  const json: unknown = JSON.parse(data);
  if (typeof json === 'object' && json !== null && 'error' in json) throw toApiError(json, null);
  for (const { delta, finish_reason: finish } of chunkSchema.parse(json).choices) {
    const thought = delta.reasoning ?? delta.reasoning_content ?? '';
    if (thought !== '') listener.reasoning(thought);
    const text = (delta.content ?? '') + (delta.refusal ?? '');
    if (text !== '') listener.text(text);
    if (typeof finish === 'string') listener.finish(finish);
  }
}

function readEvent(event: string | undefined, data: string, listener: AnswerListener): void {
  if (event === 'route') listener.route(routeEventSchema.parse(JSON.parse(data)));
  else if (event === 'attempt') listener.attempt(attemptEventSchema.parse(JSON.parse(data)));
  else if (event === 'receipt') listener.receipt(receiptEventSchema.parse(JSON.parse(data)));
  else readChunk(data, listener);
}

type Part = ReadableStreamReadResult<Uint8Array>;

/** A read that never rejects: what comes while nobody waits for it would be told as an error that nobody handles. */
async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Part | Error> {
  try {
    return await reader.read();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return error;
    return new ApiError('broke_off', 'The connection to Freeway broke off.');
  }
}

/** One turn of the page's loop, by whose end all is told that lies ready. */
const turn = (): Promise<null> => new Promise((over) => setTimeout(over, 0, null));

/**
 * Resolves when the answer is whole. Rejects with the ApiError that ended it, also when the connection broke.
 * `gather` is waited for between reads, so that what comes word by word is not worked on word by word. All that lies ready
 * then is read at once: browsers hand it over piece by piece, and a pause for each would fall behind a fast provider.
 */
export async function readAnswer(
  response: Response,
  listener: AnswerListener,
  gather: () => Promise<void>,
): Promise<void> {
  let done = false;
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (data === '[DONE]') done = true;
      else readEvent(event, data, listener);
    },
  });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  if (reader === undefined) throw new ApiError('bad_reply', 'The answer has no body.');
  let reading = read(reader);
  // A turn from when something has come.
  let over = reading.then(turn);
  for (;;) {
    const part = await Promise.race([reading, over]);
    if (part === null) {
      await gather();
      over = reading.then(turn);
      continue;
    }
    if (part instanceof Error) throw part;
    if (part.done) break;
    parser.feed(decoder.decode(part.value, { stream: true }));
    reading = read(reader);
  }
  if (!done) throw new ApiError('broke_off', 'The answer ended before it was complete.');
}
