// Serves the app on node:http: turns its requests into exchanges and back, and nothing more.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Exchange, Gone, Handler, Headers, ReplyBody } from '../ports.ts';
import { packingOf, stoppedShort, tooLarge } from './body.ts';
import { BodyIntake } from './body-intake.ts';
import { boundConnections } from './connections.ts';
import { BodyRoom, toRoomBytes, type BodyPlace } from './body-room.ts';
import { Farewell } from './farewell.ts';
import { joinHeaders, toReplyLines } from './headers.ts';
import { servePlain, toCheckMs, type ServerLimits } from './plain-server.ts';

/** What a client may take and send, and until when, as far as it is not the usual. */
export type NodeLimits = Partial<ServerLimits>;

const defaults = {
  headersMs: 20_000,
  requestMs: 120_000,
  keepAliveMs: 65_000,
  unreadMs: 60_000,
  maxHeaderBytes: 32_768,
} as const;

/** The body as it comes. The connection stays whole when the reader stops early, so that it can be told why. */
async function* readChunks({ request, ending, stillMs }: Conversation, limitBytes: number): AsyncGenerator<Uint8Array> {
  const intake = new BodyIntake(request, { limitBytes, stillMs });
  try {
    for (let piece = await intake.next(); piece !== null; piece = await intake.next()) {
      if (ending.gone === 'stopping') throw stoppedShort();
      yield piece;
    }
  } finally {
    intake.forget();
  }
}

async function* unpackChunks(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
  limitBytes: number,
): AsyncGenerator<Uint8Array> {
  yield* (await import('./unpack.ts')).unpackPieces(chunks, { encoding, limitBytes });
}

/** What an exchange needs to know of its end; one listener serves all who wait, however many attempts and pauses there are. */
class Ending extends Farewell {
  readonly #response: ServerResponse;
  readonly #unreadMs: number;
  #waiting: (() => void)[] = [];

  constructor(response: ServerResponse, unreadMs: number, onClose: (ending: Ending) => void) {
    super();
    this.#response = response;
    this.#unreadMs = unreadMs;
    response.on('close', () => {
      this.#release();
      if (!response.writableFinished) this.leave('hung_up');
      onClose(this);
    });
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#response.destroyed || !this.#response.writableNeedDrain) return resolve();
      // Node closes it then, unless some of it leaves meanwhile.
      this.#response.socket?.setTimeout(this.#unreadMs);
      if (this.#waiting.push(resolve) === 1) this.#response.once('drain', () => this.#release());
    });
  }

  #release(): void {
    const ready = this.#waiting;
    this.#waiting = [];
    if (ready.length > 0) this.#response.socket?.setTimeout(0);
    for (const resolve of ready) resolve();
  }
}

/** Status and headers; these as names and values in turn. */
interface Head {
  readonly status: number;
  readonly lines: string[];
  /** The headers tell how long the body is. */
  readonly isFramed: boolean;
}

/** Whole replies up to this size leave in one piece with their head. */
const ONE_PIECE_BYTES = 16_384;
/** Replies that have no body by their status, and say no length. */
const bodiless: ReadonlySet<number> = new Set([204, 304]);

/** Sends a reply that is known in full: its length is told, so that it needs no framing. */
function sendWhole(response: ServerResponse, { status, lines, isFramed }: Head, body: Buffer): void {
  if (!isFramed && !bodiless.has(status)) lines.push('content-length', String(body.length));
  response.writeHead(status, lines);
  // As text that stands for the same bytes, since only text shares a piece with the head.
  if (body.length <= ONE_PIECE_BYTES) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

/** The head is held back until the body begins, to be sent with it. */
function toBody(response: ServerResponse, head: Head, ending: Ending): ReplyBody {
  return {
    write: (chunk) => {
      if (response.destroyed || response.writableEnded) return true;
      if (!response.headersSent) response.writeHead(head.status, head.lines);
      return response.write(chunk);
    },
    drained: () => ending.drained(),
    end: (last = '') => {
      if (response.writableEnded) return;
      if (response.headersSent) response.end(last);
      else sendWhole(response, head, toBuffer(last));
    },
  };
}

const toBuffer = (chunk: Uint8Array | string): Buffer =>
  typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);

function splitTarget(target: string): { path: string; query: string } {
  // A proxy may name the whole address (RFC 9112, section 3.2.2).
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

interface Conversation {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly ending: Ending;
  readonly stopping: () => boolean;
  /** Where its body lies, among those of all others. */
  readonly place: BodyPlace;
  /** How long nothing of the body may come, ms. */
  readonly stillMs: number;
}

class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly remoteAddress: string | null;
  readonly deadlineAtMs = null;
  readonly #conversation: Conversation;
  #reading: Promise<Uint8Array> | null = null;
  #replied = false;

  constructor(conversation: Conversation) {
    const { request } = conversation;
    const { path, query } = splitTarget(request.url ?? '/');
    this.#conversation = conversation;
    this.method = request.method ?? 'GET';
    this.path = path;
    this.query = query;
    this.headers = joinHeaders(request.headers);
    this.remoteAddress = request.socket.remoteAddress ?? null;
  }

  body(limitBytes: number): Promise<Uint8Array> {
    return (this.#reading ??= this.#read(limitBytes));
  }

  chunks(limitBytes: number): AsyncIterable<Uint8Array> {
    this.#check(limitBytes);
    const encoding = packingOf(this.headers);
    const chunks = readChunks(this.#conversation, limitBytes);
    return encoding === null ? chunks : unpackChunks(chunks, encoding, limitBytes);
  }

  onGone(listener: (why: Gone) => void): void {
    this.#conversation.ending.onGone(listener);
  }

  reply(status: number, given: Headers): ReplyBody {
    if (this.#replied) throw new Error('a request is replied to once');
    this.#replied = true;
    const { response, ending, stopping } = this.#conversation;
    const lines = toReplyLines(given);
    if (stopping()) lines.push('connection', 'close');
    return toBody(response, { status, lines, isFramed: given['content-length'] !== undefined }, ending);
  }

  async #read(limitBytes: number): Promise<Uint8Array> {
    this.#check(limitBytes);
    const { request, place, stillMs } = this.#conversation;
    place.reach(Number(this.headers['content-length'] ?? 0));
    const onSize = (bytes: number): void => place.reach(bytes);
    const encoding = packingOf(this.headers);
    // Before anything of it is taken in, whose failure nobody would hear meanwhile.
    const unpacking = encoding === null ? null : await import('./unpack.ts');
    const whole = await new BodyIntake(request, { limitBytes, stillMs, onSize }).whole();
    return encoding === null || unpacking === null ? whole : unpacking.unpack(whole, { encoding, limitBytes, onSize });
  }

  #check(limitBytes: number): void {
    if (Number(this.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  }
}

async function serve(handler: Handler, exchange: Exchange, response: ServerResponse): Promise<void> {
  try {
    await handler(exchange);
  } catch {
    // Handlers don't reject; should one do so, it must not take the process with it. The caller gets a bare 500.
    if (!response.headersSent) response.writeHead(500, toReplyLines({ 'content-length': '0' })).end();
  }
  // A reply that was left open is not whole: cut it, so that it is not taken for whole.
  if (!response.writableEnded) response.destroy();
}

/**
 * Lets a connection end only when the body of its request has come, or its time is over: closed before, it may take the reply along. Nothing of
 * the request stays with a connection that goes on.
 */
function closeAfterBody(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  const restore = (): void => void Reflect.deleteProperty(socket, 'destroySoon');
  socket.destroySoon = () => {
    restore();
    if (request.complete) return socket.destroySoon();
    request.once('end', () => socket.destroySoon()).resume();
    socket.end();
  };
  response.once('close', restore);
}

/** A server that answers with the handler. Not listening yet. Malformed HTTP is answered by Node itself (400, 408, 431). */
export function createNodeServer(handler: Handler, given: NodeLimits = {}): Server {
  const limits: ServerLimits = { ...defaults, bodiesBytes: toRoomBytes(), mostConnections: null, ...given };
  const { headersMs, requestMs, keepAliveMs, maxHeaderBytes, interrupt } = limits;
  const server = createServer({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval: toCheckMs(limits),
    noDelay: true,
  });
  const room = new BodyRoom(limits.bodiesBytes);
  const plain = servePlain(server, handler, { ...limits, room });
  if (limits.mostConnections !== null)
    boundConnections(server, limits.mostConnections, {
      closeSilent: plain.closeSilent,
      tell: limits.onFull ?? (() => undefined),
    });
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    closeIdle();
    plain.closeIdle();
  };
  const stopping = (): boolean => !server.listening;
  const open = new Set<Ending>();
  interrupt?.addEventListener('abort', () => {
    for (const ending of open) ending.leave('stopping');
  });
  const forget = (ending: Ending): void => {
    open.delete(ending);
    // A stream that ends after we were told to stop must not keep its connection open.
    if (stopping()) setImmediate(() => server.closeIdleConnections());
  };
  server.on('request', (request, response) => {
    const ending = new Ending(response, limits.unreadMs, forget);
    if (interrupt?.aborted) ending.leave('stopping');
    open.add(ending);
    response.on('error', () => undefined);
    closeAfterBody(request, response);
    const place = room.open();
    void serve(
      handler,
      new NodeExchange({ request, response, ending, stopping, place, stillMs: limits.unreadMs }),
      response,
    ).finally(() => {
      place.leave();
      // What is left of a body that was refused may still come, but not for as long as one that is wanted.
      if (!request.complete) setTimeout(() => request.complete || request.destroy(), headersMs).unref();
    });
  });
  return server;
}
