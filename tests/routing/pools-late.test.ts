// What is reserved ahead may be used until a while later: nobody else is given room that it still fills at the provider.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import { partOf, planReserve, planSettle, viewPool, type Hold } from '#lambda/routing/pools.ts';
import type { BoundPool } from '#lambda/routing/types.ts';
import { createMeter, type Meter } from '../fakes/provider/meters.ts';
import { key, toPool, write, zones } from './pools-world.ts';

const MAX = 100;
const START_MS = Date.UTC(2026, 10, 21, 23, 58);

const toWorld = (kind: 'rolling' | 'refill' | 'calendar'): { pool: BoundPool; meter: Meter } => {
  if (kind === 'rolling')
    return {
      pool: toPool('p', { unit: 'requests', max: MAX, clock: { kind, seconds: 60 } }),
      meter: createMeter(MAX, { kind: 'sliding', seconds: 60 }),
    };
  if (kind === 'refill')
    return {
      pool: toPool('p', { unit: 'requests', max: MAX, clock: { kind, seconds: 60 } }),
      meter: createMeter(MAX, { kind, seconds: 60 }),
    };
  return {
    pool: toPool('p', { unit: 'requests', max: MAX, clock: { kind, every: 'day', zone: 'UTC' } }),
    meter: createMeter(MAX, { kind, every: 'day', zone: 'UTC' }),
  };
};

/** Reserves; null when there is no room. */
function reserve(
  pool: BoundPool,
  book: Item | null,
  { nowMs, lateMs, amount }: { nowMs: number; lateMs: number; amount: number },
): { book: Item; hold: Hold } | null {
  const planned = planReserve({
    pools: [pool],
    book,
    nowMs,
    lateMs,
    need: { requests: amount },
    random: 0,
    mark: 'm',
    leaseMs: 0,
    zones,
    lastResort: false,
    caution: 1,
  });
  if (planned.kind === 'blocked') return null;
  const result = applyUpdate(book, { key, ...planned });
  return result.applied ? { book: result.item, hold: planned.hold } : null;
}

const scene = fc.record({
  kind: fc.constantFrom('rolling' as const, 'refill' as const, 'calendar' as const),
  before: fc.integer({ min: 0, max: 60 }),
  ahead: fc.integer({ min: 1, max: 40 }),
  lateMs: fc.integer({ min: 0, max: 9_000 }),
  /** When it is really used, as a share of that. */
  usedAt: fc.double({ min: 0, max: 1, noNaN: true }),
  startMs: fc.integer({ min: START_MS, max: START_MS + 120_000 }),
  later: fc.array(fc.record({ passMs: fc.nat(9_000), amount: fc.integer({ min: 1, max: 60 }) }), { maxLength: 30 }),
});

describe('what is reserved ahead', () => {
  it('is never given to others while the provider still counts it', () => {
    let admitted = 0;
    fc.assert(
      fc.property(scene, ({ kind, before, ahead, lateMs, usedAt, startMs, later }) => {
        const { pool, meter } = toWorld(kind);
        let book: Item | null = null;
        const take = (amount: number, nowMs: number): void => {
          expect(meter.waitMs(amount, nowMs)).toBe(0);
          meter.take(amount, nowMs);
        };
        if (before > 0) {
          book = reserve(pool, book, { nowMs: startMs - 20_000, lateMs: 0, amount: before })?.book ?? book;
          meter.take(before, startMs - 20_000);
        }
        const slice = reserve(pool, book, { nowMs: startMs, lateMs, amount: ahead });
        if (slice === null) return;
        book = slice.book;
        let nowMs = startMs;
        const useAtMs = startMs + Math.floor(lateMs * usedAt);
        let used = false;
        for (const { passMs, amount } of later) {
          nowMs += passMs;
          if (!used && nowMs >= useAtMs) {
            used = true;
            take(ahead, useAtMs);
          }
          const next = reserve(pool, book, { nowMs, lateMs: 0, amount });
          if (next === null) continue;
          admitted++;
          book = next.book;
          take(amount, nowMs);
        }
      }),
      { numRuns: 2_000, seed: 7 },
    );
    expect(admitted).toBeGreaterThan(3_000);
  });

  it('counts in a rolling window as of the latest moment at which it may be used', () => {
    const { pool } = toWorld('rolling');
    const slice = reserve(pool, null, { nowMs: START_MS, lateMs: 9_000, amount: 40 });
    const ask = (afterMs: number) =>
      reserve(pool, slice?.book ?? null, { nowMs: START_MS + afterMs, lateMs: 0, amount: 61 });
    expect(ask(0)).toBeNull();
    expect(ask(68_900)).toBeNull();
    expect(ask(74_000)).not.toBeNull();
  });

  it('counts in both calendar windows in which it may be used', () => {
    const { pool } = toWorld('calendar');
    const midnightMs = Date.UTC(2026, 10, 22);
    const at = { nowMs: midnightMs - 8_000, amount: 40 };
    const ask = (book: Item | null) => reserve(pool, book, { nowMs: midnightMs + 5_000, lateMs: 0, amount: 61 });
    expect(ask(reserve(pool, null, { ...at, lateMs: 9_000 })?.book ?? null)).toBeNull();
    expect(ask(reserve(pool, null, { ...at, lateMs: 2_000 })?.book ?? null)).not.toBeNull();
  });

  it('goes back by parts, which together are the whole', () => {
    const { pool } = toWorld('rolling');
    const slice = reserve(pool, null, { nowMs: START_MS, lateMs: 2_000, amount: 30 });
    if (slice === null) throw new Error('was refused');
    const nowMs = START_MS + 1_000;
    const settle = (book: Item | null, booked: number, used: number): Item | null =>
      write(book, planSettle({ hold: partOf(slice.hold, { requests: booked }), actual: { requests: used }, nowMs }));
    const book = settle(settle(slice.book, 12, 10), 18, 0);
    expect(viewPool({ pool, need: {}, book, nowMs, zones }).used).toBe(10);
  });
});
