// The whole app in process with people in it: a store, a clock that is moved by hand, simulated providers, and ways to be somebody.
import { providers as catalog } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';
import { createFreeway } from '#lambda/deps.ts';
import { createLocalSignIn, type LocalSignIn } from '#lambda/http/auth-local.ts';
import type { Exchange, Headers, KeyWrapper, Store, Upstream, UpstreamCall } from '#lambda/ports.ts';
import type { ApiKeyTerms, People } from '#lambda/ports-people.ts';
import type { Recordings } from '#lambda/ports-transcription.ts';
import type { Log } from '#lambda/ports-telemetry.ts';
import { createApiKeys } from '#lambda/store/api-keys.ts';
import { createPeople } from '#lambda/store/people.ts';
import { createSessions } from '#lambda/store/sessions.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryRecordings } from '../fakes/memory-recordings.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createFakeUpstream } from '../fakes/provider/upstream.ts';
import { toEntry } from '../gateway/harness.ts';

export const OWNER_KEY = 'owner-key-for-tests-of-people-0123456789';
export const ORIGIN = 'http://127.0.0.1:8787';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The document; an empty one when there is none. */
  readonly json: Record<string, unknown>;
  /** The sentence of an error; empty when it is none. */
  readonly message: string;
}

export interface Asking {
  readonly body?: unknown;
  /** Instead of a document: a form. */
  readonly form?: FormData;
  readonly headers?: Headers;
  readonly query?: string;
  readonly address?: string;
  /** When the runtime stops us, ms since the epoch; never unless told. */
  readonly deadlineAtMs?: number | null;
}

export interface House {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly people: People;
  readonly provider: FakeProvider;
  readonly local: LocalSignIn | null;
  /** One request; `GET /path` and the like. */
  ask(line: string, asking?: Asking): Promise<Answer>;
  /** A chat, through the simulated provider, in virtual time. */
  chat(headers: Headers, body?: Record<string, unknown>): Promise<Answer>;
  /** The header of a new session. */
  session(email: string): Promise<Headers>;
  /** The header of a new API key. */
  key(terms?: Partial<ApiKeyTerms>): Promise<{ id: string; headers: Headers }>;
}

export interface HouseInput {
  readonly env?: Readonly<Record<string, string>>;
  readonly store?: Store;
  readonly clock?: FakeClock;
  /** Sign-in by link. */
  readonly local?: boolean;
  readonly entry?: Partial<ProviderEntry>;
  /** The credential only stands in until somebody gives a real one, as simulated providers do. */
  readonly standsIn?: boolean;
  readonly spec?: Partial<FakeProviderSpec>;
  /** Whether people's own URLs may lead to private addresses; true unless told. */
  readonly allowPrivate?: boolean;
  /** Answers calls to anything but the provider, with a status. */
  readonly others?: (call: UpstreamCall) => number;
  /** Where recordings are uploaded to. */
  readonly recordings?: Recordings;
  /** Between requests the process is frozen, as on Lambda. */
  readonly freezes?: boolean;
  /** Hears what is logged of no fault. */
  readonly onInfo?: Log['info'];
}

export const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
export const owner = bearer(OWNER_KEY);

function toExchange(
  line: string,
  { body, form, headers = {}, query = '', address = '127.0.0.1', deadlineAtMs = null }: Asking,
): {
  exchange: Exchange;
  answer: () => Answer;
} {
  const [method = 'GET', path = '/'] = line.split(' ');
  const chunks: Buffer[] = [];
  let head: { status: number; headers: Headers } = { status: 0, headers: {} };
  const note = (chunk: Uint8Array | string): void => void chunks.push(Buffer.from(chunk));
  const packed = form === undefined ? null : new Response(form);
  const type = body === undefined ? (packed?.headers.get('content-type') ?? null) : 'application/json';
  const typed = type === null ? {} : { 'content-type': type };
  const exchange: Exchange = {
    method,
    path,
    query,
    headers: { host: '127.0.0.1:8787', ...typed, ...headers },
    remoteAddress: address,
    deadlineAtMs,
    body: async () =>
      packed === null
        ? Buffer.from(body === undefined ? '' : JSON.stringify(body))
        : new Uint8Array(await packed.arrayBuffer()),
    onGone: () => undefined,
    reply: (status, replyHeaders) => {
      head = { status, headers: replyHeaders };
      return {
        write: (chunk) => {
          note(chunk);
          return true;
        },
        drained: async () => undefined,
        end: (last) => last !== undefined && note(last),
      };
    },
  };
  const answer = (): Answer => {
    const text = Buffer.concat(chunks).toString();
    const isJson = (head.headers['content-type'] ?? '').startsWith('application/json');
    const document = (isJson && text !== '' ? JSON.parse(text) : {}) as Record<string, unknown>;
    const error = document['error'] as { message?: string } | undefined;
    return { ...head, text, json: document, message: error?.message ?? '' };
  };
  return { exchange, answer };
}

/** An upstream whose calls to other places than the provider's are answered by a status alone. */
function besideOthers(upstream: Upstream, others: HouseInput['others']): Upstream {
  return {
    ...upstream,
    start: (call, listener) => {
      if (others === undefined || call.url.startsWith('http://alpha.test/')) return upstream.start(call, listener);
      const status = others(call);
      queueMicrotask(() => {
        listener.onHead(status, {});
        listener.onEnd();
      });
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
    },
  };
}

/** Keys of people's secrets lie open in this house. */
const keyWrapper: KeyWrapper = {
  wrap: async (plain) => Buffer.from(plain).toString('base64'),
  unwrap: async (wrapped) => Buffer.from(wrapped, 'base64'),
};

/** Noon of the day, UTC: what a test does within hours lies on one day, at whatever time it runs. */
const noon = (): number => Math.floor(Date.now() / 86_400_000) * 86_400_000 + 43_200_000;

/** Builds the house. Faults of ours fail the request that met them. */
export async function createHouse(input: HouseInput = {}): Promise<House> {
  const { env = {}, clock = createFakeClock(noon()), local = false, entry = {}, spec = {} } = input;
  const store = input.store ?? createMemoryStore(clock);
  const provider = createFakeProvider({ name: 'alpha', models: [{ id: 'm1' }, { id: 'm2' }], ...spec }, clock);
  const upstream = besideOthers(createFakeUpstream({ 'http://alpha.test/v1': provider }, clock), input.others);
  const config = readConfig({
    env: { FREEWAY_OWNER_KEY: OWNER_KEY, ...env },
    providers: catalog,
    readText: () => '',
    older: [],
  });
  const model = { kind: 'chat', context: 131_072, maxOutput: 1_024, size: 'large', capabilities: ['tools'] } as const;
  const models = [
    { id: 'm1', ...model, capabilities: [...model.capabilities] },
    { id: 'm2', ...model, capabilities: [...model.capabilities] },
  ];
  const entries = [toEntry('alpha', { models, ...entry })];
  const localSignIn = local ? createLocalSignIn((text) => text === OWNER_KEY) : null;
  let fault: string | null = null;
  const note = (): void => undefined;
  const { handler } = await createFreeway({
    config: { ...config, entries: input.standsIn === true ? [] : entries },
    standIn: input.standsIn === true ? entries : [],
    providers: catalog,
    store,
    upstream,
    clock,
    log: {
      debug: note,
      info: input.onInfo ?? note,
      warn: note,
      error: (event, fields) => void (fault = `${event}: ${JSON.stringify(fields)}`),
    },
    metrics: createMetrics(),
    ownerKey: OWNER_KEY,
    openSlices: createSlices,
    localSignIn,
    keyWrapper,
    allowPrivate: input.allowPrivate ?? true,
    freezes: input.freezes ?? false,
    recordings: input.recordings ?? createMemoryRecordings(),
  });
  const carry = async (
    line: string,
    asking: Asking,
    inTime: (work: Promise<void>) => Promise<void>,
  ): Promise<Answer> => {
    const { exchange, answer } = toExchange(line, asking);
    await inTime(handler(exchange));
    if (fault !== null) throw new Error(fault);
    return answer();
  };
  const people = createPeople(store, note);
  const sessions = createSessions(store, clock, note);
  const keys = createApiKeys(store, clock, note);
  return {
    clock,
    store,
    people,
    provider,
    local: localSignIn,
    ask: (line, asking = {}) => carry(line, asking, (work) => work),
    chat: (headers, body = {}) =>
      carry(
        'POST /v1/chat/completions',
        { headers, body: { model: 'auto', messages: [{ role: 'user', content: 'hello' }], ...body } },
        (work) => clock.runUntil(work),
      ),
    session: async (email) => {
      const who = { personId: people.idOf(email), email, via: 'google', device: 'test' } as const;
      return bearer((await sessions.open(who)).token);
    },
    key: async (terms = {}) => {
      const { key, stored } = await keys.create({
        name: 'bot',
        scopes: ['inference'],
        models: null,
        tier: 'any',
        privacy: 'any',
        limits: { requestsPerMinute: null, usd: null },
        expiresAtMs: null,
        personId: 'owner',
        email: null,
        ...terms,
      });
      return { id: stored.id, headers: bearer(key) };
    },
  };
}
