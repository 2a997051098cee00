// A local provider for the upstream contract: every path behaves in one way, and connections are counted.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2Session } from 'node:http2';
import { createServer as createRawServer, type AddressInfo, type Server as RawServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

export const TEXT = 'the quick brown fox jumps over the lazy dog; '.repeat(2_000);
export const GIANT_BYTES = 24 * 1024 * 1024;

const packed: Readonly<Record<string, { encoding: string; bytes: Buffer }>> = {
  '/gzip': { encoding: 'gzip', bytes: gzipSync(TEXT) },
  '/br': { encoding: 'br', bytes: brotliCompressSync(TEXT) },
  '/deflate': { encoding: 'deflate', bytes: deflateSync(TEXT) },
  '/deflate-raw': { encoding: 'deflate', bytes: deflateRawSync(TEXT) },
  '/zstd': { encoding: 'zstd', bytes: zstdCompressSync(TEXT) },
  '/cut-gzip': { encoding: 'gzip', bytes: gzipSync(TEXT).subarray(0, 60) },
  '/not-gzip': { encoding: 'gzip', bytes: Buffer.from('this is plain text') },
  '/empty-gzip': { encoding: 'gzip', bytes: Buffer.alloc(0) },
};

const malformed: Readonly<Record<string, string>> = {
  '/garbage': 'this is no HTTP at all\r\n\r\n',
  '/bad-chunk': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n\r\n',
  '/two-lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
};

export interface TestServer {
  readonly url: string;
  /** Connections accepted so far, and open now. */
  readonly accepted: () => number;
  readonly open: () => number;
  /** Resolves when no connection is open; over HTTP/2, when no call is under way. */
  readonly quiet: () => Promise<void>;
  /** Bytes of the giant reply that were taken so far. */
  readonly taken: () => number;
  /** Resolves with the next streamed reply, to be written by the test. */
  readonly nextStream: () => Promise<ServerResponse>;
  readonly close: () => Promise<void>;
}

interface State {
  /** The connection that a request came on. */
  readonly socketOf: (request: IncomingMessage) => Socket;
  accepted: number;
  taken: number;
  readonly sockets: Set<Socket>;
  readonly streams: ((response: ServerResponse) => void)[];
  readonly quiet: (() => void)[];
}

async function sendGiant(response: ServerResponse, state: State): Promise<void> {
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < GIANT_BYTES && !response.destroyed; sent += piece.length) {
    state.taken = sent;
    if (response.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        response.off('drain', go).off('close', go);
        resolve();
      };
      response.on('drain', go).on('close', go);
    });
  }
  response.end();
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    response.writeHead(201, { 'content-type': 'application/json', 'x-twice': ['a', 'b'] });
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
}

function answer(request: IncomingMessage, response: ServerResponse, state: State): void {
  const path = request.url ?? '';
  const compressed = packed[path];
  if (compressed) {
    response.writeHead(200, { 'content-encoding': compressed.encoding }).end(compressed.bytes);
  } else if (path === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    state.streams.shift()?.(response);
  } else if (path === '/giant') {
    response.writeHead(200);
    void sendGiant(response, state);
  } else if (path === '/cut') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('only this', () => state.socketOf(request).destroy());
  } else if (path === '/reset') {
    const socket = state.socketOf(request);
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  } else if (path in malformed) {
    const socket = state.socketOf(request);
    // Over HTTP/2 a reply that is longer than it says.
    if (socket instanceof TLSSocket) response.writeHead(200, { 'content-length': '1' }).end('ab');
    else socket.end(malformed[path] ?? '');
  } else if (path === '/early') {
    if (request.httpVersion === '1.1') response.writeProcessing();
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.end('after the hints');
  } else if (path === '/redirect') {
    response.writeHead(302, { location: '/echo' }).end();
  } else if (path === '/empty') {
    response.writeHead(204).end();
  } else if (path !== '/silent') echo(request, response);
}

const portOf = (server: Server | RawServer): number => (server.address() as AddressInfo).port;

const toState = (socketOf: State['socketOf']): State => ({
  socketOf,
  accepted: 0,
  taken: 0,
  sockets: new Set(),
  streams: [],
  quiet: [],
});

function noteOpen(socket: Socket, state: State): void {
  state.accepted++;
  state.sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    state.sockets.delete(socket);
    if (state.sockets.size === 0) tellQuiet(state);
  });
}

function tellQuiet(state: State): void {
  for (const resolve of state.quiet.splice(0)) resolve();
}

/** Starts it on a free port. */
export async function startTestServer(): Promise<TestServer> {
  const state = toState(({ socket }) => socket);
  const server = createServer((request, response) => answer(request, response, state));
  server.on('connection', (socket) => noteOpen(socket, state));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    accepted: () => state.accepted,
    open: () => state.sockets.size,
    quiet: () => new Promise((resolve) => (state.sockets.size === 0 ? resolve() : state.quiet.push(resolve))),
    taken: () => state.taken,
    nextStream: () => new Promise((resolve) => state.streams.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const pem = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/localhost-test-${name}.pem`, import.meta.url), 'utf8');

/** Starts it as one that speaks HTTP/2 alone. */
export async function startH2TestServer(): Promise<TestServer> {
  const sockets = new WeakMap<Http2Session, Socket>();
  const state = toState((request) => sockets.get((request as unknown as Http2ServerRequest).stream.session!)!);
  let underWay = 0;
  let latest: Socket | null = null;
  const server = createSecureServer({ key: pem('key'), cert: pem('cert') }, (request, response) => {
    underWay++;
    request.stream.on('close', () => {
      if (--underWay === 0) tellQuiet(state);
    });
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse, state);
  });
  server.prependListener('secureConnection', (socket: TLSSocket) => noteOpen((latest = socket), state));
  server.on('session', (session) => sockets.set(session, latest!));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    accepted: () => state.accepted,
    open: () => state.sockets.size,
    quiet: () => new Promise((resolve) => (underWay === 0 ? resolve() : state.quiet.push(resolve))),
    taken: () => state.taken,
    nextStream: () => new Promise((resolve) => state.streams.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of state.sockets) socket.destroy();
      }),
  };
}

/** A port on which surely nobody listens (any more). */
export async function freePort(): Promise<number> {
  const server = createRawServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
