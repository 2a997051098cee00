// A request of our own making to our own app: what it answers, as a whole.
import type { Exchange, Handler, Headers } from '../ports.ts';

/** Controls of routing among the headers of a request: they hold for all that is asked for its sake later. */
export const toControls = (headers: Headers): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-freeway-')));

export interface OwnRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** When the runtime will stop us, ms since the epoch; null when it never does. */
  readonly deadlineAtMs: number | null;
  /** Aborted when nobody wants the answer any more; absent: somebody always does. */
  readonly gone?: AbortSignal;
}

export interface OwnReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Takes a reply in, as a whole. */
export interface ReplyCollector {
  readonly reply: Exchange['reply'];
  /** What has come so far. */
  readonly replied: () => OwnReply;
}

/** A collector of one reply. */
export function collectReply(): ReplyCollector {
  let status = 0;
  let headers: Headers = {};
  const decoder = new TextDecoder();
  const chunks: string[] = [];
  const write = (chunk: Uint8Array | string): boolean => {
    chunks.push(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    return true;
  };
  return {
    reply: (given, with_) => {
      status = given;
      headers = with_;
      return { write, drained: () => Promise.resolve(), end: (last) => void (last !== undefined && write(last)) };
    },
    replied: () => ({ status, headers, body: chunks.join('') }),
  };
}

/** Asks the app. Never rejects: what goes wrong stands in the reply. */
export async function askOwn(handler: Handler, request: OwnRequest): Promise<OwnReply> {
  const { method, path, query = '', headers, body, deadlineAtMs, gone } = request;
  const { reply, replied } = collectReply();
  const exchange: Exchange = {
    method,
    path,
    query,
    headers,
    remoteAddress: null,
    deadlineAtMs,
    waitsForHandler: true,
    body: () => Promise.resolve(body),
    onGone: (listener) => gone?.addEventListener('abort', () => listener('hung_up'), { once: true }),
    reply,
  };
  await handler(exchange);
  return replied();
}
