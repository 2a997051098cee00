// A provider on this machine that offers HTTP/2 beside HTTP/1.1: every path behaves as the test says, and everything that comes is counted.
import { readFileSync } from 'node:fs';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

const pem = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/localhost-test-${name}.pem`, import.meta.url), 'utf8');
export const certificate = pem('cert');

export interface Asked {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  /** null over HTTP/1.1. */
  readonly stream: ServerHttp2Stream | null;
}

export interface H2Provider {
  readonly url: string;
  readonly port: number;
  /** Connections that came to stand, sessions of HTTP/2, the most streams that were open in one of them, and pings. */
  readonly counts: { connections: number; sessions: number; most: number; pings: number };
  /** What was asked, in order: `1.1 /path` or `2 /path`. */
  readonly asked: string[];
  readonly sessions: ServerHttp2Session[];
  /** From now on this path is answered so; all others with `ok`. */
  on(path: string, answer: (asked: Asked) => void): void;
  /** Breaks all connections. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts it on a free port. */
export async function startH2Provider(
  options: { maxStreams?: number; protocols?: readonly string[] } = {},
): Promise<H2Provider> {
  const counts = { connections: 0, sessions: 0, most: 0, pings: 0 };
  const asked: string[] = [];
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  const open = new WeakMap<object, number>();
  const answers = new Map<string, (asked: Asked) => void>();
  const { maxStreams, protocols = ['h2', 'http/1.1'] } = options;
  const take = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    const stream = request.httpVersion === '2.0' ? request.stream : null;
    asked.push(`${stream === null ? '1.1' : '2'} ${request.url}`);
    response.on('error', () => undefined);
    if (stream !== null) noteStream(stream);
    const answer = answers.get(request.url);
    if (answer) return answer({ request, response, stream });
    request.resume();
    request.on('end', () => response.end('ok'));
  };
  const own = { key: pem('key'), cert: certificate };
  const settings = maxStreams === undefined ? {} : { maxConcurrentStreams: maxStreams };
  const server = protocols.includes('h2')
    ? createSecureServer({ ...own, allowHTTP1: protocols.includes('http/1.1'), settings }, take)
    : createServer(own, take as unknown as RequestListener);
  function noteStream(stream: ServerHttp2Stream): void {
    const { session } = stream;
    // It was closed while this came.
    if (session === undefined) return;
    const now = (open.get(session) ?? 0) + 1;
    open.set(session, now);
    counts.most = Math.max(counts.most, now);
    stream.on('error', () => undefined);
    stream.on('close', () => open.set(session, (open.get(session) ?? 0) - 1));
  }
  server.on('secureConnection', (socket: Socket) => {
    counts.connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('sessionError', () => undefined);
  server.on('session', (session: ServerHttp2Session) => {
    counts.sessions++;
    sessions.push(session);
    session.on('ping', () => counts.pings++);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `https://localhost:${port}`,
    port,
    counts,
    asked,
    sessions,
    on: (path, answer) => answers.set(path, answer),
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
