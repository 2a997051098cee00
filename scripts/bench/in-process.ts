// Freeway inside this process, for what only the inside shows: a real embedded store whose calls are counted, and a provider that answers at once.
import { join } from 'node:path';
import { providers } from '#catalog/index.ts';
import { systemClock } from '#lambda/clock.ts';
import { readConfig } from '#lambda/config.ts';
import { createFreeway, type Freeway } from '#lambda/deps.ts';
import type { LedgerDeps } from '#lambda/gateway/desk.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import type { Store, Upstream } from '#lambda/ports.ts';
import type { Log } from '#lambda/ports-telemetry.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { toEntries } from './fleet.ts';
import { makeFolder } from '../temporary.ts';

export const OWNER_KEY = 'bench-owner-key-0123456789-0123456789';

/** The store's calls so far, in order. */
export type StoreCall = 'read' | 'write';

export interface InProcess {
  readonly freeway: Freeway;
  /** What a ledger of one's own over the same fleet and store needs. */
  readonly deps: LedgerDeps;
  readonly calls: readonly StoreCall[];
  close(): Promise<void>;
}

const RECORDS = 'usage#';

/** Passes everything on to a store and notes what was asked. */
export function countCalls(store: Store, calls: StoreCall[]): Store {
  const noted =
    <A extends unknown[], R>(call: StoreCall, act: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(call);
      return act(...args);
    };
  return {
    kind: store.kind,
    get: noted('read', (key) => store.get(key)),
    batchGet: noted('read', (keys) => store.batchGet(keys)),
    query: noted('read', (pk, options) => store.query(pk, options)),
    put: (key, ...args) => {
      // Records of use are gathered over many requests: none of them waits for it.
      if (!key.pk.startsWith(RECORDS)) calls.push('write');
      return store.put(key, ...args);
    },
    update: noted('write', (update) => store.update(update)),
    delete: noted('write', (key) => store.delete(key)),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

const ANSWER = Buffer.from(
  '{"id":"chatcmpl-bench","object":"chat.completion","created":1790000000,"model":"bench","choices":[{"index":0,' +
    '"message":{"role":"assistant","content":"Paris"},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":1,"total_tokens":21}}',
);

/** A provider that answers every call in the next turn of the event loop. */
const instantUpstream: Upstream = {
  start: (_, listener) => {
    setImmediate(() => {
      listener.onHead(200, { 'content-type': 'application/json', 'content-length': String(ANSWER.length) });
      listener.onData(ANSWER);
      listener.onEnd();
    });
    return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
  },
  close: () => Promise.resolve(),
};

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Starts Freeway with the bench's 500 candidates over a store in a temporary folder. One that may be `frozen` after any request, like a Lambda
 * function, does nothing beside the requests: what the store is asked meanwhile is asked for them.
 */
export async function startInProcess({ frozen = false } = {}): Promise<InProcess> {
  const folder = makeFolder();
  const env = {
    FREEWAY_PROVIDERS: JSON.stringify(toEntries('http://127.0.0.1:9/v1')),
    FREEWAY_DEMO: 'off',
    FREEWAY_DATA: folder,
  };
  const config = readConfig({ env, providers, readText: () => '', older: [] });
  const calls: StoreCall[] = [];
  const store = countCalls(createSqliteStore({ path: join(folder, 'bench.sqlite') }), calls);
  const common = { store, clock: systemClock, log: silent, metrics: createMetrics() };
  const own = {
    upstream: instantUpstream,
    ownerKey: OWNER_KEY,
    ...(frozen ? { freezes: true } : { openSlices: createSlices }),
  };
  const freeway = await createFreeway({ ...common, config, providers, ...own });
  return {
    freeway,
    deps: { ...common, openSlices: createSlices, fleet: freeway.fleet() },
    calls,
    close: () => store.close(),
  };
}
