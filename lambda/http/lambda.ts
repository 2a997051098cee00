// Serves the app on AWS Lambda: turns Function URL events (payload 2.0) into exchanges, and replies into response streams.
import type { Writable } from 'node:stream';
import type { Exchange, Handler, Headers, ReplyBody } from '../ports.ts';
import { packingOf, tooLarge } from './body.ts';
import { Farewell } from './farewell.ts';
import { joinHeaders, toReplyHeaders } from './headers.ts';

/** A request as a Function URL hands it over. */
export interface UrlEvent {
  readonly version: '2.0';
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: { readonly http: { readonly method: string; readonly sourceIp?: string } };
}

/** What of the runtime's context is used. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** The part of the runtime's `awslambda` global that is used. */
export interface StreamingRuntime {
  readonly HttpResponseStream: {
    from(stream: Writable, head: { statusCode: number; headers: Headers; cookies: readonly string[] }): Writable;
  };
}

export type LambdaHandler = (event: unknown, stream: Writable, context: InvocationContext) => Promise<void>;

export interface LambdaHandlerOptions {
  readonly handler: Handler;
  /** Answers what is no HTTP request: a payload of a state machine or another function. Its errors are told by their names. */
  readonly invoke: (payload: unknown, deadlineAtMs: number) => Promise<unknown>;
  readonly runtime: StreamingRuntime;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

function isUrlEvent(event: unknown): event is UrlEvent {
  const { version, requestContext } = (event ?? {}) as Partial<UrlEvent>;
  return version === '2.0' && typeof requestContext?.http?.method === 'string';
}

function readBody({ body = '', isBase64Encoded = false }: UrlEvent, limitBytes: number): Uint8Array {
  const size = isBase64Encoded ? Math.floor((body.length * 3) / 4) - 2 : Buffer.byteLength(body);
  if (size > limitBytes) throw tooLarge(limitBytes);
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > limitBytes) throw tooLarge(limitBytes);
  return bytes;
}

function toBody(stream: Writable): ReplyBody {
  return {
    write: (chunk) => stream.destroyed || stream.writableEnded || stream.write(chunk),
    drained: () =>
      new Promise((resolve) => {
        if (stream.destroyed || !stream.writableNeedDrain) return resolve();
        const go = (): void => {
          stream.off('drain', go).off('close', go);
          resolve();
        };
        stream.on('drain', go).on('close', go);
      }),
    end: (last) => {
      if (!stream.writableEnded) stream.end(last);
    },
  };
}

interface Conversation {
  readonly event: UrlEvent;
  readonly stream: Writable;
  readonly deadlineAtMs: number;
  readonly farewell: Farewell;
  readonly runtime: StreamingRuntime;
}

function toExchange({ event, stream, deadlineAtMs, farewell, runtime }: Conversation): Exchange {
  const cookies = event.cookies ?? [];
  const headers = joinHeaders({ ...event.headers, cookie: cookies.length > 0 ? cookies.join('; ') : undefined });
  return {
    method: event.requestContext.http.method,
    path: event.rawPath,
    query: event.rawQueryString ?? '',
    headers,
    remoteAddress: event.requestContext.http.sourceIp ?? null,
    deadlineAtMs,
    body: async (limitBytes) => {
      const body = readBody(event, limitBytes);
      const encoding = packingOf(headers);
      return encoding === null ? body : (await import('./unpack.ts')).unpack(body, { encoding, limitBytes });
    },
    onGone: (listener) => farewell.onGone(listener),
    reply: (statusCode, given) => {
      const { headers: safe, cookies: set } = toReplyHeaders(given);
      const opened = runtime.HttpResponseStream.from(stream, { statusCode, headers: safe, cookies: set });
      // Without a write before the end the runtime loses status and headers, and the caller sees a 502
      // (aws-lambda-nodejs-runtime-interface-client issue 97).
      opened.write('');
      return toBody(opened);
    },
  };
}

/** Time kept for a last word and for what follows it, before the runtime kills the instance: this, or a quarter of a short limit. */
const FAREWELL_MS = 1_500;
/** Time kept to answer a direct invoke, which nobody reads before it is whole. */
const INVOKE_RESERVE_MS = 500;

/** A payload without HTTP around it: the answer is one JSON document, without the head that would become part of it. */
async function answerInvoke(stream: Writable, answer: Promise<unknown>): Promise<void> {
  const text = JSON.stringify((await answer) ?? null);
  if ('setContentType' in stream && typeof stream.setContentType === 'function')
    stream.setContentType('application/json');
  stream.write(text);
  stream.end();
}

/** A streaming Lambda handler. It resolves after the handler has: what follows a reply is done before the instance is frozen. */
export function createLambdaHandler({ handler, invoke, runtime, now }: LambdaHandlerOptions): LambdaHandler {
  return async (event, stream, context) => {
    if (!isUrlEvent(event))
      return answerInvoke(stream, invoke(event, now() + context.getRemainingTimeInMillis() - INVOKE_RESERVE_MS));
    const farewell = new Farewell();
    // A Function URL does not tell when its caller hangs up; only a broken stream to the runtime shows.
    stream.on('error', () => farewell.leave('hung_up'));
    const leftMs = context.getRemainingTimeInMillis();
    const deadlineAtMs = now() + leftMs;
    const timer = setTimeout(() => farewell.leave('deadline'), leftMs - Math.min(FAREWELL_MS, leftMs / 4));
    let replied = false;
    const exchange = toExchange({ event, stream, deadlineAtMs, farewell, runtime });
    const watched: Exchange = {
      ...exchange,
      reply: (status, headers) => {
        replied = true;
        return exchange.reply(status, headers);
      },
    };
    try {
      await handler(watched);
    } finally {
      clearTimeout(timer);
      // Handlers don't reject, and they reply; should one fail to, the caller gets a bare 500 and not the runtime's 502.
      if (!replied) exchange.reply(500, {}).end();
    }
    // The runtime then breaks the connection off, so that the reply is not taken for whole.
    if (!stream.writableEnded) throw new Error('The reply was left open after a failure.');
  };
}
