// A whole Freeway in process: real gateway, ledger and wire over a memory store, simulated providers and a clock the test turns.
import type { UsageRecord } from '#shared/api/usage.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { providers as catalog } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';
import { createFreeway } from '#lambda/deps.ts';
import { Farewell } from '#lambda/http/farewell.ts';
import type { Exchange, Headers, Store } from '#lambda/ports.ts';
import type { LogFields } from '#lambda/ports-telemetry.ts';
import { fromUsageItem } from '#lambda/store/usage-items.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createFakeUpstream, type FakeUpstream } from '../fakes/provider/upstream.ts';

export const OWNER_KEY = 'owner-key-for-tests-0123456789abcdef';
const CHAT_PATH = '/v1/chat/completions';
export const START_MS = Date.UTC(2026, 10, 21, 12);

/** What a caller got. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** False when the reply was left open, as a caller would see a broken connection. */
  readonly ended: boolean;
  /** From the request to the end of the reply, ms. */
  readonly ms: number;
  /** The body as JSON; throws when it is none. */
  json(): Record<string, never> & { error?: { code: string; message: string; param: string | null } };
  /** `data:` payloads of a stream, in order. */
  events(): string[];
  /** Text of a chat answer, whole or streamed. */
  content(): string;
  /** The error, of a reply or inside a stream; null when there is none. */
  error(): { code: string; message: string } | null;
}

/** A request under way. */
export interface Call {
  readonly reply: Promise<Reply>;
  /** What has arrived so far. */
  readonly text: () => string;
  readonly hangUp: () => void;
}

export interface World {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly upstream: FakeUpstream;
  readonly providers: Readonly<Record<string, FakeProvider>>;
  readonly logs: readonly (LogFields & { event: string })[];
  /** What was written down of the requests of this day. */
  readonly records: () => Promise<UsageRecord[]>;
  /** Rendered metrics. */
  readonly metrics: () => string;
  /** Begins a chat request; time does not move by itself. */
  begin(body: Record<string, unknown>, headers?: Headers, path?: string): Call;
  /** A chat request, from its beginning to its end. `m1`, one user message and no stream, unless the body says otherwise. */
  ask(body?: Record<string, unknown>, headers?: Headers, path?: string): Promise<Reply>;
}

/** One entry of FREEWAY_PROVIDERS for a provider at `name`. */
export function toEntry(name: string, more: Partial<ProviderEntry> = {}): ProviderEntry {
  const capabilities = ['tools', 'vision', 'json'] as const;
  return {
    provider: 'openai-compatible',
    name,
    baseUrl: `http://${name}.test/v1`,
    apiKey: `key-of-${name}`,
    tier: 'free',
    enabled: true,
    priority: 100,
    weight: 1,
    models: [
      { id: 'm1', kind: 'chat', context: 131_072, maxOutput: 8_192, size: 'large', capabilities: [...capabilities] },
    ],
    ...more,
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function eventsOf(text: string): string[] {
  return text.split(/\r?\n\r?\n/).flatMap((frame) => (frame.startsWith('data: ') ? [frame.slice(6)] : []));
}

interface Chunk {
  readonly error?: { code: string; message: string };
  readonly choices?: readonly { delta?: { content?: string | null }; message?: { content?: string | null } }[];
}

function chunksOf(text: string, isStream: boolean): readonly Chunk[] {
  const documents = isStream ? eventsOf(text).filter((data) => data !== '[DONE]') : [text];
  return documents.map((data) => JSON.parse(data) as Chunk);
}

function toReply(got: { status: number; headers: Headers; text: string; ended: boolean; ms: number }): Reply {
  const isStream = (got.headers['content-type'] ?? '').startsWith('text/event-stream');
  const textOf = ({ choices }: Chunk): string => {
    const choice = choices?.[0];
    return choice?.delta?.content ?? choice?.message?.content ?? '';
  };
  return {
    ...got,
    json: () => JSON.parse(got.text) as ReturnType<Reply['json']>,
    events: () => eventsOf(got.text),
    content: () => chunksOf(got.text, isStream).map(textOf).join(''),
    error: () => chunksOf(got.text, isStream).find(({ error }) => isObject(error))?.error ?? null,
  };
}

interface Arrived {
  status: number;
  headers: Headers;
  readonly decode: (chunk: Uint8Array) => string;
  text: string;
  ended: boolean;
}

function toExchange(
  body: Record<string, unknown>,
  headers: Headers,
  arrived: Arrived,
): { exchange: Exchange; gone: () => void } {
  const farewell = new Farewell();
  const write = (chunk: Uint8Array | string): void => {
    arrived.text += typeof chunk === 'string' ? chunk : arrived.decode(chunk);
  };
  const exchange: Exchange = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json', ...headers },
    remoteAddress: '127.0.0.1',
    deadlineAtMs: null,
    body: async () => new TextEncoder().encode(JSON.stringify(body)),
    onGone: (listener) => farewell.onGone(listener),
    reply: (status, replyHeaders) => {
      if (arrived.status !== 0) throw new Error('the head was sent twice');
      Object.assign(arrived, { status, headers: replyHeaders });
      return {
        write: (chunk) => {
          if (!arrived.ended) write(chunk);
          return true;
        },
        drained: async () => undefined,
        end: (last) => {
          if (!arrived.ended && last !== undefined) write(last);
          arrived.ended = true;
        },
      };
    },
  };
  return { exchange, gone: () => farewell.leave('hung_up') };
}

export interface WorldInput {
  readonly providers: readonly FakeProviderSpec[];
  /** Providers of other kinds, by the names that lead to them. */
  readonly others?: (clock: FakeClock) => Readonly<Record<string, Pick<FakeProvider, 'handle'>>>;
  /** Default: one entry for each provider, in their order. */
  readonly entries?: readonly ProviderEntry[];
  readonly env?: Readonly<Record<string, string>>;
  readonly seed?: number;
  /** Another instance in this world: one time, one store and the same providers. */
  readonly beside?: World;
  /** How far this instance's clock is ahead, ms. */
  readonly aheadMs?: number;
  /** What this instance sees of the store. */
  readonly toStore?: (store: Store, clock: FakeClock) => Store;
}

/** Builds the world. */
export async function createWorld({
  providers: specs,
  others = () => ({}),
  entries,
  env = {},
  seed = 1,
  beside,
  aheadMs = 0,
  toStore = (store) => store,
}: WorldInput): Promise<World> {
  const clock = beside?.clock ?? createFakeClock(START_MS, { seed });
  const store = beside?.store ?? createMemoryStore(clock);
  const providers =
    beside?.providers ?? Object.fromEntries(specs.map((spec) => [spec.name, createFakeProvider(spec, clock)]));
  const routes = Object.fromEntries(
    Object.entries({ ...providers, ...others(clock) }).map(([name, provider]) => [`http://${name}.test/v1`, provider]),
  );
  const upstream = beside?.upstream ?? createFakeUpstream(routes, clock);
  const logs: (LogFields & { event: string })[] = [];
  const note = (event: string, fields: LogFields = {}): void => void logs.push({ ...fields, event });
  /** A fault of ours is no answer to be judged. */
  const raise = (event: string, fields: LogFields = {}): void => {
    note(event, fields);
    failed = `${event}: ${JSON.stringify(fields)}`;
  };
  let failed: string | null = null;
  const metrics = createMetrics();
  const config = readConfig({
    env: { FREEWAY_OWNER_KEY: OWNER_KEY, ...env },
    providers: catalog,
    readText: () => '',
    older: [],
  });
  const listed = entries ?? specs.map(({ name }, index) => toEntry(name, { priority: 10 * (index + 1) }));
  const { handler, flush } = await createFreeway({
    config: { ...config, entries: listed },
    providers: catalog,
    store: toStore(store, clock),
    upstream,
    clock: aheadMs === 0 ? clock : { ...clock, now: () => clock.now() + aheadMs },
    log: { debug: note, info: note, warn: note, error: raise },
    metrics,
    ownerKey: OWNER_KEY,
    // Nothing is done later: what a request leaves behind stands in the store when it has ended.
    freezes: true,
  });
  const begin: World['begin'] = (body, headers = {}, target = CHAT_PATH) => {
    const [path = '', query = ''] = target.split('?');
    const decoder = new TextDecoder();
    const decode = (chunk: Uint8Array): string => decoder.decode(chunk, { stream: true });
    const arrived: Arrived = { status: 0, headers: {}, decode, text: '', ended: false };
    const startedAtMs = clock.now();
    const whole = { model: 'm1', messages: [{ role: 'user', content: 'Tell me a story.' }], ...body };
    const { exchange, gone } = toExchange(whole, headers, arrived);
    const reply = handler({ ...exchange, path, query }).then(() => {
      if (failed !== null) throw new Error(failed);
      return toReply({ ...arrived, ms: clock.now() - startedAtMs });
    });
    return { reply, text: () => arrived.text, hangUp: gone };
  };
  return {
    clock,
    store,
    upstream,
    providers,
    logs,
    records: async () => {
      await flush();
      const { items } = await store.query(`usage#${new Date(clock.now()).toISOString().slice(0, 10)}`);
      return items.flatMap(({ item }) => fromUsageItem(item).records);
    },
    metrics: () => metrics.render(),
    begin,
    ask: (body = {}, headers = {}, path = CHAT_PATH) => clock.runUntil(begin(body, headers, path).reply),
  };
}
