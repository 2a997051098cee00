// The way to DynamoDB: its JSON over kept connections, signed, impatient, tried once more. The SDK's client can do all of DynamoDB, which
// every cold start would have to load: a quarter of a megabyte, half of the time until the first request.
import { Agent as PlainAgent, request as requestPlain, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { ClockBounds } from '../ports.ts';
import { createServerTime } from './server-time.ts';
import { toSignedHeaders, type AwsCredentials } from './dynamo-signature.ts';

export type Operation = 'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query';

/** A value as DynamoDB writes it; kinds that this store never writes are left out. */
export interface WireValue {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
}
export type WireItem = Readonly<Record<string, WireValue>>;

/** What replies hold, as far as this store asks for it. */
export interface WireReply {
  readonly Item?: WireItem;
  readonly Attributes?: WireItem;
  readonly Items?: readonly WireItem[];
  readonly LastEvaluatedKey?: WireItem;
  readonly Responses?: Readonly<Record<string, readonly WireItem[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly WireItem[] }>>;
}

/** DynamoDB has refused. `name` is its word for why; `item` is what a failed condition was judged by. */
export class DynamoRefusal extends Error {
  override readonly name: string;
  readonly item: WireItem | undefined;
  constructor(name: string, item?: WireItem) {
    super(`DynamoDB has refused: ${name}.`);
    this.name = name;
    this.item = item;
  }
}

export interface TableClient {
  /** Resolves with the reply. Rejects with DynamoRefusal, or with the error of the network (whose `code` says which). */
  ask(operation: Operation, input: object, signal: AbortSignal): Promise<WireReply>;
  /** How far the service's clock is ahead of ours, by the replies so far; null before the first. */
  ahead(): ClockBounds | null;
  close(): void;
}

export interface TableClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  /** How often a call is tried in all. Default 2. */
  readonly attempts?: number;
  /** Milliseconds since the epoch, as AWS counts them. */
  readonly now?: () => number;
}

const REQUEST_MS = 900;
const CONNECT_MS = 500;
const CONNECTIONS = 50;
/** The pause before another try is by chance up to this, doubling. */
const PAUSE_MS = 50;
/** AWS refuses signatures whose time is further off than five minutes. */
const SKEW_MS = 240_000;
const MAX_REPLY_BYTES = 20_000_000;

const throttles = /^(ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded|ThrottledException|TooManyRequests)/;
const clocks = /^(InvalidSignature|RequestExpired|RequestTimeTooSkewed|AuthFailure)/;

interface Reply {
  readonly status: number;
  readonly date: string | undefined;
  readonly text: string;
}

const LATE = 'DynamoDB did not answer in time.';
class TimedOut extends Error {
  readonly code = 'ETIMEDOUT';
}

interface Post {
  readonly url: URL;
  readonly agent: PlainAgent | TlsAgent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** One request. Rejects when no whole reply comes in time. */
async function post({ url, agent, headers, body, signal }: Post): Promise<Reply> {
  const send = url.protocol === 'https:' ? requestTls : requestPlain;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const request = send(url, { method: 'POST', agent, headers: { ...headers, ...length }, signal });
  let isLate = false;
  const giveUp = (): void => {
    isLate = true;
    request.destroy();
  };
  const timers = [setTimeout(giveUp, REQUEST_MS)];
  request.on('socket', (socket) => {
    if (!socket.connecting) return;
    const connecting = setTimeout(giveUp, CONNECT_MS);
    timers.push(connecting);
    socket.once('connect', () => clearTimeout(connecting));
  });
  // Told by what is awaited; one that comes later concerns nobody.
  request.on('error', () => undefined);
  try {
    const replied = once(request, 'response') as Promise<[IncomingMessage]>;
    request.end(body);
    const [response] = await replied;
    return { status: response.statusCode ?? 0, date: response.headers.date, text: await readText(response) };
  } catch (error) {
    throw isLate || signal.aborted ? new TimedOut(LATE) : error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // DynamoDB answers with 16 MB at most; whatever says more is something else.
    if (bytes > MAX_REPLY_BYTES) throw new DynamoRefusal('OversizedReply');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text || '{}') ?? {}) as Record<string, unknown>;
  } catch {
    throw new DynamoRefusal('UnreadableReply');
  }
}

/** Throws what a reply says was wrong; faults of the service have no name of their own. */
function read({ status, text }: Reply): WireReply {
  if (status === 200) return parse(text);
  let told: Record<string, unknown> = {};
  try {
    told = parse(text);
  } catch {
    // A fault of whatever stands before it.
  }
  const type = typeof told['__type'] === 'string' ? told['__type'] : '';
  const name = type.split('#').at(-1) || (status >= 500 ? 'InternalServerError' : `HttpStatus${status}`);
  throw new DynamoRefusal(name, told['Item'] as WireItem | undefined);
}

/** Whether trying once more may help. */
function isPassing(error: unknown, status: number | null): boolean {
  if (!(error instanceof DynamoRefusal)) return status === null;
  return (status ?? 0) >= 500 || throttles.test(error.name);
}

/**
 * A client for one region. An update whose answer was lost is sent once more and may then count twice: too much is
 * reserved for a while, never too little.
 */
export function createTableClient(options: TableClientOptions): TableClient {
  const { endpoint, region, credentials, attempts = 2, now = Date.now } = options;
  const url = new URL(endpoint);
  url.pathname = '/';
  const pooling = { keepAlive: true, maxSockets: CONNECTIONS };
  const agent = url.protocol === 'https:' ? new TlsAgent(pooling) : new PlainAgent(pooling);
  const time = createServerTime();
  /** How far signatures are dated ahead of our clock, which is only where AWS has complained. */
  let aheadMs = 0;
  const setClock = ({ date }: Reply): boolean => {
    const theirsMs = Date.parse(date ?? '');
    if (Number.isNaN(theirsMs) || Math.abs(theirsMs - now() - aheadMs) < SKEW_MS) return false;
    aheadMs = theirsMs - now();
    return true;
  };
  const tryOnce = async (operation: Operation, body: string, signal: AbortSignal): Promise<Reply> => {
    const atMs = now() + aheadMs;
    const who = await credentials();
    const headers = toSignedHeaders({ host: url.host, region, credentials: who, atMs, operation, body });
    const sentAtMs = now();
    const reply = await post({ url, agent, headers, body, signal });
    const serverSecondMs = Date.parse(reply.date ?? '');
    if (!Number.isNaN(serverSecondMs)) time.noted({ sentAtMs, receivedAtMs: now(), serverSecondMs });
    return reply;
  };
  /** Where one connection is dead, as after a freeze, the others that nobody uses are too. */
  const dropIdle = (): void => {
    for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  };
  return {
    ask: async (operation, input, signal) => {
      const body = JSON.stringify(input);
      for (let left = attempts - 1, pauseMs = PAUSE_MS; ; left--, pauseMs *= 2) {
        let reply: Reply | null = null;
        try {
          reply = await tryOnce(operation, body, signal);
          return read(reply);
        } catch (error) {
          if (reply === null) dropIdle();
          const isSkewed = reply !== null && clocks.test((error as Error).name) && setClock(reply);
          if (left <= 0 || signal.aborted || !(isSkewed || isPassing(error, reply?.status ?? null))) throw error;
        }
        await wait(Math.random() * pauseMs, undefined, { signal });
      }
    },
    ahead: () => time.ahead(now()),
    close: () => agent.destroy(),
  };
}
