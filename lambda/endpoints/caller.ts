// The caller's side of one exchange, as the gateway sees it; what is told when it must end early is put in words here.
import { CallerError } from '#shared/failures.ts';
import type { Caller, Receipt } from '../gateway/answer.ts';
import type { Operation } from '../gateway/operation.ts';
import type { Gone, Headers, ReplyBody } from '../ports.ts';
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

/** Tells in the reply's head what is left of the quotas of whoever asks, where there are some. */
export function markLeft({ mark }: Pick<ExchangeCaller, 'mark'>, admission: Operation['admission']): void {
  const headers = admission?.quota?.headers();
  if (headers !== undefined) for (const [name, value = ''] of Object.entries(headers)) mark(name, value);
}

const words: Readonly<Record<Gone, string | null>> = {
  hung_up: null,
  stopping: 'The server is being stopped, and the answer was not complete in time. Send the request again.',
  deadline: 'The answer was not complete within the time this function may run. Ask for less, or raise its time limit.',
};

/** Nobody between us and the caller may keep a stream, or hold it back. */
const streamed: Headers = { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };

/** The caller of a visit. `idHeader`: where its clients look for the request's id. */
export function createCaller({ exchange, requestId }: Visit, idHeader?: string): ExchangeCaller {
  let body: ReplyBody | null = null;
  let why: Gone | null = null;
  let marks: Headers | null = null;
  let listeners: (() => void)[] = [];
  const caller = {
    gone: false,
    commit: (receipt: Receipt, contentType: string) => {
      const headers = toReceiptHeaders(receipt, requestId, contentType);
      if (contentType.startsWith('text/event-stream')) Object.assign(headers, streamed);
      if (idHeader !== undefined) headers[idHeader] = requestId;
      if (marks !== null) Object.assign(headers, marks);
      return (body = exchange.reply(200, headers));
    },
    onGone: (listener: () => void) => {
      listeners.push(listener);
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
    body: () => body,
    mark: (name: string, value: string) => void (marks = { ...marks, [name]: value }),
    explain: (error: CallerError) => {
      const message = why === null ? null : words[why];
      return message === null
        ? error
        : new CallerError('deadline', message, { retryable: true, attempts: error.attempts });
    },
  };
  exchange.onGone((reason) => {
    why = reason;
    caller.gone = true;
    for (const listener of listeners) listener();
  });
  return caller;
}
