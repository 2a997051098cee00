// One HTTP/2 session to a provider: carries many calls at a time. Loaded once a provider has chosen HTTP/2.
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { codeOf } from './relay.ts';
import { broken } from './upstream-connection.ts';
import type { Call } from './upstream-pool.ts';
import { SessionCall } from './upstream-stream.ts';

/** Told what becomes of a session. */
export interface SessionOwner {
  /** How many calls the provider's last session could carry. */
  readonly usual: number;
  now(): number;
  /** The provider has said how many calls it carries at a time. */
  allowed(streams: number): void;
  /** A call on it is over. */
  over(session: Session): void;
  /** It takes no further calls. */
  left(session: Session): void;
  /** It is closed. */
  gone(session: Session): void;
  /** The provider has surely not looked at this call. `why` is a code. */
  unread(call: Call, why: string): void;
}

/** Bytes of one reply that may come while its reader is slow. */
const STREAM_WINDOW = 256 * 1024;
/** Bytes of all replies that may be on their way. */
const SESSION_WINDOW = 4 * 1024 * 1024;
/** MB that Node keeps for one session before it refuses replies: uploads wait in there. */
const MOST_MEMORY_MB = 64;
/** How long a session may take to show that it lives before it gets a call. */
const PROBE_MS = 1_000;
/** How long the provider may take to greet a new session with its settings, which it sends first of all. */
const GREETING_MS = 2_000;
/** As often a session with calls is looked after: silent at one look it is asked for a sign of life, without one at the next it is given up. */
const LOOK_MS = 5_000;

/** What resets say, by their numbers (RFC 9113, section 7). */
const resets = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];
const [NO_ERROR, REFUSED_STREAM, CANCEL, HTTP_1_1_REQUIRED] = [0, 7, 8, 13] as const;

const toCode = (reset: number): string => `HTTP2_${resets[reset] ?? reset}`;
/** Said of calls that nobody has looked at. */
const returned: ReadonlySet<string> = new Set([REFUSED_STREAM, HTTP_1_1_REQUIRED].map(toCode));

export class Session {
  readonly #owner: SessionOwner;
  readonly #session: ClientHttp2Session;
  /** The last of our streams that the provider may have looked at. */
  #lastRead = Infinity;
  #hasLeft = false;
  #watch: NodeJS.Timeout | null = null;
  #isAsked = false;
  #lost: string | null = null;
  /** Calls under way. */
  calls = 0;
  /** So many may be. */
  limit: number;
  /** When anything came from the provider, by the owner's clock. */
  heardAtMs: number;
  /** Since when it carries nothing. */
  idleSinceMs: number;

  constructor(socket: Socket, owner: SessionOwner) {
    this.#owner = owner;
    this.limit = owner.usual;
    this.heardAtMs = this.idleSinceMs = owner.now();
    const session = connect('https://provider.invalid', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      maxSessionMemory: MOST_MEMORY_MB,
    });
    this.#session = session;
    session.setLocalWindowSize(SESSION_WINDOW);
    session.unref();
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.heard();
      this.limit = maxConcurrentStreams ?? this.limit;
      owner.allowed(this.limit);
    });
    session.on('goaway', (code: number, lastStreamId: number) => {
      if (code !== NO_ERROR) this.#lost ??= toCode(code);
      this.#lastRead = lastStreamId;
      this.leave();
    });
    session.on('error', (error) => {
      this.#lost ??= codeOf(error) || 'ECONNRESET';
      this.leave();
    });
    // Node does not tell of a connection that is reset while the first bytes are written: it has stopped reading then, and never reads on.
    const greeting = setTimeout(() => this.destroy('ETIMEDOUT'), GREETING_MS).unref();
    session.once('remoteSettings', () => clearTimeout(greeting));
    session.on('close', () => {
      clearTimeout(greeting);
      this.leave();
      owner.gone(this);
    });
  }

  /** Whether it takes further calls, if it has room. */
  get isOpen(): boolean {
    return !this.#hasLeft && !this.#session.closed && !this.#session.destroyed;
  }

  /** Carries one more call. */
  carry(call: Call): void {
    if (this.calls++ === 0) {
      this.#session.ref();
      this.#watch = setInterval(() => this.#look(), LOOK_MS);
    }
    new SessionCall(this, call).send();
  }

  /** Opens a stream; one `isBare` has no body. Throws where Node does not send such headers. */
  request(headers: OutgoingHttpHeaders, isBare: boolean): ClientHttp2Stream {
    return this.#session.request(headers, { endStream: isBare });
  }

  /** Something came. */
  heard(): void {
    this.heardAtMs = this.#owner.now();
    this.#isAsked = false;
  }

  /** A call has freed its place. */
  release(): void {
    if (--this.calls === 0) {
      if (this.#watch !== null) clearInterval(this.#watch);
      this.#session.unref();
      if (this.#hasLeft) this.#session.close();
    }
    this.#owner.over(this);
  }

  /** A stream broke off. Its call is asked again where the provider has surely not looked at it. */
  failed(call: Call, { id, rstCode = NO_ERROR }: ClientHttp2Stream, seen: { hasHead: boolean; error: unknown }): void {
    // Whoever refuses one has no room for more than the others.
    if (rstCode === REFUSED_STREAM) this.limit = Math.max(1, Math.min(this.limit, this.calls - 1));
    if (id === undefined || rstCode === HTTP_1_1_REQUIRED) this.leave();
    const code = this.#toCode(rstCode, seen.error);
    const isUnread = id === undefined || id > this.#lastRead || returned.has(code);
    this.release();
    if (isUnread && !seen.hasHead) this.#owner.unread(call, code);
    else call.relay.broke(broken(code));
  }

  /** Asks the provider for a sign of life, and tells when it came or did not come in time; then it takes no further calls. */
  probe(done: () => void): void {
    const timer = setTimeout(() => {
      this.leave();
      done();
    }, PROBE_MS);
    this.#session.ping((error) => {
      clearTimeout(timer);
      if (error === null) this.heard();
      done();
    });
  }

  /** Takes no further calls; those under way go on. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    if (this.calls === 0) this.#session.destroy();
    this.#owner.left(this);
  }

  /** Closes it, whatever it carries. */
  destroy(code: string): void {
    this.#lost ??= code;
    this.leave();
    this.#session.destroy();
  }

  /** A connection that went away without a word, or unnoticed by Node, would keep the calls under way until their deadlines. */
  #look(): void {
    if (this.#session.destroyed || this.#owner.now() - this.heardAtMs < LOOK_MS) return;
    if (this.#isAsked) return this.destroy('ETIMEDOUT');
    this.#isAsked = true;
    this.#session.ping((error) => {
      if (error === null) this.heard();
    });
  }

  /** Why a stream broke off: what happened to all of them, or what the provider said of this one. */
  #toCode(reset: number, error: unknown): string {
    if (this.#lost !== null) return this.#lost;
    const code = this.#session.destroyed ? codeOf(error) : '';
    if (code !== '' && code !== 'ERR_HTTP2_STREAM_ERROR') return code;
    return reset === NO_ERROR || reset === CANCEL ? 'ECONNRESET' : toCode(reset);
  }
}
