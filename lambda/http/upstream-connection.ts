// One connection to a provider: carries one call at a time, written and read as bytes.
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { BodyPieces, BodySource, Headers, UpstreamHandle } from '../ports.ts';
import { inPieces, isSource } from './body.ts';
import type { Relay } from './relay.ts';
import { ReplyParser, type ReplyEvents } from './reply-parser.ts';
import { tapSocket, TurnSocket } from './turn.ts';
import type { Call } from './upstream-pool.ts';
import type { Origin } from './upstream-request.ts';

/** Told what becomes of a connection. */
export interface ConnectionOwner {
  readonly lookup: LookupFunction | null;
  /** TLS session of an earlier connection: the next handshake is shorter by it. */
  ticket: Buffer | null;
  /** It has carried a call and can carry another one. */
  idle(connection: Connection): void;
  closed(connection: Connection): void;
  /** One that offered HTTP/2 stands. With `h2` it waits to be released, else it carries its call. */
  negotiated(connection: Connection, protocol: 'h2' | 'http/1.1'): void;
  /** The provider does not speak HTTP/1.1, which alone was offered. Answers whether the call goes another way. */
  refusedProtocol(call: Call): boolean;
}

/** Bodies up to this size leave in one piece with their head; larger ones are not copied. */
const COPIED_BYTES = 16_384;
/** Silence after which the network is asked whether the other side is still there. */
const PROBE_AFTER_MS = 15_000;

/** What a call is told that lost its connection. */
export const broken = (code: string): Error => Object.assign(new Error('the connection was lost'), { code });

type Piece = Uint8Array | string;

/** A head, in Latin-1, and what follows it, `length` bytes, as one piece. */
function join(head: string, pieces: readonly Piece[], length: number): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + length);
  let at = head === '' ? 0 : bytes.write(head, 0, 'latin1');
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += bytes.write(piece, at);
    } else {
      bytes.set(piece, at);
      at += piece.length;
    }
  }
  return bytes;
}

/** A head and what follows it, joined but for what is long. */
function joinShort(head: string, { pieces, length }: BodyPieces): readonly Uint8Array[] {
  if (length <= COPIED_BYTES) return [join(head, pieces, length)];
  const joined: Uint8Array[] = [];
  let first = head;
  let short: Piece[] = [];
  let shortLength = 0;
  const flush = (): void => {
    if (first.length + shortLength > 0) joined.push(join(first, short, shortLength));
    first = '';
    short = [];
    shortLength = 0;
  };
  for (const piece of pieces) {
    if (typeof piece !== 'string' && piece.length > COPIED_BYTES) {
      flush();
      joined.push(piece);
    } else {
      short.push(piece);
      shortLength += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
    }
  }
  flush();
  return joined;
}

function open({ host, port, isTls }: Origin, { lookup, ticket }: ConnectionOwner, offersH2: boolean): Socket {
  const target = { host, port, ...(lookup === null ? {} : { lookup }) };
  if (!isTls) return connectPlain(target);
  const servername = isIP(host) === 0 ? host.replace(/\.$/, '') : '';
  const ALPNProtocols = offersH2 ? ['h2', 'http/1.1'] : ['http/1.1'];
  return connectTls({ ...target, servername, ALPNProtocols, ...(ticket === null ? {} : { session: ticket }) });
}

/** How long the provider says it keeps an idle connection, ms; a second less, since it may close it while we use it. */
function toKeptMs({ 'keep-alive': told }: Headers): number {
  const seconds = told === undefined ? null : (/timeout=(\d+)/i.exec(told)?.[1] ?? null);
  return seconds === null ? Infinity : Math.max(0, Number(seconds) * 1_000 - 1_000);
}

/** What is said where the protocols offered are none that the provider speaks. */
const NO_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

export class Connection implements UpstreamHandle, ReplyEvents {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #bytes: TurnSocket;
  readonly #parser = new ReplyParser(this);
  #relay: Relay | null = null;
  /** The call it was opened for, until that has left. */
  #first: Call | null;
  readonly #offersH2: boolean;
  #isReleased = false;
  #isPaused = false;
  /** The request's body is still being read by us. */
  #isSending = false;
  /** Since when it carries nothing, by the owner's clock. */
  idleSinceMs = 0;
  /** How long it may do so, by the provider. */
  keptMs = Infinity;

  /** Opens it for a first call. */
  constructor(origin: Origin, owner: ConnectionOwner, { call, offersH2 }: { call: Call; offersH2: boolean }) {
    this.#owner = owner;
    this.#relay = call.relay;
    this.#first = call;
    this.#offersH2 = offersH2;
    const socket = open(origin, owner, offersH2);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, PROBE_AFTER_MS);
    const bytes = (this.#bytes = new TurnSocket(socket, (received) => this.#read(received)));
    // What comes unasked is not kept waiting: it would pass for the reply to the next call.
    const arrive = (received: Buffer): void => (this.#relay === null ? this.#read(received) : bytes.arrive(received));
    const listen = (): void => {
      tapSocket(socket, arrive);
      socket.on('data', arrive);
    };
    // What comes first may already be HTTP/2.
    if (!offersH2) listen();
    socket.on('error', (error) => {
      bytes.takeAll();
      this.#lose(error);
    });
    socket.on('end', () => {
      bytes.takeAll();
      this.#finish();
    });
    socket.on('close', () => {
      bytes.takeAll();
      this.#lose(broken('ECONNRESET'));
      if (!this.#isReleased) owner.closed(this);
    });
    if (origin.isTls) socket.on('session', (ticket: Buffer) => (owner.ticket = ticket));
    socket.once(origin.isTls ? 'secureConnect' : 'connect', () => {
      if (offersH2) {
        if ((socket as TLSSocket).alpnProtocol === 'h2') return owner.negotiated(this, 'h2');
        listen();
        owner.negotiated(this, 'http/1.1');
      }
      // Not from the constructor's own: what listens lives as long as the connection, and the call carries a key.
      const first = this.#first;
      this.#first = null;
      if (first !== null && this.#relay === first.relay) this.#send(first);
    });
    call.relay.attach(this);
  }

  /** Gives its socket and its first call to whatever speaks HTTP/2; null when it was closed meanwhile. */
  release(): { readonly socket: Socket; readonly call: Call } | null {
    const call = this.#first;
    if (call === null || this.#relay === null || this.#socket.destroyed) return null;
    this.#isReleased = true;
    // Its listeners stay with the socket as long as the session lives.
    this.#relay = this.#first = null;
    return { socket: this.#socket, call };
  }

  /** Carries another call. Only when it is idle. */
  carry(call: Call): void {
    this.#relay = call.relay;
    this.#socket.ref();
    call.relay.attach(this);
    this.#send(call);
  }

  /** Closes it, whatever it carries. */
  destroy(code: string): void {
    this.#lose(broken(code));
  }

  abort(): void {
    this.#relay = null;
    this.#socket.destroy();
  }

  pause(): void {
    this.#isPaused = true;
    this.#bytes.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#bytes.resume();
  }

  head(status: number, headers: Headers): void {
    this.keptMs = toKeptMs(headers);
    this.#relay?.head(status, headers);
  }

  data(chunk: Buffer): void {
    this.#relay?.data(chunk);
  }

  /** The reply is whole. The connection is free before that is told, since whoever hears it may ask again at once. */
  end(): void {
    const relay = this.#relay;
    if (relay === null) return;
    this.#relay = null;
    if (this.#parser.isReusable && !this.#isSending && this.#bytes.hasSent) {
      if (this.#isPaused) this.resume();
      this.#socket.unref();
      this.#owner.idle(this);
    } else {
      this.#socket.destroy();
    }
    relay.end();
  }

  #send({ outgoing: { method, head, body }, relay }: Call): void {
    relay.sent();
    this.#parser.begin(method);
    if (body === null) {
      this.#bytes.write(head);
    } else if (isSource(body)) {
      this.#bytes.write(head);
      void this.#upload(body, relay);
    } else if (inPieces(body)) {
      this.#bytes.writeAll(joinShort(head, body));
    } else {
      const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
      this.#bytes.writeAll(joinShort(head, { pieces: [body], length }));
    }
  }

  /** Sends a body while it is read. What breaks off on our side ends the call. */
  async #upload(source: BodySource, relay: Relay): Promise<void> {
    this.#isSending = true;
    try {
      const { upload } = await import('./upstream-upload.ts');
      const write = (chunk: Uint8Array): boolean => this.#bytes.write(chunk);
      const isSent = await upload(source, { stream: this.#socket, write, isWanted: () => this.#relay === relay });
      if (isSent) this.#isSending = false;
    } catch (error) {
      if (this.#relay === relay) this.#lose(error);
    }
  }

  #read(bytes: Buffer): void {
    const relay = this.#relay;
    if (relay === null) return void this.#socket.destroy();
    try {
      this.#parser.feed(bytes);
      if (this.#relay === relay) relay.awaitMore();
    } catch (error) {
      this.#lose(error);
    }
  }

  /** The provider has closed its side. */
  #finish(): void {
    if (this.#isReleased) return;
    if (this.#relay === null) this.#socket.destroy();
    else if (!this.#parser.close()) this.#lose(broken('ECONNRESET'));
  }

  #lose(error: unknown): void {
    if (this.#isReleased) return;
    const relay = this.#relay;
    const first = this.#first;
    this.#relay = this.#first = null;
    this.#socket.destroy();
    if (relay === null) return;
    const isRefused = first !== null && !this.#offersH2 && (error as { code?: unknown }).code === NO_PROTOCOL;
    if (!isRefused || !this.#owner.refusedProtocol(first)) relay.broke(error);
  }
}
