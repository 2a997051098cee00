// A real HTTP server on loopback in front of one simulated provider: plays its plans, resets and stalls included.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createGzip, constants } from 'node:zlib';
import type { Gate } from '../gate.ts';
import type { FakeProvider } from './core.ts';
import type { FakeRequest, PlanOutcome, ReplyPlan } from './spec.ts';

export interface FakeServer {
  /** `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string;
  readonly port: number;
  /** Connections open now. */
  openSockets(): number;
  /** Stops listening and kills every connection. */
  close(): Promise<void>;
}

async function readRequest(message: IncomingMessage): Promise<FakeRequest> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  const body = parts.length > 0 ? Buffer.concat(parts) : null;
  return { method: message.method ?? 'GET', path: message.url ?? '/', headers: Object.fromEntries(headers), body };
}

/** Plays steps one after the other, each at its own time, until told to stop. */
function createStage() {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = (then: () => void): void => {
    if (!stopped) then();
  };
  let dueAtMs = performance.now();
  return {
    /** `ms` after the step before, however late that was. */
    after(ms: number, then: () => void): void {
      dueAtMs += ms;
      const waitMs = dueAtMs - performance.now();
      if (waitMs > 0.5) timer = setTimeout(then, waitMs);
      else setImmediate(run, then);
    },
    stop(): void {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function play(plan: ReplyPlan, response: ServerResponse): void {
  const stage = createStage();
  const gzip = plan.encoding === 'gzip' ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : null;
  const out = gzip ?? response;
  gzip?.pipe(response);
  const leave = (outcome: PlanOutcome): void => {
    stage.stop();
    plan.close(outcome);
  };
  const reset = (): void => {
    leave('broken');
    response.socket?.resetAndDestroy();
  };
  response.on('close', () => leave('abandoned'));
  response.on('error', () => leave('abandoned'));

  function finale(): void {
    if (plan.end === 'stall') return;
    stage.after(plan.endDelayMs, () => {
      if (plan.end === 'reset') return reset();
      leave('ended');
      out.end();
    });
  }
  function chunk(index: number): void {
    const one = plan.chunks[index];
    if (!one) return finale();
    stage.after(one.delayMs, () => {
      if (out.write(one.bytes)) chunk(index + 1);
      else out.once('drain', () => chunk(index + 1));
    });
  }

  if (plan.head === 'silent') return;
  stage.after(plan.headDelayMs, () => {
    if (plan.head === 'reset') return reset();
    response.writeHead(plan.status, { ...plan.headers });
    response.flushHeaders();
    chunk(0);
  });
}

/**
 * Serves a provider on 127.0.0.1; `port` 0 (default) takes any free one, requests wait at the `gate` if there is one. The
 * provider should have a real clock.
 */
export async function serveFakeProvider(
  provider: FakeProvider,
  { port: wanted = 0, gate }: { readonly port?: number; readonly gate?: Gate } = {},
): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((message, response) => {
    const serve = async (): Promise<void> => {
      const request = await readRequest(message);
      await gate?.pass();
      play(provider.handle(request), response);
    };
    serve().catch(() => response.destroy());
  });
  // Longer than any client keeps an idle connection, so that a reset is never this server's whim.
  server.keepAliveTimeout = 120_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    port,
    openSockets: () => sockets.size,
    async close() {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([stopped, ...gone]);
    },
  };
}
