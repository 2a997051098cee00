// When quota runs out: for a pool, and for all that is free together.
import { describe, expect, it } from 'vitest';
import { forecastAll, forecastPool } from '#lambda/routing/forecast.ts';
import type { BoundPool, PoolView } from '#lambda/routing/types.ts';
import { toPool } from './pools-world.ts';

const hour = 3_600_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const midnightMs = Date.parse('2026-11-22T00:00:00Z');

function toView(key: string, used: number, more: Partial<BoundPool> & { resetAtMs?: number } = {}): PoolView {
  const { resetAtMs = midnightMs, ...rest } = more;
  const pool = {
    ...toPool(key, { unit: 'requests', max: 100, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } }),
    ...rest,
  };
  return { pool, used, max: pool.max, pressure: used / pool.max, resetAtMs, waitMs: 0 };
}

describe('forecastPool', () => {
  it.each<[string, PoolView, number | null]>([
    ['lasts when half is used at noon', toView('p', 50), null],
    ['ends when the rest is used at the rate so far', toView('p', 80), nowMs + 3 * hour],
    ['has ended', toView('p', 100), nowMs],
    ['knows nothing from two calls', toView('p', 2, { max: 2.1 }), null],
    ['knows nothing of a bucket', toView('p', 90, { clock: { kind: 'refill', seconds: 86_400 } }), null],
    [
      'counts a session from its first use',
      toView('p', 60, { clock: { kind: 'session', seconds: 5 * 3600 }, resetAtMs: nowMs + 3 * hour }),
      nowMs + (40 / 30) * hour,
    ],
  ])('%s', (_name, view, runsOutAtMs) => {
    expect(forecastPool(view, nowMs).runsOutAtMs).toBe(runsOutAtMs);
  });

  it('says nothing in the first minutes of a window', () => {
    const startMs = Date.parse('2026-11-21T00:10:00Z');
    expect(forecastPool(toView('p', 50), startMs)).toEqual({ unitsPerMs: null, runsOutAtMs: null });
  });
});

describe('forecastAll', () => {
  const one = { requests: 1, tokens: 1000 };
  const minute = toView('m', 5, { clock: { kind: 'rolling', seconds: 60 }, resetAtMs: nowMs + 60_000 });

  it('moves use from those that run out to those that have some left', () => {
    // 80 + 60 used in 12 hours; 20 + 40 left.
    const both = [
      { views: [toView('a', 80), minute], need: one },
      { views: [toView('b', 60)], need: one },
    ];
    const runsOutAtMs = forecastAll(both, nowMs) ?? 0;
    expect((runsOutAtMs - nowMs) / hour).toBeCloseTo(60 / (140 / 12));
  });

  it.each<[string, { views: PoolView[]; need: { requests: number; tokens: number } }[], number | null]>([
    [
      'never while somebody is limited by minutes only',
      [
        { views: [toView('a', 99)], need: one },
        { views: [minute], need: one },
      ],
      null,
    ],
    [
      'never while somebody has no limits',
      [
        { views: [toView('a', 99)], need: one },
        { views: [], need: one },
      ],
      null,
    ],
    ['now when nothing is left', [{ views: [toView('a', 100)], need: one }], nowMs],
    ['not before it comes back', [{ views: [toView('a', 40)], need: one }], null],
    [
      'counts a shared pool once',
      [
        { views: [toView('a', 80)], need: one },
        { views: [toView('a', 80)], need: one },
      ],
      nowMs + 3 * hour,
    ],
    [
      'goes by the pool that leaves the fewest calls',
      [{ views: [toView('a', 60), toView('t', 90_000, { unit: 'tokens', max: 100_000 })], need: one }],
      nowMs + (10 / 90) * 12 * hour,
    ],
    ['of nobody', [], null],
  ])('%s', (_name, candidates, runsOutAtMs) => {
    expect(forecastAll(candidates, nowMs)).toBe(runsOutAtMs);
  });
});
