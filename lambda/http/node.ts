// Serves the app on node:http: turns its requests into exchanges and back, and nothing more.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CallerError } from '#shared/failures.ts';
import type { Exchange, Handler, Headers, ReplyBody } from '../ports.ts';
import { securityHeaders } from './security-headers.ts';

function toHeaders({ headers }: IncomingMessage): Headers {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}

const tooLarge = (limitBytes: number): CallerError =>
  new CallerError(
    'too_large',
    `The body is larger than ${Math.floor(limitBytes / 1024 / 1024)} MB, the most that is accepted here.`,
  );

function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) {
        request.removeAllListeners('data');
        request.resume();
        reject(tooLarge(limitBytes));
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', () =>
      reject(new CallerError('invalid_request', 'The request broke off before its body was complete.')),
    );
    request.on('close', () =>
      reject(new CallerError('invalid_request', 'The request broke off before its body was complete.')),
    );
  });
}

function toBody(response: ServerResponse): ReplyBody {
  return {
    write: (chunk) => response.destroyed || response.writableEnded || response.write(chunk),
    drained: () =>
      new Promise((resolve) => {
        if (response.destroyed || !response.writableNeedDrain) return resolve();
        response.once('drain', resolve);
        response.once('close', resolve);
      }),
    end: (last) => {
      if (!response.writableEnded) response.end(last);
    },
  };
}

function toExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: toHeaders(request),
    remoteAddress: request.socket.remoteAddress ?? null,
    deadlineAtMs: null,
    body: (limitBytes) => readBody(request, limitBytes),
    onGone: (listener) => {
      response.once('close', () => {
        if (!response.writableFinished) listener();
      });
    },
    reply: (status, headers) => {
      // A body that was not read would be taken for the next request on this connection.
      const unread = request.complete ? {} : { connection: 'close' };
      response.writeHead(status, { ...securityHeaders, ...headers, ...unread });
      return toBody(response);
    },
  };
}

/** The longest a client may take to send headers, and a whole request. */
const HEADERS_MS = 20_000;
const REQUEST_MS = 120_000;
const KEEP_ALIVE_MS = 65_000;

/** A server that answers with the handler. Not listening yet. */
export function createNodeServer(handler: Handler): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 32_768,
      noDelay: true,
    },
    (request, response) => {
      response.on('error', () => undefined);
      void handler(toExchange(request, response)).finally(() => {
        // An endpoint that failed after its head went out leaves the reply open: cut it, so that it is not taken for whole.
        if (!response.writableEnded) response.destroy();
      });
    },
  );
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  return server;
}
