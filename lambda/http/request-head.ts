// Reads the head of a plain HTTP/1.1 request. Whatever is not plain in every respect is nobody's to guess at here: Node's parser gets it.
import type { Headers } from '../ports.ts';
import { readLines } from './headers.ts';

/** A request whose framing no two parsers can read differently: one known length or no body, no coding, no upgrade, nothing twice. */
export interface PlainHead {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
  readonly headers: Headers;
  /** Of the body, bytes. */
  readonly length: number;
}

/** Longer bodies are read in pieces, with back-pressure, by Node's server. */
const MAX_BODY_BYTES = 1 << 20;

const requestLine = /^(GET|POST) (\/[!-~]*) HTTP\/1\.1$/;
// Control signs, and line ends that are only half there.
// eslint-disable-next-line no-control-regex
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|[^\r]\n/;
const digits = /^\d{1,7}$/;
/** They change how a message ends or what the connection becomes. */
const special: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'upgrade',
  'http2-settings',
  'proxy-connection',
  '__proto__',
]);

/** The body's length; null where it is not told plainly. */
function toLength(method: string, told: string | undefined): number | null {
  if (method === 'GET') return told === undefined ? 0 : null;
  if (told === undefined || !digits.test(told)) return null;
  const length = Number(told);
  return length <= MAX_BODY_BYTES ? length : null;
}

/** `text` is the head in Latin-1 without the empty line that ends it. Null: not plain. */
export function readPlainHead(text: string): PlainHead | null {
  const lineEnd = text.indexOf('\r\n');
  if (lineEnd < 0 || forbidden.test(text)) return null;
  const line = requestLine.exec(text.slice(0, lineEnd));
  if (line === null) return null;
  const headers = readLines(text, lineEnd + 2, special);
  if (headers === null || !headers['host']) return null;
  const { connection } = headers;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return null;
  const [, method, target] = line as unknown as [string, 'GET' | 'POST', string];
  const length = toLength(method, headers['content-length']);
  if (length === null) return null;
  const mark = target.indexOf('?');
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers,
    length,
  };
}
