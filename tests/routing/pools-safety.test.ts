// Whatever writers do with whatever stale copies: no pool is ever exceeded, and waits are true.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import { planSettle } from '#lambda/routing/pools.ts';
import { createMeter } from '../fakes/provider/meters.ts';
import { key, plan, reserve, toPool, World, write } from './pools-world.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const pools = [
  toPool('rollingRequests', { unit: 'requests', max: 5, clock: { kind: 'rolling', seconds: 60 } }),
  toPool('rollingSecond', { unit: 'requests', max: 2, clock: { kind: 'rolling', seconds: 1 } }),
  toPool('rollingTokens', { unit: 'tokens', max: 2500, clock: { kind: 'rolling', seconds: 60 } }),
  toPool('refillTokens', { unit: 'tokens', max: 2000, clock: { kind: 'refill', seconds: 60 } }),
  toPool('refillDay', { unit: 'tokens', max: 9000, clock: { kind: 'refill', seconds: 86_400 } }),
  toPool('calendarDay', {
    unit: 'requests',
    max: 7,
    clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' },
  }),
  toPool('calendarMonth', { unit: 'tokens', max: 9000, clock: { kind: 'calendar', every: 'month', zone: 'UTC' } }),
  toPool('session', { unit: 'tokens', max: 4000, clock: { kind: 'session', seconds: 18_000 } }),
  toPool('once', { unit: 'tokens', max: 15_000, clock: { kind: 'once' } }),
  toPool('concurrent', { unit: 'concurrent', max: 2, clock: { kind: 'concurrent' } }),
];

const starts = [
  '2026-03-08T07:30:00Z', // before the day that loses an hour in Los Angeles
  '2026-11-01T06:45:00Z', // before the day that gains one
  '2028-02-29T22:00:00Z',
  '2026-12-31T23:58:00Z',
  '2026-06-15T12:00:00Z',
].map((text) => Date.parse(text));

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      writer: fc.nat(2),
      tokens: fc.integer({ min: 1, max: 1500 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      index: fc.nat(20),
      share: fc.constantFrom(0, 0.1, 0.5, 0.9, 1, 1.4, null),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(300), fc.nat(6000), fc.nat(70_000)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(hour, 5 * hour, day - 1, 9 * day) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refresh' as const), writer: fc.nat(2) }) },
);

const scene = fc.record({
  pools: fc.subarray(pools, { minLength: 1, maxLength: 4 }),
  nowMs: fc.constantFrom(...starts),
  steps: fc.array(step, { minLength: 20, maxLength: 80 }),
});

/** Plays the steps; after every admission asks `check`. Answers how many were admitted and blocked. */
function play(
  { pools, nowMs, steps }: typeof scene extends fc.Arbitrary<infer S> ? S : never,
  check: (world: World) => void,
): { admitted: number; blocked: number } {
  const world = new World(pools, { writers: 3, nowMs });
  const tally = { admitted: 0, blocked: 0 };
  for (const step of steps) {
    if (step.kind === 'pass') world.nowMs += step.ms;
    else if (step.kind === 'settle') world.settle(step.index, step.share);
    else if (step.kind === 'refresh') world.copies[step.writer] = world.book;
    else {
      tally[world.reserve(step.writer, step.tokens).kind]++;
      if (tally.admitted > 0 && world.log.at(-1)?.atMs === world.nowMs) check(world);
    }
  }
  return tally;
}

describe('reservations by several writers', () => {
  it('never exceed a pool, by brute force over all admissions', () => {
    const total = { admitted: 0, blocked: 0 };
    fc.assert(
      fc.property(scene, (given) => {
        let admissions = 0;
        const { admitted, blocked } = play(given, (world) => {
          // A settle above its estimate may go over; the next admission may not.
          if (world.log.length === admissions) return;
          admissions = world.log.length;
          expect(world.exceeded()).toEqual([]);
        });
        total.admitted += admitted;
        total.blocked += blocked;
      }),
      { numRuns: 300, seed: 20_261_121 },
    );
    // The scenes must have tried both.
    expect(total.admitted).toBeGreaterThan(1000);
    expect(total.blocked).toBeGreaterThan(1000);
  });

  it('end by themselves when nobody settles them: nothing but balances stays taken', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const world = new World(given.pools, { writers: 3, nowMs: given.nowMs });
        for (const one of given.steps) if (one.kind === 'reserve') world.reserve(one.writer, one.tokens);
        world.nowMs += 62 * day;
        for (const [name, used] of Object.entries(world.used()))
          if (name !== 'once') expect([name, used]).toEqual([name, 0]);
        // A late settle of a call that everybody had given up brings nothing back.
        for (let index = world.log.length; index > 0; index--) world.settle(0, 0.5);
        for (const [name, used] of Object.entries(world.used()))
          if (name !== 'once') expect([name, used]).toEqual([name, 0]);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it('hold every interval even when clocks lag behind each other', () => {
    const pool = toPool('p', { unit: 'requests', max: 6, clock: { kind: 'rolling', seconds: 60 } });
    const event = fc.record({ pass: fc.nat(9000), lag: fc.nat(20_000) });
    fc.assert(
      fc.property(fc.array(event, { minLength: 20, maxLength: 60 }), (events) => {
        let book: Item | null = null;
        let trueMs = starts[0]!;
        const claimed: number[] = [];
        for (const { pass, lag } of events) {
          trueMs += pass;
          const planned = plan([pool], book, { nowMs: trueMs - lag });
          if (planned.kind === 'blocked') continue;
          book = applyUpdate(book, { key, ...planned }).item;
          claimed.push(trueMs - lag);
        }
        for (const from of claimed)
          expect(claimed.filter((at) => at >= from && at < from + minute).length).toBeLessThanOrEqual(6);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('are never refused by an exact provider, with clocks two seconds apart and half a second under way', () => {
    const event = fc.record({ pass: fc.nat(4000), skew: fc.integer({ min: -1000, max: 1000 }), way: fc.nat(500) });
    const limits = [
      { meter: 'sliding', clock: { kind: 'rolling', seconds: 60 } },
      { meter: 'fixed', clock: { kind: 'rolling', seconds: 60 } },
      { meter: 'refill', clock: { kind: 'refill', seconds: 60 } },
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...limits), fc.array(event, { minLength: 60, maxLength: 160 }), (limit, events) => {
        const pool = toPool('p', { unit: 'requests', max: 12, clock: limit.clock });
        const meter = createMeter(12, { kind: limit.meter, seconds: 60 });
        let book: Item | null = null;
        let trueMs = starts[0]!;
        const calls: number[] = [];
        for (const { pass, skew, way } of events) {
          trueMs += pass;
          const planned = plan([pool], book, { nowMs: trueMs + skew });
          if (planned.kind === 'blocked') continue;
          const result = applyUpdate(book, { key, ...planned });
          book = result.item;
          if (result.applied) calls.push(trueMs + way);
        }
        for (const atMs of calls.sort((a, b) => a - b)) {
          expect(meter.waitMs(1, atMs)).toBe(0);
          meter.take(1, atMs);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('do not disturb each other before a limit is reached', () => {
    const shared = pools.filter(({ key }) =>
      ['rollingTokens', 'refillTokens', 'refillDay', 'calendarMonth', 'session', 'once'].includes(key),
    );
    const nowMs = starts[4]!;
    let { book }: { book: Item | null } = reserve(shared, null, { nowMs, need: { tokens: 100 } });
    const plans = Array.from({ length: 15 }, () => plan(shared, book, { nowMs: nowMs + 5, need: { tokens: 100 } }));
    const results = plans.map((planned) => {
      if (planned.kind === 'blocked') throw new Error('blocked');
      const result = applyUpdate(book, { key, ...planned });
      book = result.item;
      return result.applied;
    });
    expect(results).toEqual(results.map(() => true));
    expect(book).toMatchObject({ once: 1600, session: 1600 });
  });
});

describe('waits', () => {
  it('are long enough, and for buckets and calendars not a millisecond too long', () => {
    let exact = 0;
    fc.assert(
      fc.property(scene, fc.integer({ min: 1, max: 1500 }), (given, tokens) => {
        const timed = given.pools.filter(({ clock }) => clock.kind !== 'concurrent');
        let end: World | null = null;
        play({ ...given, pools: timed }, (world) => (end = world));
        const world = end as World | null;
        if (world === null) return;
        const { book, nowMs } = world;
        const planned = plan(timed, book, { nowMs, need: { tokens } });
        if (planned.kind === 'write' || planned.waitMs === Infinity) return;
        expect(planned.waitMs).toBeGreaterThan(0);
        expect(plan(timed, book, { nowMs: nowMs + planned.waitMs, need: { tokens } }).kind).toBe('write');
        if (!['refill', 'calendar', 'rolling', 'session'].includes(planned.pool?.clock.kind ?? '')) return;
        exact++;
        expect(plan(timed, book, { nowMs: nowMs + planned.waitMs - 1, need: { tokens } }).kind).toBe('blocked');
      }),
      { numRuns: 150, seed: 11 },
    );
    expect(exact).toBeGreaterThan(30);
  });

  it.each(['rolling', 'refill', 'calendar', 'session', 'once', 'concurrent'] as const)(
    'are endless for more than a %s pool ever holds',
    (kind) => {
      const pool = pools.find(({ clock }) => clock.kind === kind)!;
      const need = { tokens: 99_999, requests: 99_999 };
      const planned = plan([kind === 'concurrent' ? { ...pool, max: 0 } : pool], null, { nowMs: starts[0]!, need });
      expect(planned).toMatchObject({ kind: 'blocked', by: 'pool', waitMs: Infinity });
    },
  );
});

describe('rolling windows', () => {
  const pool = toPool('r', { unit: 'requests', max: 60, clock: { kind: 'rolling', seconds: 60 } });

  it('let 0.96 of the limit through when saturated, and keep the book small', () => {
    let book: Item | null = null;
    let admitted = 0;
    let largest = 0;
    const startMs = Math.ceil(starts[4]! / 65_000) * 65_000;
    const minutes = 26;
    for (let nowMs = startMs; nowMs < startMs + minutes * minute; nowMs += 250) {
      const planned = plan([pool], book, { nowMs });
      if (planned.kind === 'blocked') continue;
      book = applyUpdate(book, { key, ...planned }).item;
      admitted++;
      largest = Math.max(largest, Object.keys(book ?? {}).length);
    }
    expect(admitted / (60 * minutes)).toBeGreaterThanOrEqual(0.96);
    // One per call that counts, some waiting to be swept, and the sum.
    expect(largest).toBeLessThanOrEqual(60 + 20 + 1);
  });

  it('are not brought back by a late settle', () => {
    const nowMs = starts[4]!;
    const first = reserve([pool], null, { nowMs });
    const later = reserve([pool], first.book, { nowMs: nowMs + 5 * minute });
    const settled = write(
      later.book,
      planSettle({ hold: first.hold, actual: { requests: 9 }, nowMs: nowMs + 5 * minute }),
    );
    expect(settled).toEqual(later.book);
    expect(Object.keys(later.book)).toHaveLength(2);
  });
});
