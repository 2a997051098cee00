// One call over an HTTP/2 session: a stream of it, and what becomes of that.
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { BodySource, Headers, UpstreamHandle } from '../ports.ts';
import { inPieces, isSource } from './body.ts';
import type { Relay } from './relay.ts';
import type { Call } from './upstream-pool.ts';
import { ours, type Outgoing } from './upstream-request.ts';
import type { Session } from './upstream-session.ts';
import { upload } from './upstream-upload.ts';

/** The code of a reset that gives a call up (RFC 9113, section 7). */
const CANCEL = 8;
/** The flag of a frame that is the last of its stream. */
const END_STREAM = 1;

/** Belong to a connection too, or stand in the fields that begin with a colon. */
const further: ReadonlySet<string> = new Set(['host', 'te', 'proxy-connection', 'http2-settings']);

function toHeaders({ method, length, headers, target }: Outgoing): OutgoingHttpHeaders {
  const sent: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': 'https',
    ':authority': headers['host'] ?? target.authority,
    ':path': target.path,
  };
  for (const name in headers) {
    const lower = name.toLowerCase();
    if (!ours.has(lower) && !further.has(lower)) sent[lower] = headers[name];
  }
  if (length !== null) sent['content-length'] = String(length);
  return sent;
}

/** Names and values in turn as one string per name, those that come more than once joined by ", ". */
function joinPairs(pairs: readonly string[]): Headers {
  const headers: Record<string, string> = {};
  for (let at = 0; at < pairs.length; at += 2) {
    const [name = '', value = ''] = [pairs[at], pairs[at + 1]];
    if (name.startsWith(':')) continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

/** One call on a session. */
export class SessionCall implements UpstreamHandle {
  readonly #session: Session;
  readonly #call: Call;
  #relay: Relay | null;
  #stream: ClientHttp2Stream | null = null;
  #error: unknown = null;
  #hasHead = false;
  /** All of the reply has come. */
  #isWhole = false;
  #isPaused = false;
  /** The request's body is still being read by us. */
  #isSending = false;

  constructor(session: Session, call: Call) {
    this.#session = session;
    this.#call = call;
    this.#relay = call.relay;
  }

  send(): void {
    const { relay, outgoing } = this.#call;
    relay.attach(this);
    // Its caller was gone already.
    if (this.#relay === null) return;
    try {
      this.#stream = this.#open(outgoing);
    } catch (error) {
      return this.#lose(error);
    }
    relay.sent();
    this.#write(outgoing.body, this.#stream);
  }

  abort(): void {
    if (this.#relay !== null) this.#give();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#hasHead) this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#hasHead) this.#stream?.resume();
  }

  #open(outgoing: Outgoing): ClientHttp2Stream {
    const stream = this.#session.request(toHeaders(outgoing), outgoing.body === null);
    const push = stream.push.bind(stream);
    // The end that Node makes up for a stream that was reset is not taken for the reply's.
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null && !stream.closed) this.#isWhole = true;
      return push(chunk, encoding);
    };
    stream.on('response', (headers, flags, raw) => {
      if ((flags & END_STREAM) !== 0) this.#isWhole = true;
      this.#begin(stream, headers[':status'] ?? 0, raw);
    });
    stream.on('trailers', () => {
      this.#isWhole = true;
    });
    stream.on('end', () => {
      if (this.#isWhole) this.#end();
    });
    stream.on('error', (error) => (this.#error = error));
    stream.on('close', () => {
      if (this.#relay === null) return;
      this.#relay = null;
      this.#session.failed(this.#call, stream, { hasHead: this.#hasHead, error: this.#error });
    });
    return stream;
  }

  #begin(stream: ClientHttp2Stream, status: number, raw: readonly string[]): void {
    const relay = this.#relay;
    if (relay === null) return;
    this.#hasHead = true;
    this.#session.heard();
    relay.head(status, joinPairs(raw));
    if (this.#relay !== relay) return;
    relay.awaitMore();
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    if (this.#isPaused) stream.pause();
  }

  #take(chunk: Buffer): void {
    const relay = this.#relay;
    if (relay === null) return;
    this.#session.heard();
    relay.data(chunk);
    if (this.#relay === relay) relay.awaitMore();
  }

  /** The reply is whole. The place is free before that is told, since whoever hears it may ask again at once. */
  #end(): void {
    const relay = this.#relay;
    if (relay === null) return;
    if (this.#isSending) {
      this.#give();
    } else {
      this.#relay = null;
      this.#session.release();
    }
    relay.end();
  }

  #write(body: Outgoing['body'], stream: ClientHttp2Stream): void {
    if (body === null) return;
    if (isSource(body)) return void this.#upload(body, stream);
    if (!inPieces(body)) return void stream.end(body);
    for (const piece of body.pieces) stream.write(piece);
    stream.end();
  }

  /** Sends a body while it is read. What breaks off on our side ends the call. */
  async #upload(source: BodySource, stream: ClientHttp2Stream): Promise<void> {
    this.#isSending = true;
    try {
      const write = (chunk: Uint8Array): boolean => stream.write(chunk);
      if (!(await upload(source, { stream, write, isWanted: () => this.#relay !== null }))) return;
      this.#isSending = false;
      stream.end();
    } catch (error) {
      this.#lose(error);
    }
  }

  /** It fails on our side. */
  #lose(error: unknown): void {
    const relay = this.#relay;
    if (relay === null) return;
    this.#give();
    relay.broke(error);
  }

  /** Gives the stream up. */
  #give(): void {
    const stream = this.#stream;
    this.#relay = null;
    if (stream !== null) {
      // Node would end the body first, which could then pass for whole.
      if (!stream.writableEnded) stream._final = (done) => done();
      stream.close(CANCEL);
    }
    this.#session.release();
  }
}
