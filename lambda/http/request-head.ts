// Reads the head of a plain HTTP/1.1 request. Whatever is not plain in every respect is nobody's to guess at here: Node's parser gets it.
import type { Headers } from '../ports.ts';
import { isWellFormed, readCount, readLines } from './headers.ts';

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
const MAX_LENGTH_DIGITS = 7;
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
  const length = told === undefined ? null : readCount(told, MAX_LENGTH_DIGITS);
  return length !== null && length <= MAX_BODY_BYTES ? length : null;
}

/** `text` is the head in Latin-1 without the empty line that ends it. Null: not plain. */
export function readPlainHead(text: string): PlainHead | null {
  const lineEnd = text.indexOf('\r\n');
  if (lineEnd < 0 || !isWellFormed(text)) return null;
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

const headEnd = Buffer.from('\r\n\r\n');
const lengthLine = /\r\ncontent-length:[ \t]*(?=\d)/i;
const [ZERO, NINE] = [48, 57];

/** The head that came last, byte for byte, and where the digits of its length stand; both at its end when it tells none. */
interface Known {
  /** With the empty line that ends it. */
  readonly bytes: Buffer;
  readonly head: PlainHead;
  readonly digitsAt: number;
  readonly digitsEnd: number;
}

function toKnown(bytes: Buffer, text: string, head: PlainHead): Known {
  const line = lengthLine.exec(text);
  const digitsAt = line === null ? text.length : line.index + line[0].length;
  const count = head.headers['content-length']?.length ?? 0;
  return { bytes: Buffer.from(bytes), head, digitsAt, digitsEnd: digitsAt + count };
}

/**
 * Reads the heads of one connection. Clients repeat themselves: a head that differs from the last one in nothing but the digits of its length is
 * not read again.
 */
export class HeadReader {
  /** How long the head was that was read, with the empty line that ends it. */
  bytes = 0;
  readonly #maxBytes: number;
  #known: Known | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The head with which these bytes begin. Null: not plain, not complete, or longer than it may be. */
  read(bytes: Buffer): PlainHead | null {
    const again = this.#known === null ? null : this.#readAgain(bytes, this.#known);
    if (again !== null) return again;
    const end = bytes.indexOf(headEnd);
    if (end < 0 || end > this.#maxBytes) return null;
    const text = bytes.toString('latin1', 0, end);
    const head = readPlainHead(text);
    this.bytes = end + headEnd.length;
    if (head !== null) this.#known = toKnown(bytes.subarray(0, this.bytes), text, head);
    return head;
  }

  /** Forgets the last head, which may hold a key. */
  forget(): void {
    this.#known = null;
  }

  #readAgain(bytes: Buffer, { bytes: known, head, digitsAt, digitsEnd }: Known): PlainHead | null {
    if (bytes.length < digitsAt || known.compare(bytes, 0, digitsAt, 0, digitsAt) !== 0) return null;
    const at = digitsEnd === digitsAt ? digitsAt : endOfDigits(bytes, digitsAt);
    const end = at + known.length - digitsEnd;
    if (bytes.length < end || known.compare(bytes, at, end, digitsEnd) !== 0) return null;
    if (digitsEnd > digitsAt && known.compare(bytes, digitsAt, at, digitsAt, digitsEnd) !== 0)
      return this.#withLength(head, bytes.toString('latin1', digitsAt, at), end);
    this.bytes = end;
    return head;
  }

  #withLength(head: PlainHead, told: string, end: number): PlainHead | null {
    const length = toLength(head.method, told);
    if (length === null) return null;
    this.bytes = end;
    return { ...head, length, headers: { ...head.headers, 'content-length': told } };
  }
}

function endOfDigits(bytes: Buffer, from: number): number {
  let at = from;
  for (let code = bytes[at] ?? 0; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0);
  return at;
}
