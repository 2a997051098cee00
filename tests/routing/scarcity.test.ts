// Scarcity: whether free quota of hours or days runs out before it comes back, in cases worked out by hand.
import { describe, expect, it } from 'vitest';
import { drawnUnits, MOST_SCARCE, scarcityOf, toStock, type Stock } from '#lambda/routing/scarcity.ts';
import type { BoundPool, PoolView } from '#lambda/routing/types.ts';
import { toPool } from './pools-world.ts';

const hour = 3_600_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const midnightMs = Date.parse('2026-11-22T00:00:00Z');
const day: BoundPool['clock'] = { kind: 'calendar', every: 'day', zone: 'UTC' };
const bucket: BoundPool['clock'] = { kind: 'refill', seconds: 86_400 };

function toView(used: number, clock: BoundPool['clock'] = day, resetAtMs: number | null = midnightMs): PoolView {
  const pool = toPool('p', { unit: 'requests', max: 240, clock });
  return { pool, used, max: pool.max, pressure: used / pool.max, resetAtMs, waitMs: 0 };
}
const perHour = (calls: number): number => calls / hour;
const stock = (calls: number, more: Partial<Stock> = {}): Stock => ({
  calls,
  callsPerMs: 0,
  resetAtMs: midnightMs,
  whole: 240,
  ...more,
});

describe('toStock', () => {
  it('counts in calls of the size that is usual', () => {
    expect(toStock(toView(40), 10, nowMs)).toEqual({ calls: 20, callsPerMs: 0, resetAtMs: midnightMs, whole: 24 });
  });

  it('knows what comes back bit by bit', () => {
    const { calls, callsPerMs, resetAtMs } = toStock(toView(40, bucket), 1, nowMs);
    expect([calls, callsPerMs * hour, resetAtMs]).toEqual([200, 10, null]);
  });

  it('spreads what lasts for more than a day evenly', () => {
    const monthly: BoundPool['clock'] = { kind: 'calendar', every: 'month', zone: 'UTC' };
    expect(toStock(toView(40, monthly, nowMs + 240 * hour), 1, nowMs)).toMatchObject({ calls: 20, resetAtMs: null });
  });
});

describe('drawnUnits', () => {
  it.each<[string, PoolView, PoolView, number]>([
    ['is the difference', toView(10), toView(25), 15],
    ['is what is used since it came back', toView(200), toView(25, day, midnightMs + 24 * hour), 25],
    ['counts what has refilled meanwhile', toView(100, bucket), toView(95, bucket), 5],
    ['is nothing while nobody draws', toView(5, bucket), toView(0, bucket), 0],
  ])('%s', (_name, before, after, drawn) => {
    expect(drawnUnits(before, after, hour)).toBeCloseTo(drawn);
  });
});

describe('scarcityOf', () => {
  it.each<[string, readonly Stock[], number, number]>([
    // 12 hours until midnight.
    ['is the part of it that will be used', [stock(200)], 10, 120 / 200],
    [
      'counts what comes back on the way to a later moment',
      [stock(10), stock(230, { resetAtMs: null })],
      10,
      240 / 480,
    ],
    ['is above 1 when it runs out before it comes back', [stock(100)], 10, 1.2],
    ['takes all together', [stock(100), stock(140)], 10, 120 / 240],
    ['counts what refills until then', [stock(120, { callsPerMs: perHour(10), resetAtMs: null })], 30, 720 / 360],
    // Within ten minutes five of three.
    [
      'looks at what comes next, without waiting for a refill',
      [stock(3, { callsPerMs: perHour(60), resetAtMs: null })],
      30,
      5 / 3,
    ],
    ['is the most when not even one call is left', [stock(0.9), stock(0.9)], 0, MOST_SCARCE],
    ['is nothing while nobody calls', [stock(1)], 0, 0],
  ])('%s', (_name, stocks, calls, scarcity) => {
    expect(scarcityOf(stocks, perHour(calls), nowMs)).toBeCloseTo(scarcity);
  });
});
