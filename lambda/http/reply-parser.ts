// Reads HTTP/1.1 replies from the bytes of one connection (RFC 9112). What is unclear breaks the connection: nothing is guessed.
import type { Headers } from '../ports.ts';
import { isWellFormed, readCount, readLines } from './headers.ts';

/** Told what a reply consists of: head, data*, end. */
export interface ReplyEvents {
  /** `status` is 200 or more: interim replies are passed over. */
  head(status: number, headers: Headers): void;
  /** A piece of the body, without framing. The bytes are the listener's to keep. */
  data(chunk: Buffer): void;
  end(): void;
}

/** The provider does not speak HTTP/1.1 as we understand it. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply';
  readonly code = 'MALFORMED_REPLY';
}

/** A head, and what follows the last chunk, may be so long. */
const MAX_HEAD_BYTES = 65_536;
/** A chunk's size with its extensions may be so long. */
const MAX_SIZE_LINE_BYTES = 4_096;
/** Digits of a chunk's size: 2^52 bytes. */
const MAX_SIZE_DIGITS = 13;

const CR = 13;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
const SEMICOLON = 59;

type State = 'head' | 'sized' | 'size' | 'chunk' | 'chunk_end' | 'trailer' | 'until_close' | 'done';

const headEnd = Buffer.from('\r\n\r\n');
const PROTOCOL = 'HTTP/1.';
/** Where the status stands in the first line, and where it ends. */
const [STATUS_AT, STATUS_END] = [9, 12];
const MAX_LENGTH_DIGITS = 15;
const closes = /(?:^|,)\s*close\s*(?:,|$)/i;
const keeps = /(?:^|,)\s*keep-alive\s*(?:,|$)/i;

interface Head {
  readonly status: number;
  readonly headers: Headers;
  /** Of HTTP/1.1, not 1.0. */
  readonly isCurrent: boolean;
}

/** The status line; null when it is none of HTTP/1.0 or 1.1. */
function readStatusLine(text: string): Omit<Head, 'headers'> | null {
  const minor = text.charCodeAt(PROTOCOL.length) - ZERO;
  const status = readCount(text.slice(STATUS_AT, STATUS_END), STATUS_END - STATUS_AT);
  const isKnown = text.startsWith(PROTOCOL) && (minor === 0 || minor === 1) && text.charCodeAt(STATUS_AT - 1) === SPACE;
  if (!isKnown || status === null || status < 100) return null;
  const next = text.length === STATUS_END ? CR : text.charCodeAt(STATUS_END);
  return next === SPACE || next === CR ? { status, isCurrent: minor === 1 } : null;
}

function parseHead(text: string): Head {
  const line = readStatusLine(text);
  if (line === null) throw new MalformedReply('no HTTP/1.1 status line');
  if (!isWellFormed(text)) throw new MalformedReply('a sign in the head that may not stand there');
  const lineEnd = text.indexOf('\r\n');
  const headers = lineEnd < 0 ? {} : readLines(text, lineEnd + 2);
  if (headers === null) throw new MalformedReply('a header line is none');
  return { status: line.status, headers, isCurrent: line.isCurrent };
}

function parseSize(bytes: Buffer, from: number, end: number): number {
  const mark = bytes.subarray(from, end).indexOf(SEMICOLON);
  const text = bytes.toString('latin1', from, mark < 0 ? end : from + mark).trim();
  if (text.length > MAX_SIZE_DIGITS || !/^[\da-f]+$/i.test(text)) throw new MalformedReply('a chunk without a size');
  return Number.parseInt(text, 16);
}

/** The parser of one connection: `begin` before each request, then `feed` with all that comes. */
export class ReplyParser {
  readonly #events: ReplyEvents;
  #state: State = 'done';
  #held: Buffer | null = null;
  #isHead = false;
  #persists = false;
  #left = 0;
  #trailerBytes = 0;

  constructor(events: ReplyEvents) {
    this.#events = events;
  }

  /** A request with this method leaves: its reply comes next. */
  begin(method: string): void {
    this.#state = 'head';
    this.#held = null;
    this.#isHead = method === 'HEAD';
    this.#persists = false;
    this.#trailerBytes = 0;
  }

  /** Whether the reply has ended and the connection may carry another one. */
  get isReusable(): boolean {
    return this.#state === 'done' && this.#persists;
  }

  /** Takes what came. At most one piece of the body is told of it, whatever the framing. Throws MalformedReply. */
  feed(received: Buffer): void {
    if (this.#state === 'done') throw new MalformedReply('bytes that nobody asked for');
    const bytes = this.#held === null ? received : Buffer.concat([this.#held, received]);
    this.#held = null;
    let at = 0;
    if (this.#state === 'head') {
      at = this.#readHead(bytes);
      if (at < 0) return;
    }
    at = this.#readBody(bytes, at);
    if (!this.#isDone()) return;
    // Bytes that nobody asked for: whatever they are, they must not be taken for the reply to the next request.
    if (at < bytes.length) this.#persists = false;
    this.#events.end();
  }

  /** The provider has closed the connection. Answers whether the reply was whole. */
  close(): boolean {
    if (this.#state !== 'until_close') return this.#state === 'done';
    this.#state = 'done';
    this.#events.end();
    return true;
  }

  #isDone(): boolean {
    return this.#state === 'done';
  }

  /** Answers where the body begins; -1 while the head is not complete. */
  #readHead(bytes: Buffer): number {
    for (let at = 0; ;) {
      const end = bytes.indexOf(headEnd, at);
      if ((end < 0 ? bytes.length : end) - at > MAX_HEAD_BYTES) throw new MalformedReply('the head is too long');
      if (end < 0) {
        const start = bytes.toString('latin1', at, at + 7);
        if (!PROTOCOL.startsWith(start)) throw new MalformedReply('no HTTP/1.1 status line');
        this.#held = at === 0 ? bytes : bytes.subarray(at);
        return -1;
      }
      const head = parseHead(bytes.toString('latin1', at, end));
      at = end + headEnd.length;
      if (head.status === 101) throw new MalformedReply('another protocol, which nobody asked for');
      if (head.status < 200) continue;
      this.#frame(head);
      this.#events.head(head.status, head.headers);
      return at;
    }
  }

  /** Finds out how the body ends (RFC 9112, section 6.3). */
  #frame({ status, headers, isCurrent }: Head): void {
    const { connection = '', 'transfer-encoding': coding, 'content-length': length } = headers;
    // Most say nothing of it, or what holds anyway.
    if (isCurrent) this.#persists = connection === '' || connection === 'keep-alive' || !closes.test(connection);
    else this.#persists = keeps.test(connection);
    if (this.#isHead || status === 204 || status === 304) {
      this.#state = 'done';
    } else if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw new MalformedReply('an unknown transfer encoding');
      // Both is how replies are smuggled: the chunks count, and nothing may follow them.
      if (length !== undefined) this.#persists = false;
      this.#state = 'size';
    } else if (length !== undefined) {
      const count = readCount(length, MAX_LENGTH_DIGITS);
      if (count === null) throw new MalformedReply('a length that is none');
      this.#left = count;
      this.#state = this.#left === 0 ? 'done' : 'sized';
    } else {
      this.#persists = false;
      this.#state = 'until_close';
    }
  }

  /** Answers how far it has read. */
  #readBody(bytes: Buffer, at: number): number {
    if (this.#state === 'done' || at === bytes.length) return at;
    if (this.#state === 'until_close') {
      this.#events.data(at === 0 ? bytes : bytes.subarray(at));
      return bytes.length;
    }
    if (this.#state !== 'sized') return this.#readChunks(bytes, at);
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = 'done';
    this.#events.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  /** Moves the chunks' contents together within the bytes, so that they are handed over as one piece. */
  #readChunks(bytes: Buffer, from: number): number {
    let at = from;
    let start = -1;
    let end = -1;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'chunk') {
        const until = Math.min(bytes.length, at + this.#left);
        if (start < 0) start = end = at;
        if (end !== at) bytes.copyWithin(end, at, until);
        end += until - at;
        this.#left -= until - at;
        if (this.#left === 0) this.#state = 'chunk_end';
        at = until;
      } else {
        const next = this.#readLine(bytes, at);
        if (next < 0) break;
        at = next;
      }
    }
    if (start >= 0) this.#events.data(bytes.subarray(start, end));
    return at;
  }

  /** A line between chunks. Answers where the next one begins; -1 while it is not complete. */
  #readLine(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(LF, at);
    if ((feed < 0 ? bytes.length : feed) - at > MAX_SIZE_LINE_BYTES) throw new MalformedReply('a line is too long');
    if (feed < 0) {
      this.#held = bytes.subarray(at);
      return -1;
    }
    const end = feed - 1;
    if (end < at || bytes[end] !== CR) throw new MalformedReply('half a line end');
    if (this.#state === 'size') {
      this.#left = parseSize(bytes, at, end);
      this.#state = this.#left === 0 ? 'trailer' : 'chunk';
    } else if (this.#state === 'chunk_end') {
      if (end !== at) throw new MalformedReply('a chunk is longer than it says');
      this.#state = 'size';
    } else if (end === at) {
      this.#state = 'done';
    } else {
      this.#trailerBytes += feed - at;
      if (this.#trailerBytes > MAX_HEAD_BYTES) throw new MalformedReply('the trailer is too long');
    }
    return feed + 1;
  }
}
