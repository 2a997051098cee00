// Calls made ready to be sent: where each leads, and the bytes of its head.
import type { Headers, UpstreamCall } from '../ports.ts';
import { findName, token } from './headers.ts';

/** Where a connection leads. */
export interface Origin {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** A request that is ready to be sent. */
export interface Outgoing {
  readonly method: string;
  /** Request line and headers for HTTP/1.1, in Latin-1. */
  readonly head: string;
  readonly body: UpstreamCall['body'];
  /** The body's, bytes; null where there is none to tell. */
  readonly length: number | null;
  /** As the caller gave them, fit to be sent, and where it leads: for what sends no text. */
  readonly headers: Headers;
  readonly target: Target;
}

/** Where a call leads. */
export interface Target extends Origin {
  /** Name of the pool: scheme, host and port. */
  readonly origin: string;
  /** As the Host header says it. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
}

function toTarget(url: string): Target {
  const { protocol, hostname, port, host, origin, pathname, search } = new URL(url);
  const isTls = protocol === 'https:';
  if (!isTls && protocol !== 'http:') throw new TypeError('neither http nor https');
  return {
    origin,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    isTls,
    authority: host,
    path: pathname + search,
  };
}

/** So many URLs are remembered: some for each provider and model in use. */
const MAX_TARGETS = 2_000;

/** Reads URLs, each once as long as there are not too many. */
export function createTargets(): (url: string) => Target {
  const known = new Map<string, Target>();
  return (url) => {
    let target = known.get(url);
    if (target === undefined) {
      target = toTarget(url);
      if (known.size >= MAX_TARGETS) known.clear();
      known.set(url, target);
    }
    return target;
  };
}

// Signs that may stand in a header's value (RFC 9110, section 5.5).
const value = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Headers that belong to the connection, and the length, which we count ourselves. */
export const ours: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
]);
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const unsendable = (): Error =>
  Object.assign(new Error('a header can not be sent'), { code: 'ERR_INVALID_HEADER_VALUE' });

function renderLines(headers: Headers): string {
  let lines = '';
  for (const name in headers) {
    if (ours.has(name)) continue;
    const text = headers[name] as string;
    if (findName(name) === null || !value.test(text)) throw unsendable();
    lines += `${name}: ${text}\r\n`;
  }
  return lines;
}

function toLength(method: string, body: UpstreamCall['body']): number | null {
  if (body === null) return bodiless.has(method) ? null : 0;
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}

/** Texts longer than this are encoded at once; measuring them and encoding them later would read them twice. */
const LONG_TEXT = 16_384;

/** Heads but for their lengths, by headers that come again and again. */
const starts = new WeakMap<Headers, { readonly target: Target; readonly method: string; readonly text: string }>();

/** A request's head up to its length. */
function toStart({ method, headers }: UpstreamCall, target: Target): string {
  const known = starts.get(headers);
  if (known?.target === target && known.method === method) return known.text;
  if (!token.test(method)) throw unsendable();
  const host = headers['host'] === undefined ? `host: ${target.authority}\r\n` : '';
  const text = `${method} ${target.path} HTTP/1.1\r\n${host}connection: keep-alive\r\n${renderLines(headers)}`;
  if (Object.isFrozen(headers)) starts.set(headers, { target, method, text });
  return text;
}

/** Makes a call ready. Throws where a header or the method can't be sent. */
export function toOutgoing(call: UpstreamCall, target: Target): Outgoing {
  const { method, headers } = call;
  const body = typeof call.body === 'string' && call.body.length > LONG_TEXT ? Buffer.from(call.body) : call.body;
  const length = toLength(method, body);
  const told = length === null ? '' : `content-length: ${length}\r\n`;
  return { method, head: `${toStart(call, target)}${told}\r\n`, body, length, headers, target };
}
