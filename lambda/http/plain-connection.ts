// Serves plain requests straight from the socket: the hot path. What is not plain goes to Node's server, with the connection, untouched.
import type { Socket } from 'node:net';
import { brokeOff } from './body.ts';
import type { BodyPlace, BodyRoom } from './body-room.ts';
import { PlainExchange } from './plain-exchange.ts';
import { HeadReader } from './request-head.ts';
import { tapSocket, turn, TurnSocket } from './turn.ts';

/** What a connection needs of its server. */
export interface PlainServer {
  /** How long a connection may wait for a request, for the rest of one, for the next one, and for who reads, ms; how long a head may be, bytes. */
  readonly limits: Readonly<Record<'headersMs' | 'requestMs' | 'keepAliveMs' | 'unreadMs' | 'maxHeaderBytes', number>>;
  /** Where the bodies of all requests lie. */
  readonly room: BodyRoom;
  /** No new connections are taken: those that are left end with their reply. */
  readonly isStopping: () => boolean;
  /** A request has come. */
  serve(exchange: PlainExchange): void;
  /** A reply has ended, or its caller has gone. */
  over(): void;
  /** The bytes begin a request that is not plain. From now on the connection is Node's. */
  handOver(socket: Socket, bytes: Buffer): void;
  /** The connection is closed, or no longer ours. */
  left(connection: PlainConnection): void;
}

/** How long a connection that waits remembers the head that came last: keys are not kept for nothing. */
const REMEMBERED_MS = 5_000;

/** Who has just connected is about to say something. */
const SILENT_MS = 1_000;

type Reader = PromiseWithResolvers<Uint8Array>;

/** A connection that carries plain requests, one after the other. */
export class PlainConnection {
  readonly socket: Socket;
  readonly #bytes: TurnSocket;
  readonly remoteAddress: string | null;
  readonly #server: PlainServer;
  readonly #listeners: readonly (readonly [string, (bytes: Buffer) => void])[];
  readonly #untap: () => void;
  readonly #heads: HeadReader;
  #exchange: PlainExchange | null = null;
  /** Since when it waits for the next request, or for the rest of this one, by `performance.now()`: clocks may be set anew. */
  #sinceMs = performance.now();
  #hasServed = false;
  /** Bytes of the request's body that have not come. */
  #left = 0;
  #pieces: Buffer[] = [];
  #reader: Reader | null = null;
  /** What came behind the request before it was replied to. */
  #behind: Buffer | null = null;
  #closes = false;
  #draining: (() => void)[] = [];

  constructor(socket: Socket, server: PlainServer) {
    this.socket = socket;
    this.#bytes = new TurnSocket(socket, (bytes) => this.#receive(bytes));
    this.remoteAddress = socket.remoteAddress ?? null;
    this.#server = server;
    this.#heads = new HeadReader(server.limits.maxHeaderBytes);
    const arrive = (bytes: Buffer): void => this.#bytes.arrive(bytes);
    this.#untap = tapSocket(socket, arrive);
    this.#listeners = [
      ['data', arrive],
      ['drain', () => this.#release()],
      ['timeout', () => this.#standsStill()],
      ['end', () => this.#halfClose()],
      ['error', () => undefined],
      ['close', () => this.#closed()],
    ];
    for (const [event, listener] of this.#listeners) socket.on(event, listener);
  }

  /** A place for a large body among those of all others. */
  openPlace(): BodyPlace {
    return this.#server.room.open();
  }

  /** It carries nothing at the moment. */
  get isIdle(): boolean {
    return this.#exchange === null && this.#bytes.hasTaken;
  }

  /** Nothing has come of it for a while, not even a first request. */
  isSilent(nowMs: number): boolean {
    return this.isIdle && !this.#hasServed && nowMs - this.#sinceMs > SILENT_MS;
  }

  /** How the connection goes on after a reply, as a header. */
  toKeepLine(): string {
    if (this.#server.isStopping()) this.#closes = true;
    const { keepAliveMs } = this.#server.limits;
    return this.#closes
      ? 'connection: close\r\n'
      : `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n`;
  }

  /** Tells the request under way that it must end. */
  interrupt(): void {
    this.#exchange?.leave('stopping');
  }

  /** Closes it when it has waited for longer than it may: for a body that nobody wants any more no longer than for a head. */
  check(nowMs: number): void {
    const { headersMs, keepAliveMs, requestMs } = this.#server.limits;
    const waited = nowMs - this.#sinceMs;
    if (this.isIdle) {
      if (waited > REMEMBERED_MS) this.#heads.forget();
      if (waited > (this.#hasServed ? keepAliveMs : headersMs)) this.destroy();
    } else if (this.#left > 0 && waited > (this.#exchange?.isOver === true ? headersMs : requestMs))
      this.#standsStill();
  }

  destroy(): void {
    this.#bytes.flush();
    this.socket.destroy();
  }

  /** The body of the request, once it has come as a whole: at once when it has. */
  readBody(): Uint8Array | Promise<Uint8Array> {
    if (this.#left === 0) return this.#takeBody();
    if (this.socket.destroyed) return Promise.reject(brokeOff());
    this.#reader = Promise.withResolvers();
    this.socket.setTimeout(this.#server.limits.unreadMs);
    this.#bytes.resume();
    return this.#reader.promise;
  }

  /** Writes bytes, or text in Latin-1. Answers whether more may come. */
  write(piece: Uint8Array | string): boolean {
    return this.#bytes.write(piece);
  }

  writeAll(pieces: readonly (Uint8Array | string)[]): boolean {
    return this.#bytes.writeAll(pieces);
  }

  drained(): Promise<void> {
    const { socket } = this;
    if (socket.destroyed || !socket.writableNeedDrain) return Promise.resolve();
    // Node sees whether any of it leaves: who reads slowly is waited for.
    socket.setTimeout(this.#server.limits.unreadMs);
    return new Promise((resolve) => this.#draining.push(resolve));
  }

  /** The reply has been written. `isWhole`: all of it that was promised. */
  ended(isWhole: boolean): void {
    this.#hasServed = true;
    if (!isWhole) return this.destroy();
    this.#pieces = [];
    if (this.#left === 0) this.#finish();
    // The rest of a body that nobody wanted has to pass before the next request comes, or the end.
    else this.#letPass();
    this.#server.over();
  }

  #receive(bytes: Buffer): void {
    if (this.#exchange === null) return this.#begin(bytes);
    if (this.#left > 0) return this.#collect(bytes);
    this.#behind = this.#behind === null ? bytes : Buffer.concat([this.#behind, bytes]);
    this.#bytes.pause();
  }

  /** A request begins with these bytes. */
  #begin(bytes: Buffer): void {
    // The last reply has said that the connection ends with it.
    if (this.#closes) return;
    const head = this.#heads.read(bytes);
    if (head === null) return this.#handOver(bytes);
    this.#sinceMs = performance.now();
    this.#left = head.length;
    turn.began();
    const exchange = (this.#exchange = new PlainExchange(this, head));
    const rest = this.#heads.bytes;
    if (rest < bytes.length) this.#receive(bytes.subarray(rest));
    this.#server.serve(exchange);
    // Nobody wants the body yet: it need not come.
    if (this.#left > 0 && this.#reader === null && !exchange.isOver) this.#bytes.pause();
  }

  #collect(bytes: Buffer): void {
    const own = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    this.#left -= own.length;
    const isWanted = this.#exchange?.isOver !== true;
    if (isWanted) this.#pieces.push(own);
    if (this.#left > 0) return;
    if (isWanted) this.#deliver();
    else this.#finish();
    if (own.length < bytes.length) this.#receive(bytes.subarray(own.length));
  }

  #deliver(): void {
    const reader = this.#reader;
    if (reader === null) return;
    this.#reader = null;
    this.socket.setTimeout(0);
    reader.resolve(this.#takeBody());
  }

  #takeBody(): Buffer {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }

  /** Request and reply are complete: the next request may come. */
  #finish(): void {
    if (this.#exchange !== null) turn.ended();
    this.#exchange = null;
    this.#sinceMs = performance.now();
    if (this.#closes) return this.#closeSoon();
    const behind = this.#behind;
    if (behind === null) return;
    this.#behind = null;
    // On its own turn, so that a caller who sends many at once does not nest them.
    setImmediate(() => {
      if (this.socket.destroyed) return;
      this.#bytes.resume();
      this.#receive(behind);
    });
  }

  #halfClose(): void {
    this.#bytes.takeAll();
    this.#bytes.flush();
    this.socket.end();
  }

  /** Takes what is left of a body, for as long as a head may take: closed before it has come, a connection may take the reply along. */
  #letPass(): void {
    this.#sinceMs = performance.now();
    this.#bytes.flush();
    if (this.#closes) this.socket.end();
    this.#bytes.resume();
  }

  #closeSoon(): void {
    this.#bytes.flush();
    this.socket.destroySoon();
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this;
    this.#untap();
    for (const [event, listener] of this.#listeners) socket.off(event, listener);
    this.#server.left(this);
    this.#server.handOver(socket, Buffer.concat([bytes, ...this.#bytes.drop()]));
  }

  /** Nothing more comes of what is waited for: who reads a body is told so, all others are gone. */
  #standsStill(): void {
    this.#closes = true;
    if (this.#reader === null) this.destroy();
    else this.#breakOff();
  }

  #breakOff(): void {
    const reader = this.#reader;
    this.#reader = null;
    reader?.reject(brokeOff());
  }

  #release(): void {
    const ready = this.#draining;
    this.#draining = [];
    if (ready.length > 0) this.socket.setTimeout(0);
    for (const resolve of ready) resolve();
  }

  #closed(): void {
    const exchange = this.#exchange;
    if (exchange !== null) turn.ended();
    this.#exchange = null;
    this.#bytes.drop();
    this.#server.left(this);
    this.#breakOff();
    this.#release();
    if (exchange === null || exchange.isOver) return;
    exchange.isOver = true;
    exchange.leave('hung_up');
    this.#server.over();
  }
}
