// Slices over the stores themselves: what is in the book at the end is what was called, with renewals that give back, reserve and teach in one write.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#lambda/clock.ts';
import { createLedger } from '#lambda/gateway/ledger.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import type { Store } from '#lambda/ports.ts';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { engineMissing, startDynamoEngine, type DynamoEngine } from '../fakes/dynamo-engine.ts';
import { toPool } from '../routing/pools-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-slices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const pools = [
  toPool('rolls', { unit: 'requests', max: 50_000, clock: { kind: 'rolling', seconds: 60 } }),
  toPool('days', { unit: 'tokens', max: 100_000_000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } }),
];
/** Long enough for two renewals. */
const CALLS = 80;
const EVERY_MS = 50;
const TOKENS = { estimated: 100, actual: 160 };

/** Makes calls at a steady rate; each takes more than was estimated, so that every one teaches something. */
async function play(store: Store): Promise<{ book: Readonly<Record<string, unknown>>; metrics: string }> {
  const metrics = createMetrics();
  const holders = new Set<() => Promise<void>>();
  const candidate = toCandidate({ credential: 'a', book: 'book', mark: 'a', pools });
  const fleet = { candidates: [candidate], credentials: [], models: [], names: {} as never, providers: [] };
  const deps = { fleet, store, clock: systemClock, log: silent, metrics, holders, openSlices: createSlices };
  const ledger = createLedger(deps);
  const need = { requests: 1, tokens: TOKENS.estimated, input_tokens: 80, output_tokens: 20 };
  const usage = { inputTokens: 80, outputTokens: TOKENS.actual - 80 };
  for (let made = 0; made < CALLS; made++) {
    const reserved = await ledger.reserve(0, need, { lastResort: false, mostUsd: 0 });
    if (!('reservation' in reserved)) throw new Error(`call ${made} was refused`);
    const told = { failure: null, committed: true, usage, seenTokens: 80, limits: [], firstContentMs: 1, ms: 1 };
    await ledger.settle(reserved.reservation, told);
    await sleep(EVERY_MS);
  }
  await Promise.all([...holders].map((flush) => flush()));
  return { book: (await store.get({ pk: 'book#book', sk: 'state' })) ?? {}, metrics: metrics.render() };
}

const sumOf = (book: Readonly<Record<string, unknown>>, prefix: string): number =>
  Object.entries(book).reduce((sum, [name, value]) => sum + (name.startsWith(prefix) ? Number(value) : 0), 0);

async function check(store: Store): Promise<void> {
  const { book, metrics } = await play(store);
  expect(Number(/freeway_slices_total\{result="reserved"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(2);
  expect(metrics).not.toContain('freeway_store_unavailable_total');
  expect(sumOf(book, 'days:')).toBe(CALLS * TOKENS.actual);
  expect(sumOf(book, 'rolls:')).toBe(CALLS);
  // The mean of the logarithms of actual to estimated, on its way to theirs.
  expect(book['a!e']).toBeGreaterThan(0.8 * Math.log(TOKENS.actual / TOKENS.estimated));
}

describe('slices are settled to the last unit', () => {
  it('in SQLite', async () => {
    const store = createSqliteStore({ path: join(folder, 'slices.sqlite') });
    await check(store);
    await store.close();
  }, 20_000);

  describe.skipIf(engineMissing !== null)('in DynamoDB', () => {
    let engine: DynamoEngine;
    beforeAll(async () => {
      engine = await startDynamoEngine();
    }, 60_000);
    afterAll(() => engine.close());

    it('with its own update expressions', async () => {
      await ensureTable(engine.client(), 'slices');
      const store = engine.openStore('slices');
      await check(store);
      await store.close();
    }, 20_000);
  });
});
