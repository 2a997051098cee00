// The reply to a plain request: head with the first bytes, then chunks, or all in one piece.
import { STATUS_CODES } from 'node:http';
import type { Headers, ReplyBody } from '../ports.ts';
import { toReplyText } from './headers.ts';
import type { PlainExchange } from './plain-exchange.ts';

/** Chunks up to this size share one piece with their framing; larger ones are not copied. */
const COPIED_BYTES = 16_384;
/** Replies that have no body by their status, and say no length. */
const bodiless: ReadonlySet<number> = new Set([204, 304]);
const LAST_CHUNK = '0\r\n\r\n';

let dateLine = '';
let dateUntilMs = 0;

/** The `date` header of this second. */
function toDateLine(): string {
  const now = Date.now();
  // A clock that was set back must not hold it still.
  if (now >= dateUntilMs || now < dateUntilMs - 1_000) {
    dateLine = `date: ${new Date(now).toUTCString()}\r\n`;
    dateUntilMs = now - (now % 1_000) + 1_000;
  }
  return dateLine;
}

const lengthOf = (piece: Uint8Array | string): number =>
  typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;

/** One reply. */
export class PlainReply implements ReplyBody {
  readonly #exchange: PlainExchange;
  readonly #head: string;
  /** Bytes that the headers promise and that have not come; null: the body is sent in chunks. */
  #owed: number | null;
  readonly #hasBody: boolean;
  #hasBegun = false;

  constructor(exchange: PlainExchange, status: number, given: Headers) {
    this.#exchange = exchange;
    const length = given['content-length'];
    this.#owed = length === undefined ? null : Number(length);
    this.#hasBody = !bodiless.has(status);
    this.#head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${toReplyText(given)}`;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#exchange.isOver) return true;
    const isChunked = this.#owed === null && this.#hasBody;
    const head = this.#begin(isChunked ? 'transfer-encoding: chunked\r\n' : '');
    // A chunk of no length would end the body.
    if (chunk.length === 0 || !this.#hasBody) return head === '' || this.#send(head, '');
    return isChunked ? this.#sendChunk(head, chunk) : this.#send(head, this.#deliver(chunk));
  }

  drained(): Promise<void> {
    return this.#exchange.connection.drained();
  }

  end(last: Uint8Array | string = ''): void {
    if (this.#exchange.isOver) return;
    if (!this.#hasBody) this.#send(this.#begin(''), '');
    else if (this.#owed !== null) this.#send(this.#begin(''), this.#deliver(last));
    else if (!this.#hasBegun) this.#sendWhole(last);
    else if (last.length > 0) this.#sendChunk('', last, LAST_CHUNK);
    else this.#send(LAST_CHUNK, '');
    // Who was promised more would take the next reply for the rest of this one.
    this.#exchange.ended(!this.#hasBody || (this.#owed ?? 0) === 0);
  }

  /** The head when it has not left yet, with how the body is framed. */
  #begin(framing: string): string {
    if (this.#hasBegun) return '';
    this.#hasBegun = true;
    return `${this.#head}${framing}${toDateLine()}${this.#exchange.connection.toKeepLine()}\r\n`;
  }

  /** Counts what was promised. Cuts what is more than that. */
  #deliver(chunk: Uint8Array | string): Uint8Array | string {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const owed = this.#owed ?? 0;
    this.#owed = Math.max(0, owed - bytes.length);
    return bytes.length > owed ? bytes.subarray(0, owed) : bytes;
  }

  /** A reply that is known in full tells its length, and needs no framing. */
  #sendWhole(body: Uint8Array | string): void {
    this.#send(this.#begin(`content-length: ${lengthOf(body)}\r\n`), body);
  }

  #sendChunk(head: string, piece: Uint8Array | string, ending = ''): boolean {
    return this.#send(`${head}${lengthOf(piece).toString(16)}\r\n`, piece, `\r\n${ending}`);
  }

  /** Sends a piece with what stands before and after it. Answers whether more may come. */
  #send(before: string, piece: Uint8Array | string, after = ''): boolean {
    const { connection } = this.#exchange;
    const size = lengthOf(piece);
    if (size === 0) return before + after === '' || connection.write(before + after);
    // Text of one byte a sign needs no bytes of its own.
    if (size === piece.length && typeof piece === 'string' && size <= COPIED_BYTES)
      return connection.write(before + piece + after);
    if (size > COPIED_BYTES) {
      const whole = typeof piece === 'string' ? Buffer.from(piece) : piece;
      return connection.writeAll([before, whole, after].filter((part) => part.length > 0));
    }
    const bytes = Buffer.allocUnsafe(before.length + size + after.length);
    bytes.write(before, 0, 'latin1');
    if (typeof piece === 'string') bytes.write(piece, before.length);
    else bytes.set(piece, before.length);
    if (after !== '') bytes.write(after, before.length + size, 'latin1');
    return connection.write(bytes);
  }
}
