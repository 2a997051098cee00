// A Lambda function on this machine: a Function URL in front of real runtime clients, with cold starts, freezing, time limits and throttling.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { startInstance, type Instance, type InstanceOptions, type Outcome } from './instance.ts';
import { createPreludeReader, PRELUDE_TYPE, type Prelude } from './prelude.ts';
import { MAX_EVENT_BYTES, toUrlEvent } from './url-event.ts';

export interface EmulatorOptions {
  readonly bundleDir: string;
  /** Default `index.handler`. */
  readonly handler?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  /** Invocations at the same time at most; further ones are refused with 429. */
  readonly reservedConcurrency?: number;
}

/** What a direct invocation returns: the payload as text, and whether it is an error report. */
export interface DirectResult {
  readonly payload: string;
  readonly functionError: boolean;
}

export interface Emulator {
  readonly url: string;
  readonly directInvoke: (event: unknown) => Promise<DirectResult>;
  /** All that were started, dead ones too. */
  readonly instances: () => readonly Instance[];
  /** What the function and its runtime printed. */
  readonly logs: () => string;
  readonly close: () => Promise<void>;
}

class Throttled extends Error {}

/** Picks a frozen instance or starts one; an instance works on one event at a time. */
function createPool(options: InstanceOptions, limit: number) {
  const instances: Instance[] = [];
  const taken = new Set<Instance>();
  let starting = 0;
  return {
    instances,
    invoke: async (event: string): Promise<Outcome> => {
      if (taken.size + starting >= limit) throw new Throttled();
      let instance = instances.find((one) => one.state() === 'frozen' && !taken.has(one));
      if (!instance) {
        starting++;
        instance = await startInstance(options);
        starting--;
        instances.push(instance);
      }
      const chosen = instance;
      taken.add(chosen);
      const answered = chosen.invoke(event);
      void answered.then(() => chosen.free()).then(() => taken.delete(chosen));
      return answered;
    },
  };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ Message: message }));
}

const failed = (response: ServerResponse): void => refuse(response, 502, 'Internal Server Error');

function writeHead(response: ServerResponse, { statusCode = 200, headers = {}, cookies = [] }: Prelude): void {
  const head: Record<string, string | string[]> = { ...headers };
  if (cookies.length > 0) head['set-cookie'] = [...cookies];
  response.writeHead(statusCode, head);
  response.flushHeaders();
}

/** Passes a streamed reply on. A caller who left does not stop the function. */
function relay(stream: IncomingMessage, response: ServerResponse): void {
  const readPrelude = stream.headers['content-type'] === PRELUDE_TYPE ? createPreludeReader() : null;
  let headed = readPrelude === null;
  if (headed) writeHead(response, { headers: { 'content-type': stream.headers['content-type'] ?? '' } });
  const pass = (bytes: Buffer): void => {
    if (bytes.length > 0 && !response.destroyed && !response.write(bytes)) stream.pause();
  };
  response.on('drain', () => stream.resume());
  response.on('close', () => stream.resume());
  stream.on('data', (chunk: Buffer) => {
    if (headed || readPrelude === null) return pass(chunk);
    const read = readPrelude(chunk);
    if (read === null) return;
    headed = true;
    writeHead(response, read.prelude);
    pass(read.rest);
  });
  stream.on('end', () => {
    if (!headed) failed(response);
    else if (stream.trailers['lambda-runtime-function-error-type'] !== undefined) response.destroy();
    else response.end();
  });
  stream.on('error', () => failed(response));
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

type Invoke = (event: string) => Promise<Outcome>;

async function serveUrl(invoke: Invoke, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const event = toUrlEvent(request, await readAll(request), randomUUID());
  if (Buffer.byteLength(event) > MAX_EVENT_BYTES) return refuse(response, 413, 'Request Entity Too Large');
  try {
    const outcome = await invoke(event);
    if (outcome.kind === 'response') relay(outcome.stream, response);
    else failed(response);
  } catch (error) {
    if (error instanceof Throttled) refuse(response, 429, 'Rate Exceeded.');
    else failed(response);
  }
}

async function invokeDirectly(invoke: Invoke, event: unknown): Promise<DirectResult> {
  const outcome = await invoke(JSON.stringify(event));
  if (outcome.kind === 'error') return { payload: outcome.report, functionError: true };
  const payload = outcome.kind === 'died' ? null : await readAll(outcome.stream).catch(() => null);
  if (outcome.kind === 'died' || payload === null)
    return { payload: '{"errorType":"Runtime.ExitError"}', functionError: true };
  const report = outcome.stream.trailers['lambda-runtime-function-error-body'];
  if (report === undefined) return { payload: payload.toString(), functionError: false };
  return { payload: Buffer.from(report, 'base64').toString(), functionError: true };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Puts a bundle behind a URL on a free port of this machine. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const lines: string[] = [];
  const { bundleDir, handler = 'index.handler', env = {}, timeoutMs = 30_000, memoryMb = 1_024 } = options;
  const log = (line: string): void => void lines.push(line);
  const pool = createPool(
    { bundleDir, handler, env, timeoutMs, memoryMb, log },
    options.reservedConcurrency ?? Number.POSITIVE_INFINITY,
  );
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    serveUrl(pool.invoke, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    directInvoke: (event) => invokeDirectly(pool.invoke, event),
    instances: () => pool.instances,
    logs: () => lines.join(''),
    close: async () => {
      await Promise.all(pool.instances.map((instance) => instance.kill()));
      await closeServer(server);
    },
  };
}
