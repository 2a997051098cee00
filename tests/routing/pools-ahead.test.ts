// Shares that are booked for later: whoever books what, and in whatever order, no limit is exceeded when the calls are made.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import { planReserve, viewPool, waitToReserve } from '#lambda/routing/pools.ts';
import type { BoundPool } from '#lambda/routing/types.ts';
import { key, toPool, zones } from './pools-world.ts';

const pools = [
  toPool('minute', { unit: 'requests', max: 6, clock: { kind: 'rolling', seconds: 60 } }),
  toPool('tokens', { unit: 'tokens', max: 4_000, clock: { kind: 'rolling', seconds: 60 } }),
  toPool('bucket', { unit: 'tokens', max: 3_000, clock: { kind: 'refill', seconds: 60 } }),
  toPool('midnight', {
    unit: 'requests',
    max: 9,
    clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' },
  }),
];
/** A minute before the day that gains an hour in Los Angeles. */
const START_MS = Date.parse('2026-11-01T06:59:00Z');

interface Call {
  readonly atMs: number;
  readonly tokens: number;
}

const amountOf = ({ unit }: BoundPool, { tokens }: Call): number => (unit === 'tokens' ? tokens : 1);

/** The most that a pool was ever used at once, by brute force. */
function mostOf(pool: BoundPool, calls: readonly Call[]): number {
  const { clock, max } = pool;
  const sorted = [...calls].sort((a, b) => a.atMs - b.atMs);
  const sum = (among: readonly Call[]): number => among.reduce((total, call) => total + amountOf(pool, call), 0);
  if (clock.kind === 'rolling') {
    const lengthMs = clock.seconds * 1_000;
    return Math.max(0, ...sorted.map(({ atMs: from }) => sum(sorted.filter(({ atMs }) => atMs >= from && atMs < from + lengthMs)))); // prettier-ignore
  }
  if (clock.kind === 'calendar') {
    const days = Map.groupBy(sorted, ({ atMs }) =>
      new Date(atMs).toLocaleDateString('sv-SE', { timeZone: clock.zone }),
    );
    return Math.max(0, ...[...days.values()].map(sum));
  }
  if (clock.kind !== 'refill') throw new Error('not judged here');
  let [level, lowest, lastMs] = [max, max, START_MS];
  for (const call of sorted) {
    level = Math.min(max, level + ((call.atMs - lastMs) * max) / (clock.seconds * 1_000)) - call.tokens;
    [lowest, lastMs] = [Math.min(lowest, level), call.atMs];
  }
  return max - lowest;
}

const step = fc.record({
  writer: fc.nat(2),
  tokens: fc.integer({ min: 1, max: 1_200 }),
  passMs: fc.oneof({ weight: 3, arbitrary: fc.nat(4_000) }, { weight: 1, arbitrary: fc.nat(40_000) }),
  crowd: fc.constantFrom(1, 1, 1, 3),
  /** Whoever does not book waits for nothing. */
  mostAheadMs: fc.constantFrom(0, 15_000, 15_000),
  refreshes: fc.boolean(),
});

describe('shares booked for later', () => {
  it('keep every limit, by brute force over the moments at which they are used', () => {
    let [booked, rejected] = [0, 0];
    const scene = fc.record({
      pools: fc.subarray(pools, { minLength: 1 }),
      steps: fc.array(step, { minLength: 40, maxLength: 90 }),
    });
    fc.assert(
      fc.property(scene, ({ pools, steps }) => {
        const calls: Call[] = [];
        const copies: (Item | null)[] = [null, null, null];
        let book: Item | null = null;
        let presentMs = START_MS;
        for (const { writer, tokens, passMs, crowd, mostAheadMs, refreshes } of steps) {
          presentMs += passMs;
          if (refreshes) copies[writer] = book;
          const asked = { pools, mark: 'm', need: { tokens }, lastResort: false, caution: 1, zones };
          for (let round = 0; round < 4; round++) {
            const copy = copies[writer] ?? null;
            const waitMs = waitToReserve({ ...asked, book: copy, nowMs: presentMs, crowd }, Infinity);
            const aheadMs = waitMs <= mostAheadMs ? waitMs : 0;
            const nowMs = presentMs + aheadMs;
            const planned = planReserve({ ...asked, book: copy, nowMs, aheadMs, leaseMs: 0, random: 0 });
            if (planned.kind === 'blocked') break;
            const result = applyUpdate(book, { key, ...planned });
            copies[writer] = result.item;
            if (!result.applied) {
              rejected++;
              continue;
            }
            book = result.item;
            calls.push({ atMs: nowMs, tokens });
            if (aheadMs > 0) booked++;
            break;
          }
        }
        for (const pool of pools) expect([pool.key, mostOf(pool, calls) <= pool.max + 1e-3]).toEqual([pool.key, true]);
      }),
      { numRuns: 300, seed: 20_261_121 },
    );
    // The scenes must have tried both.
    expect(booked).toBeGreaterThan(1_000);
    expect(rejected).toBeGreaterThan(300);
  });

  it('leave in the book what counts until then', () => {
    const [pool] = pools as [BoundPool];
    let book: Item | null = null;
    const take = (nowMs: number, aheadMs: number): void => {
      const asked = { pools: [pool], mark: 'm', need: {}, lastResort: false, caution: 1, zones, leaseMs: 0, random: 0 };
      const planned = planReserve({ ...asked, book, nowMs: nowMs + aheadMs, aheadMs });
      if (planned.kind === 'blocked') throw new Error('blocked');
      book = applyUpdate(book, { key, ...planned }).item;
    };
    for (let i = 0; i < 6; i++) take(START_MS + i * 100, 0);
    take(START_MS + 50_000, 40_000);
    // Six that were made, and one to come.
    expect(viewPool({ pool, need: {}, book, nowMs: START_MS + 50_000, zones }).used).toBe(7);
    expect(viewPool({ pool, need: {}, book, nowMs: START_MS + 90_000, zones }).used).toBe(1);
  });
});
