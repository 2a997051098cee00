// Limits far above what anybody asks for: counted by samples, close enough, and call by call once they are half used.
import { describe, expect, it } from 'vitest';
import { maySample, SAMPLED, together, withoutRemaining } from '#lambda/gateway/sampling.ts';
import { noUse } from '#lambda/routing/pools.ts';
import type { Standing } from '#lambda/routing/decide.ts';
import { START_MS } from './harness.ts';
import { createFleet } from '#lambda/gateway/fleet.ts';
import { createLedger } from '#lambda/gateway/ledger.ts';
import { providers as catalog } from '#catalog/index.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { toEntry } from './harness.ts';
import type { Store } from '#lambda/ports.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A ledger on a platform that freezes, over one limit of requests per minute. */
function createWorld(max: number) {
  const clock = createFakeClock(START_MS);
  const memory = createMemoryStore(clock);
  let writes = 0;
  const store: Store = {
    ...memory,
    update: (update) => {
      writes++;
      return memory.update(update);
    },
  };
  const pool = {
    models: ['*'],
    scope: 'credential',
    unit: 'requests',
    max,
    clock: { kind: 'rolling', seconds: 60 },
  } as const;
  const entry = toEntry('alpha', { pools: [{ ...pool, models: [...pool.models] }] });
  const fleet = createFleet({ entries: [entry], providers: catalog, serves: () => true });
  const ledger = createLedger({ fleet, store, clock, log: silent, metrics: createMetrics() });
  const used = (): number => ledger.views(0, {})[0]?.used ?? 0;
  const call = async (): Promise<boolean> => {
    ledger.standings(clock.now());
    const reserved = await ledger.reserve(0, { requests: 1 }, { lastResort: false, mostUsd: 0 });
    return 'reservation' in reserved;
  };
  return { clock, call, used, writes: () => writes };
}

const standing = { pressure: 0.2, breaker: 'closed', shared: false } as Standing;
const candidateOf = (max: number, kind: 'rolling' | 'concurrent' = 'rolling') =>
  ({ pools: [{ unit: 'requests', max, clock: kind === 'rolling' ? { kind, seconds: 60 } : { kind } }] }) as never;

describe('counting by samples', () => {
  it('is for limits that are large beside a call, half empty, in order, and ours alone', () => {
    expect(maySample(candidateOf(30_000), {}, standing)).toBe(true);
    expect(maySample(candidateOf(3_000), {}, standing)).toBe(false);
    expect(maySample(candidateOf(30_000), { requests: 10 }, standing)).toBe(false);
    expect(maySample(candidateOf(30_000, 'concurrent'), {}, standing)).toBe(false);
    expect(maySample(candidateOf(30_000), {}, { ...standing, pressure: 0.6 })).toBe(false);
    expect(maySample(candidateOf(30_000), {}, { ...standing, breaker: 'open' })).toBe(false);
    expect(maySample(candidateOf(30_000), {}, { ...standing, shared: true })).toBe(false);
  });

  it('writes for one call in eight, and comes close to all of them', async () => {
    const { call, used, writes } = createWorld(30_000);
    for (let i = 0; i < 8_000; i++) expect(await call()).toBe(true);
    expect(writes()).toBeLessThan((8_000 / SAMPLED) * 1.15);
    expect(Math.abs(used() - 8_000)).toBeLessThan(800);
  });

  it('ends where the limit is half used: from there no call too many is let through', async () => {
    const { call } = createWorld(20_000);
    let admitted = 0;
    for (let i = 0; i < 23_000; i++) if (await call()) admitted++;
    expect(admitted).toBeLessThan(20_700);
    expect(admitted).toBeGreaterThan(19_300);
    expect(await call()).toBe(false);
  });

  it('settles a sample for all that it stands for, nothing for none', () => {
    expect(together({ tokens: 100, input_tokens: 60 }, 8)).toEqual({ requests: 8, tokens: 800, input_tokens: 480 });
    expect(together(noUse, 8)).toMatchObject({ requests: 0, tokens: 0 });
    const told = { limits: [{ unit: 'requests', period: 'minute', limit: 9, remaining: 3, from: 'header' }] } as never;
    expect(withoutRemaining(told).limits).toEqual([
      { unit: 'requests', period: 'minute', limit: 9, remaining: null, from: 'header' },
    ]);
  });
});
