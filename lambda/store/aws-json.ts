// Asks services of AWS that speak JSON: over kept connections, signed, impatient, tried once more. The SDK's clients can do all that the
// services can, which every cold start would have to load: a quarter of a megabyte, half of the time until the first request.
import { Agent as PlainAgent, request as requestPlain, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import type { ClockBounds } from '../ports.ts';
import { createServerTime } from './server-time.ts';
import { toSignedHeaders, type AwsCredentials } from './aws-signature.ts';

/** A service of AWS that is asked by POSTs of JSON. */
export interface AwsService {
  /** In signatures and host names. */
  readonly name: string;
  /** The API's name before that of an operation. */
  readonly api: string;
  readonly contentType: string;
  /** How long one try may take, and connecting as a part of it. */
  readonly requestMs: number;
  readonly connectMs: number;
}

/** The service has refused. `name` is its word for why, `told` the document it came with; messages are left out, since they name accounts and roles. */
export class AwsRefusal extends Error {
  override readonly name: string;
  readonly told: Readonly<Record<string, unknown>>;
  constructor(name: string, told: Readonly<Record<string, unknown>> = {}) {
    super(`AWS has refused: ${name}.`);
    this.name = name;
    this.told = told;
  }
}

export interface AwsClient {
  /** Resolves with the reply. Rejects with AwsRefusal, or with the error of the network (whose `code` says which). */
  ask(operation: string, input: object, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  /** How far the service's clock is ahead of ours, by the replies so far; null before the first. */
  ahead(): ClockBounds | null;
  close(): void;
}

export interface AwsClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  /** How often a call is tried in all. Default 2. */
  readonly attempts?: number;
  /** How long one try may take, its connection included, ms. Default: what the service is known to need. */
  readonly requestMs?: number;
  /** How long a connection may take to stand, ms. Default likewise. */
  readonly connectMs?: number;
  /** Milliseconds since the epoch, as AWS counts them. */
  readonly now?: () => number;
}

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

const LATE = 'AWS did not answer in time.';
class TimedOut extends Error {
  readonly code = 'ETIMEDOUT';
}

interface Post {
  readonly url: URL;
  readonly agent: PlainAgent | TlsAgent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly requestMs: number;
  readonly connectMs: number;
}

/** The whole of a reply. By its events: an iterator over it takes longer to begin than the reply to come. */
const readText = (response: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      // DynamoDB answers with 16 MB at most, the others with less; whatever says more is something else.
      if (bytes > MAX_REPLY_BYTES) response.destroy(new AwsRefusal('OversizedReply'));
    });
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.on('error', reject);
  });

/** One request. Rejects when no whole reply comes in time. */
async function post({ url, agent, headers, body, signal, requestMs, connectMs }: Post): Promise<Reply> {
  const send = url.protocol === 'https:' ? requestTls : requestPlain;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const request = send(url, { method: 'POST', agent, headers: { ...headers, ...length }, signal });
  let isLate = false;
  const giveUp = (): void => {
    isLate = true;
    request.destroy();
  };
  const timers = [setTimeout(giveUp, requestMs)];
  request.on('socket', (socket) => {
    if (!socket.connecting) return;
    const connecting = setTimeout(giveUp, connectMs);
    timers.push(connecting);
    socket.once('connect', () => clearTimeout(connecting));
  });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      // One that comes later is told by the response, too.
      request.on('response', resolve).on('error', reject).end(body);
    });
    return { status: response.statusCode ?? 0, date: response.headers.date, text: await readText(response) };
  } catch (error) {
    throw isLate || signal.aborted ? new TimedOut(LATE) : error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text || '{}') ?? {}) as Record<string, unknown>;
  } catch {
    throw new AwsRefusal('UnreadableReply');
  }
}

/** Throws what a reply says was wrong; faults of the service have no name of their own. */
function read({ status, text }: Reply): Record<string, unknown> {
  if (status === 200) return parse(text);
  let told: Record<string, unknown> = {};
  try {
    told = parse(text);
  } catch {
    // A fault of whatever stands before it.
  }
  const type = typeof told['__type'] === 'string' ? told['__type'] : '';
  const name = type.split('#').at(-1) || (status >= 500 ? 'InternalServerError' : `HttpStatus${status}`);
  throw new AwsRefusal(name, told);
}

/** Whether trying once more may help. */
function isPassing(error: unknown, status: number | null): boolean {
  if (!(error instanceof AwsRefusal)) return status === null;
  return (status ?? 0) >= 500 || throttles.test(error.name);
}

/** A client for one service in one region. A call whose answer was lost is sent once more, and then may be carried out twice. */
export function createAwsClient(service: AwsService, options: AwsClientOptions): AwsClient {
  const { endpoint, region, credentials, attempts = 2, now = Date.now } = options;
  const { requestMs = service.requestMs, connectMs = service.connectMs } = options;
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
  const tryOnce = async (operation: string, body: string, signal: AbortSignal): Promise<Reply> => {
    const atMs = now() + aheadMs;
    const who = await credentials();
    const { name, api, contentType } = service;
    const of = { service: name, contentType, target: `${api}.${operation}` };
    const headers = toSignedHeaders({ host: url.host, region, credentials: who, atMs, body, ...of });
    const sentAtMs = now();
    const reply = await post({ url, agent, headers, body, signal, requestMs, connectMs });
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
