// The pace at which free quota is used, seen from the books of a running gateway.
import { describe, expect, it } from 'vitest';
import { createPace, type Tap, type TapViews } from '#lambda/gateway/pace.ts';
import type { BoundPool, PoolView } from '#lambda/routing/types.ts';
import { toPool } from '../routing/pools-world.ts';

const minute = 60_000;
const startMs = Date.parse('2026-11-21T12:00:00Z');
const midnightMs = Date.parse('2026-11-22T00:00:00Z');
const requests = toPool('r', { unit: 'requests', max: 1_000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } });
const tokens = toPool('t', { unit: 'tokens', max: 100_000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } });

const view = (pool: BoundPool, used: number): PoolView => ({
  pool,
  used,
  max: pool.max,
  pressure: used / pool.max,
  resetAtMs: midnightMs,
  waitMs: 0,
});
const tap = (...pools: readonly BoundPool[]): Tap => ({ pools, kinds: new Set(['chat']) });

/** A pace that has looked once a minute. */
function watch(taps: readonly Tap[], minutes: number, viewsAt: (minutes: number) => readonly TapViews[]) {
  const pace = createPace(taps);
  for (let at = 0; at <= minutes; at++) {
    expect(pace.isDue(startMs + at * minute)).toBe(true);
    pace.look(viewsAt(at), startMs + at * minute);
    expect(pace.isDue(startMs + at * minute + minute - 1)).toBe(false);
  }
  return pace;
}

describe('pace', () => {
  it('is known after some minutes: a call a minute would use up less than half', () => {
    const taps = [tap(requests)];
    expect(watch(taps, 4, (at) => [[view(requests, at)]]).scarcity('chat')).toBeNull();
    const pace = watch(taps, 5, (at) => [[view(requests, at)]]);
    // 720 - 5 until midnight, then what comes back lasts.
    expect(pace.scarcity('chat')).toBeCloseTo(1_440 / 1_995, 3);
    expect(pace.scarcity('embedding')).toBeNull();
  });

  it('takes the pool that leaves fewest calls, by what calls need', () => {
    const pace = createPace([tap(requests, tokens)]);
    for (let i = 0; i < 3; i++) pace.asked({ requests: 1, tokens: 500, usd: 1 });
    for (let at = 0; at <= 10; at++) pace.look([[view(requests, at), view(tokens, at * 500)]], startMs + at * minute);
    // 190 calls are left of 500 tokens each; one a minute needs 710.
    expect(pace.scarcity('chat')).toBeCloseTo(710 / 190, 2);
  });

  it('forgets what was used an hour ago', () => {
    const pace = watch([tap(requests)], 130, (at) => [[view(requests, Math.min(60, at) * 10)]]);
    expect(pace.scarcity('chat')).toBe(0);
  });

  it('counts on nobody who may not be asked, and takes what is read later as nothing new', () => {
    const pace = watch([tap(requests), tap(requests)], 10, (at) => [
      [view(requests, 0)],
      at < 5 ? null : [view(requests, 900)],
    ]);
    expect(pace.scarcity('chat')).toBe(0);
    pace.look([null, [view(requests, 1_000)]], startMs + 11 * minute);
    expect(pace.scarcity('chat')).toBe(100);
  });
});
