// Views, plans, settles and what they write, pool by pool.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import { confirmHold, planSettle, noUse, pressureOf, viewPool } from '#lambda/routing/pools.ts';
import { leasePollMs } from '#lambda/routing/pools-leases.ts';
import { mergeOps } from '#lambda/routing/pools-ops.ts';
import { arrivalMs } from '#lambda/routing/pools-rules.ts';
import type { BoundPool } from '#lambda/routing/types.ts';
import { key, leaseMs, plan, reserve, toPool, write, zones } from './pools-world.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const refill = (max: number, seconds: number, unit: BoundPool['unit'] = 'tokens'): BoundPool =>
  toPool('b', { unit, max, clock: { kind: 'refill', seconds } });
/** A bucket of which that much is used right now. */
const usedUp = ({ max, clock }: BoundPool, used: number): Item => ({
  b: nowMs + (used / max) * ('seconds' in clock ? clock.seconds * 1000 : 0),
});

describe('a refilling pool', () => {
  it.each([
    { name: 'tokens per day', pool: refill(200_000, 86_400), used: 197_494, asked: { tokens: 4035 }, waitMs: 660_528 },
    {
      name: 'audio seconds per hour',
      pool: refill(7200, 3600, 'audio_seconds'),
      used: 5956,
      asked: { audio_seconds: 2336 },
      waitMs: 546_000,
    },
    { name: 'tokens per minute', pool: refill(6000, 60), used: 3513, asked: { tokens: 3166 }, waitMs: 6790 },
    { name: 'room enough', pool: refill(6000, 60), used: 2834, asked: { tokens: 3166 }, waitMs: 0 },
    { name: 'more than it ever holds', pool: refill(7000, 60), used: 6148, asked: { tokens: 7895 }, waitMs: Infinity },
  ])('predicts the wait for $name to the millisecond', ({ pool, used, asked, waitMs }) => {
    const book = usedUp(pool, used);
    const view = viewPool({ pool, book, nowMs, need: asked, zones });
    expect(view).toMatchObject({ waitMs, resetAtMs: book['b'], max: pool.max });
    expect(view.used).toBeCloseTo(used, 3);
    expect(plan([pool], book, { nowMs, need: asked })).toMatchObject(
      waitMs === 0 ? { kind: 'write' } : { kind: 'blocked', pool, waitMs },
    );
  });

  it('agrees with a recorded refusal up to the rounding of its numbers', () => {
    const { response } = JSON.parse(
      readFileSync(new URL('../fixtures/routing/groq-tpm.json', import.meta.url), 'utf8'),
    );
    const said =
      /Limit (\d+), Used (\d+), Requested (\d+)\. Please try again in ([\d.]+)s/.exec(response.body.error.message) ??
      [];
    const [limit = 0, used = 0, tokens = 0, seconds = 0] = said.slice(1).map(Number);
    const pool = refill(limit, 60);
    const { waitMs } = viewPool({ pool, book: usedUp(pool, used), nowMs, need: { tokens }, zones });
    // `Used` is told as a whole number, rounded up: at most one token's refill apart.
    expect(waitMs - seconds * 1000).toBeGreaterThanOrEqual(0);
    expect(waitMs - seconds * 1000).toBeLessThanOrEqual(60_000 / limit);
  });

  it('lets several take from copies in which it was idle, and settles to what one after the other had taken', () => {
    const pool = refill(6000, 60);
    const idle: Item = { b: nowMs - 5_000 };
    const asked = { nowMs, need: { tokens: 900 } };
    const plans = [plan([pool], idle, asked), plan([pool], idle, { ...asked, nowMs: nowMs + 300 })];
    let book = idle;
    const holds = plans.map((planned) => {
      if (planned.kind === 'blocked') throw new Error('blocked');
      const result = applyUpdate(book, { key, ...planned });
      expect(result.applied).toBe(true);
      book = result.item ?? {};
      return confirmHold(planned.hold, book);
    });
    expect(book['b']).toBeGreaterThan(nowMs + arrivalMs + 18_000);
    // Unknown use settles to the estimate.
    for (const hold of holds) book = write(book, planSettle({ hold, actual: null, nowMs: nowMs + 2_000 })) ?? {};
    expect(book['b']).toBe(nowMs + arrivalMs + 18_000);
    expect(plan([pool], { b: nowMs - 31_000 }, asked)).toMatchObject({
      add: {},
      set: { b: nowMs + arrivalMs + 9_000 },
    });
  });

  it('hands back what a call did not use, but not what has refilled meanwhile', () => {
    const pool = refill(6000, 60);
    const { book, hold } = reserve([pool], null, { nowMs, need: { tokens: 3000 } });
    const usedAfter = (actual: number, afterMs: number): number => {
      const settled = write(book, planSettle({ hold, actual: { tokens: actual }, nowMs: nowMs + afterMs }));
      return viewPool({ pool, book: settled, nowMs: nowMs + afterMs, need: {}, zones }).used;
    };
    // The bucket is taken to refill only once the call has surely arrived: 2.5 s, 250 tokens later.
    expect(arrivalMs).toBe(2500);
    expect(usedAfter(1000, 0)).toBeCloseTo(1250);
    expect(usedAfter(1000, 5000)).toBeCloseTo(750);
    expect(usedAfter(1000, 20_000)).toBeCloseTo(250);
    expect(usedAfter(4000, 5000)).toBeCloseTo(3750);
  });

  it('plans again on the item that came back when a bucket turned busy or idle', () => {
    const pool = refill(6000, 60);
    const idle = plan([pool], null, { nowMs, need: { tokens: 100 } });
    const { book } = reserve([pool], null, { nowMs, need: { tokens: 3000 } });
    if (idle.kind === 'blocked') throw new Error('blocked');
    const result = applyUpdate(book, { key, ...idle });
    expect(result).toEqual({ applied: false, item: book });
    expect(plan([pool], result.item, { nowMs, need: { tokens: 100 } })).toMatchObject({
      kind: 'write',
      add: { b: 1000 },
    });
    expect(plan([pool], result.item, { nowMs, need: { tokens: 3001 } })).toMatchObject({
      kind: 'blocked',
      waitMs: arrivalMs + 10,
    });
  });
});

describe('the other pools', () => {
  it('count a calendar window and drop old ones', () => {
    const pool = toPool('d', {
      unit: 'requests',
      max: 2,
      clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' },
    });
    let { book } = reserve([pool], null, { nowMs });
    book = reserve([pool], book, { nowMs }).book;
    expect(viewPool({ pool, book, nowMs, need: {}, zones })).toMatchObject({
      used: 2,
      pressure: 1,
      resetAtMs: Date.parse('2026-11-22T08:00:00Z'),
      waitMs: 20 * 3_600_000 + arrivalMs,
    });
    for (let days = 1; days < 6; days++) book = reserve([pool], book, { nowMs: nowMs + days * 86_400_000 }).book;
    expect(Object.keys(book)).toHaveLength(2);
  });

  it('count a call near midnight in both days, since nobody knows in which it will arrive', () => {
    const pool = toPool('d', { unit: 'requests', max: 2, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } });
    const midnightMs = Date.parse('2026-11-22T00:00:00Z');
    const { book } = reserve([pool], null, { nowMs: midnightMs - 5 });
    for (const at of [midnightMs - 5000, midnightMs + 5000])
      expect(viewPool({ pool, book, nowMs: at, need: {}, zones }).used).toBe(1);
    const full = reserve([pool], book, { nowMs: midnightMs - 5000 }).book;
    expect(plan([pool], full, { nowMs: midnightMs + 400 })).toMatchObject({ waitMs: arrivalMs - 400 });
    expect(plan([pool], full, { nowMs: midnightMs + arrivalMs }).kind).toBe('write');
  });

  it('start a session with its first use', () => {
    const pool = toPool('s', { unit: 'requests', max: 2, clock: { kind: 'session', seconds: 100 } });
    expect(viewPool({ pool, book: null, nowMs, need: {}, zones })).toMatchObject({ used: 0, waitMs: 0 });
    const first = reserve([pool], null, { nowMs });
    const { book } = reserve([pool], first.book, { nowMs: nowMs + 60_000 });
    expect(plan([pool], book, { nowMs: nowMs + 60_000 })).toMatchObject({ waitMs: 40_000 });
    expect(reserve([pool], book, { nowMs: nowMs + 100_000 }).book).toEqual({ 's:e': nowMs + 200_000, s: 1 });
    expect(planSettle({ hold: first.hold, actual: noUse, nowMs: nowMs + 100_000 }).add).toEqual({});
  });

  it('never use a balance after it has run out', () => {
    const pool = toPool('o', { unit: 'usd', max: 5, clock: { kind: 'once', expiresAt: '2026-11-22T00:00:00Z' } });
    const { book } = reserve([pool], null, { nowMs, need: { usd: 1.25 } });
    expect(viewPool({ pool, book, nowMs, need: { usd: 3.75 }, zones })).toMatchObject({
      used: 1.25,
      waitMs: 0,
      resetAtMs: null,
    });
    expect(viewPool({ pool, book, nowMs: nowMs + 86_400_000, need: { usd: 0.01 }, zones })).toMatchObject({
      waitMs: Infinity,
      pressure: 1,
    });
  });

  it('lend a lease and take it back, but not one that has become another call’s', () => {
    const pool = toPool('c', { unit: 'concurrent', max: 1, clock: { kind: 'concurrent' } });
    const { book, hold } = reserve([pool], null, { nowMs });
    expect(plan([pool], book, { nowMs: nowMs + 1 })).toMatchObject({
      kind: 'blocked',
      waitMs: leasePollMs,
      resetAtMs: nowMs + leaseMs,
    });
    expect(plan([pool], book, { nowMs: nowMs + leaseMs - 100 })).toMatchObject({ waitMs: 101 });
    expect(write(book, planSettle({ hold, actual: null, nowMs: nowMs + 5 }))).toEqual({});
    const next = reserve([pool], book, { nowMs: nowMs + leaseMs + 1 });
    expect(write(next.book, planSettle({ hold, actual: null, nowMs: nowMs + leaseMs + 2 }))).toEqual(next.book);
  });
});

describe('planReserve', () => {
  const tight = refill(1000, 60);
  const loose = toPool('d', { unit: 'tokens', max: 5000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } });

  it('names the pool that needs longest', () => {
    const { book } = reserve([tight, loose], null, { nowMs, need: { tokens: 1000 } });
    expect(plan([tight, loose], book, { nowMs, need: { tokens: 500 } })).toMatchObject({
      pool: tight,
      waitMs: arrivalMs + 30_000,
    });
    expect(plan([loose, tight], book, { nowMs, need: { tokens: 4500 } })).toMatchObject({
      pool: tight,
      waitMs: Infinity,
    });
    const day = write(book, {
      add: {},
      set: { [`d:${(Date.parse('2026-11-21T00:00:00Z') / 1000).toString(36)}`]: 5000 },
      remove: [],
    });
    expect(plan([tight, loose], day, { nowMs, need: { tokens: 500 } })).toMatchObject({
      pool: loose,
      waitMs: 12 * 3_600_000 + arrivalMs,
    });
  });

  it('leaves pools alone of which the call takes nothing, and adds input and output to tokens', () => {
    const usd = toPool('u', { unit: 'usd', max: 1, clock: { kind: 'once' } });
    const planned = plan([usd, tight], null, { nowMs, need: { input_tokens: 30, output_tokens: 20 } });
    expect(planned).toMatchObject({ kind: 'write', set: { b: nowMs + arrivalMs + 3000 }, add: {} });
  });

  it.each([
    ['its own', { 'm!r': nowMs + 5000, 'm!y': 'rate_limited' }],
    ['its book’s', { '*!r': nowMs + 5000 }],
  ])('waits for %s rest, and does not pass one set meanwhile', (_name, resting) => {
    const fresh = plan([tight], null, { nowMs, need: { tokens: 1 } });
    if (fresh.kind === 'blocked') throw new Error('blocked');
    expect(applyUpdate(resting, { key, ...fresh }).applied).toBe(false);
    const rested = plan([tight], resting, { nowMs, need: { tokens: 1 } });
    expect(rested).toMatchObject({ kind: 'blocked', by: 'rest', pool: null, waitMs: 5001, resetAtMs: nowMs + 5000 });
    expect(plan([tight], resting, { nowMs: nowMs + 5001, need: { tokens: 1 } }).kind).toBe('write');
  });

  it('settles nothing of what is not known', () => {
    const { hold } = reserve([tight, loose], null, { nowMs, need: { tokens: 1000 } });
    expect(planSettle({ hold, actual: null, nowMs })).toEqual({ add: {}, set: {}, remove: [] });
    expect(planSettle({ hold, actual: { input_tokens: 5 }, nowMs }).add).toEqual({});
    expect(Object.values(planSettle({ hold, actual: { input_tokens: 5, output_tokens: 5 }, nowMs }).add)).toEqual([
      -59_400, -990,
    ]);
  });

  it('tells the pressure of the tightest pool', () => {
    const { book } = reserve([tight, loose], null, { nowMs, need: { tokens: 600 } });
    expect(pressureOf([loose, tight], { book, nowMs: nowMs + arrivalMs, zones })).toBeCloseTo(0.6);
    expect(pressureOf([], { book, nowMs, zones })).toBe(0);
  });
});

describe('mergeOps', () => {
  it.each([
    ['adds up', { add: { a: 1 } }, { add: { a: 2, b: 0 } }, { add: { a: 3 }, set: {}, remove: [] }],
    ['adds onto a set', { set: { a: 5 } }, { add: { a: 2 } }, { add: {}, set: { a: 7 }, remove: [] }],
    ['lets a later set win', { add: { a: 5 } }, { set: { a: 2 } }, { add: {}, set: { a: 2 }, remove: [] }],
    ['lets a later removal win', { set: { a: 5 } }, { remove: ['a', 'a'] }, { add: {}, set: {}, remove: ['a'] }],
    ['starts anew after a removal', { remove: ['a'] }, { add: { a: 3 } }, { add: {}, set: { a: 3 }, remove: [] }],
  ])('%s, as if one came after the other', (_name, first, second, merged) => {
    const none = { add: {}, set: {}, remove: [] };
    const ops = mergeOps({ ...none, ...first }, { ...none, ...second });
    expect(ops).toEqual(merged);
    const book = { a: 10, b: 1 };
    expect(write(book, ops)).toEqual(write(write(book, { ...none, ...first }), { ...none, ...second }));
  });
});
