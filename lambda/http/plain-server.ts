// All connections of a server that carry plain requests: taken from Node's server, and given to it when something else comes.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Handler } from '../ports.ts';
import type { BodyRoom } from './body-room.ts';
import { PlainConnection, type PlainServer } from './plain-connection.ts';
import type { PlainExchange } from './plain-exchange.ts';

/** What a client may take and send, and until when. */
export interface ServerLimits {
  /** Until all headers have come. */
  readonly headersMs: number;
  /** Until the whole request has come. */
  readonly requestMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
  /** How long whoever is replied to may take nothing of it, where more waits to leave. */
  readonly unreadMs: number;
  readonly maxHeaderBytes: number;
  /** How much the bodies of all requests may take together, as they lie in memory. */
  readonly bodiesBytes: number;
  /** How many connections there may be at once; null: as many as come. */
  readonly mostConnections: number | null;
  /** Hears now and then that so many are there, and others are closed. */
  readonly onFull?: (most: number) => void;
  /** When it is aborted, everybody who has not replied in full is told to end. */
  readonly interrupt?: AbortSignal;
}

/** How often connections are looked at that may have waited for too long, ms. */
export const toCheckMs = ({ headersMs }: ServerLimits): number => Math.min(headersMs, 5_000);

async function carryOut(handler: Handler, exchange: PlainExchange): Promise<void> {
  try {
    await handler(exchange);
  } catch {
    exchange.fail();
  }
  exchange.close();
}

/** Node's own way to serve a connection, which may have been read from: the bytes are what was read. */
function toHandOver(server: Server): (socket: Socket, bytes: Buffer) => void {
  const [listener] = server.listeners('connection');
  if (listener === undefined) throw new Error('node:http serves connections otherwise than it did');
  server.off('connection', listener as (socket: Socket) => void);
  return (socket, bytes) => {
    // While it flows, what is put back would not be read before something else comes.
    socket.pause();
    socket.unshift(bytes);
    listener.call(server, socket);
    socket.resume();
  };
}

/** Closes connections that carry nothing at the moment: all, or those that have said nothing yet. */
interface PlainClosing {
  readonly closeIdle: () => void;
  readonly closeSilent: () => void;
}

/** Serves the connections of a server of Node's as long as they carry plain requests. Answers what closes those that carry none at the moment. */
export function servePlain(
  server: Server,
  handler: Handler,
  limits: ServerLimits & { readonly room: BodyRoom },
): PlainClosing {
  const connections = new Set<PlainConnection>();
  const closeIdle = (): void => {
    for (const connection of connections) if (connection.isIdle) connection.destroy();
  };
  const plain: PlainServer = {
    limits,
    room: limits.room,
    isStopping: () => !server.listening,
    serve: (exchange) => {
      if (limits.interrupt?.aborted) exchange.leave('stopping');
      void carryOut(handler, exchange);
    },
    // A stream that ends after we were told to stop must not keep its connection open.
    over: () => void (server.listening || setImmediate(closeIdle)),
    handOver: toHandOver(server),
    left: (connection) => connections.delete(connection),
  };
  server.on('connection', (socket) => connections.add(new PlainConnection(socket, plain)));
  limits.interrupt?.addEventListener('abort', () => {
    for (const connection of connections) connection.interrupt();
  });
  const checking = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.check(now);
  }, toCheckMs(limits)).unref();
  server.on('close', () => clearInterval(checking));
  const closeAll = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeAll();
    for (const connection of connections) connection.destroy();
  };
  const closeSilent = (): void => {
    const now = performance.now();
    for (const connection of connections) if (connection.isSilent(now)) connection.destroy();
  };
  return { closeIdle, closeSilent };
}
