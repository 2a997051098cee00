// A local provider for the upstream contract: every path behaves in one way, and connections are counted.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server as RawServer, type Socket } from 'node:net';
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

export interface TestServer {
  readonly url: string;
  /** Connections accepted so far, and open now. */
  readonly accepted: () => number;
  readonly open: () => number;
  /** Resolves when no connection is open. */
  readonly quiet: () => Promise<void>;
  /** Bytes of the giant reply that were taken so far. */
  readonly taken: () => number;
  /** Resolves with the next streamed reply, to be written by the test. */
  readonly nextStream: () => Promise<ServerResponse>;
  readonly close: () => Promise<void>;
}

interface State {
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
    response.write('only this', () => request.socket.destroy());
  } else if (path === '/reset') {
    request.socket.resetAndDestroy();
  } else if (path === '/garbage') {
    request.socket.end('this is no HTTP at all\r\n\r\n');
  } else if (path === '/bad-chunk') {
    request.socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n\r\n');
  } else if (path === '/two-lengths') {
    request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab');
  } else if (path === '/early') {
    response.writeProcessing();
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.end('after the hints');
  } else if (path === '/redirect') {
    response.writeHead(302, { location: '/echo' }).end();
  } else if (path === '/empty') {
    response.writeHead(204).end();
  } else if (path !== '/silent') echo(request, response);
}

const portOf = (server: Server | RawServer): number => (server.address() as AddressInfo).port;

/** Starts it on a free port. */
export async function startTestServer(): Promise<TestServer> {
  const state: State = { accepted: 0, taken: 0, sockets: new Set(), streams: [], quiet: [] };
  const server = createServer((request, response) => answer(request, response, state));
  server.on('connection', (socket) => {
    state.accepted++;
    state.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      state.sockets.delete(socket);
      if (state.sockets.size === 0) for (const resolve of state.quiet.splice(0)) resolve();
    });
  });
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

/** A port on which surely nobody listens (any more). */
export async function freePort(): Promise<number> {
  const server = createRawServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
