// A plain request, as the app sees it.
import type { Exchange, Headers, ReplyBody } from '../ports.ts';
import { packingOf, tooLarge } from './body.ts';
import { SMALL_BYTES, type BodyPlace } from './body-room.ts';
import { Farewell } from './farewell.ts';
import type { PlainConnection } from './plain-connection.ts';
import { PlainReply } from './plain-reply.ts';
import type { PlainHead } from './request-head.ts';

/** One request and its reply. */
export class PlainExchange extends Farewell implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly deadlineAtMs = null;
  readonly connection: PlainConnection;
  readonly #length: number;
  #reading: Uint8Array | Promise<Uint8Array> | null = null;
  #reply: PlainReply | null = null;
  /** Only large bodies have one. */
  #place: BodyPlace | null = null;
  /** The reply has ended, or nobody is there to take it. */
  isOver = false;

  constructor(connection: PlainConnection, { method, path, query, headers, length }: PlainHead) {
    super();
    this.connection = connection;
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.#length = length;
  }

  get remoteAddress(): string | null {
    return this.connection.remoteAddress;
  }

  body(limitBytes: number): Uint8Array | Promise<Uint8Array> {
    return (this.#reading ??= this.#read(limitBytes));
  }

  reply(status: number, headers: Headers): ReplyBody {
    if (this.#reply !== null) throw new Error('a request is replied to once');
    return (this.#reply = new PlainReply(this, status, headers));
  }

  /** The reply has been written. `isWhole`: all of it that was promised. */
  ended(isWhole: boolean): void {
    this.isOver = true;
    this.connection.ended(isWhole);
  }

  /** The handler is done. A reply that it left open is not whole: it is cut, so that it is not taken for whole. */
  close(): void {
    this.#place?.leave();
    if (!this.isOver) this.connection.destroy();
  }

  /** The handler failed, which handlers don't. The caller gets a bare 500. */
  fail(): void {
    if (!this.isOver && !this.#reply?.hasBegun) new PlainReply(this, 500, {}).end();
  }

  #read(limitBytes: number): Uint8Array | Promise<Uint8Array> {
    if (this.#length > limitBytes) throw tooLarge(limitBytes);
    this.#reach(this.#length);
    const encoding = packingOf(this.headers);
    return encoding === null ? this.connection.readBody() : this.#unpack(encoding, limitBytes);
  }

  async #unpack(encoding: string, limitBytes: number): Promise<Uint8Array> {
    const { unpack } = await import('./unpack.ts');
    const onSize = (bytes: number): void => this.#reach(bytes);
    return unpack(await this.connection.readBody(), { encoding, limitBytes, onSize });
  }

  #reach(bytes: number): void {
    if (bytes > SMALL_BYTES) (this.#place ??= this.connection.openPlace()).reach(bytes);
  }
}
