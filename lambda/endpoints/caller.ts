// The caller's side of one exchange, as the gateway sees it; what is told when it must end early is put in words here.
import { CallerError } from '#shared/failures.ts';
import type { Caller } from '../gateway/answer.ts';
import type { Gone, ReplyBody } from '../ports.ts';
import type { Visit } from './endpoint.ts';
import { toReceiptHeaders } from './receipt-headers.ts';

export interface ExchangeCaller extends Caller {
  /** The reply's body, so that a broken stream can be ended with a word; null before the head went out. */
  readonly body: () => ReplyBody | null;
  /** What to tell instead of `error`, when it only follows from our being stopped. */
  readonly explain: (error: CallerError) => CallerError;
  /** A header for the head, when that is still to come. */
  readonly mark: (name: string, value: string) => void;
}

const words: Readonly<Record<Gone, string | null>> = {
  hung_up: null,
  stopping: 'The server is being stopped, and the answer was not complete in time. Send the request again.',
  deadline: 'The answer was not complete within the time this function may run. Ask for less, or raise its time limit.',
};

/** The caller of a visit. */
export function createCaller({ exchange, requestId }: Visit): ExchangeCaller {
  let body: ReplyBody | null = null;
  let gone: Gone | null = null;
  const marks: Record<string, string> = {};
  const listeners = new Set<() => void>();
  exchange.onGone((why) => {
    gone = why;
    for (const listener of listeners) listener();
  });
  return {
    commit: (receipt, contentType) => {
      const cache = contentType.startsWith('text/event-stream')
        ? { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
        : {};
      return (body = exchange.reply(200, {
        'content-type': contentType,
        ...cache,
        ...toReceiptHeaders(receipt, requestId),
        ...marks,
      }));
    },
    get gone() {
      return gone !== null;
    },
    onGone: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    body: () => body,
    mark: (name, value) => void (marks[name] = value),
    explain: (error) => {
      const message = gone === null ? null : words[gone];
      return message === null
        ? error
        : new CallerError('deadline', message, { retryable: true, attempts: error.attempts });
    },
  };
}
