// The way out on a server: undici's dispatch with keep-alive pools, without fetch and its objects.
import { Agent, type Dispatcher } from 'undici';
import {
  UpstreamError,
  type Headers,
  type Upstream,
  type UpstreamCall,
  type UpstreamHandle,
  type UpstreamListener,
} from '../ports.ts';
import { createDecoder, type Decoder } from './decode.ts';

export interface UndiciOptions {
  /** Connections per provider at most. */
  readonly connections?: number;
  readonly keepAliveMs?: number;
  readonly connectTimeoutMs?: number;
}

type Controller = Dispatcher.DispatchController;

/** Codes of errors that surely happened before a byte of the request left. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const timeouts: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}

/** A fault below HTTP in our words; the address is left out, since it may hold a secret path. */
function toUpstreamError(error: unknown): UpstreamError {
  const code = codeOf(error);
  if (timeouts.has(code))
    return new UpstreamError('timeout', `no data from the provider in time (${code})`, !unsent.has(code));
  return new UpstreamError(
    'network',
    `the connection to the provider failed${code === '' ? '' : ` (${code})`}`,
    !unsent.has(code),
  );
}

function toHeaders(raw: Record<string, string | string[] | undefined>): Headers {
  const headers: Record<string, string> = {};
  for (const name in raw) {
    const value = raw[name];
    if (value !== undefined) headers[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

/** Passes one reply on to the listener; guarantees exactly one ending. */
function createHandler(listener: UpstreamListener): Dispatcher.DispatchHandler & UpstreamHandle {
  let controller: Controller | null = null;
  let decoder: Decoder | null = null;
  let ended = false;
  const fail = (error: UpstreamError): void => {
    if (ended) return;
    ended = true;
    decoder?.destroy();
    listener.onError(error);
  };
  const end = (): void => {
    if (ended) return;
    ended = true;
    listener.onEnd();
  };
  const decodeWith = (stream: Decoder): void => {
    stream.on('data', (chunk: Buffer) => !ended && listener.onData(chunk));
    stream.on('end', end);
    stream.on('error', () => fail(new UpstreamError('network', 'the reply is not encoded as it says', true)));
  };
  return {
    onRequestStart: (started) => {
      controller = started;
      if (ended) started.abort(new Error('aborted'));
    },
    onResponseStart: (_, status, raw) => {
      if (ended || status < 200) return;
      const headers = toHeaders(raw);
      decoder = createDecoder(headers['content-encoding']);
      if (decoder) decodeWith(decoder);
      listener.onHead(status, headers);
    },
    onResponseData: (_, chunk) => {
      if (ended) return;
      if (decoder) decoder.write(chunk);
      else listener.onData(chunk);
    },
    onResponseEnd: () => {
      if (decoder) decoder.end();
      else end();
    },
    onResponseError: (_, error) => fail(toUpstreamError(error)),
    abort: () => {
      fail(new UpstreamError('cancelled', 'the call was given up', true));
      controller?.abort(new Error('aborted'));
    },
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
  };
}

/** Splits off origin and path without building a URL object for every call. */
function splitUrl(url: string): { origin: string; path: string } {
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  return slash < 0 ? { origin: url, path: '/' } : { origin: url.slice(0, slash), path: url.slice(slash) };
}

/** An upstream over keep-alive pools, one per provider. Redirects are not followed. */
export function createUndiciUpstream({
  connections = 256,
  keepAliveMs = 30_000,
  connectTimeoutMs = 10_000,
}: UndiciOptions = {}): Upstream {
  const agent = new Agent({
    connections,
    keepAliveTimeout: keepAliveMs,
    connect: { timeout: connectTimeoutMs },
    pipelining: 1,
  });
  return {
    start: (call: UpstreamCall, listener) => {
      const handler = createHandler(listener);
      try {
        agent.dispatch(
          {
            ...splitUrl(call.url),
            method: call.method,
            headers: call.headers,
            body: call.body,
            headersTimeout: call.headTimeoutMs,
            bodyTimeout: call.idleTimeoutMs,
          } as Dispatcher.DispatchOptions,
          handler,
        );
      } catch (error) {
        handler.onResponseError?.(null as never, error as Error);
      }
      return handler;
    },
    close: () => agent.destroy(),
  };
}
