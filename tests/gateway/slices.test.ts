// Slices reserved ahead by several instances, some of which die, with clocks apart: no provider is ever asked for more than it allows.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLedger, type Ledger } from '#lambda/gateway/ledger.ts';
import type { AttemptOutcome } from '#lambda/gateway/operation.ts';
import type { Clock, Store } from '#lambda/ports.ts';
import type { Metrics } from '#lambda/ports-telemetry.ts';
import type { BoundPool } from '#lambda/routing/types.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';
import { createMeter, type Meter } from '../fakes/provider/meters.ts';
import { toPool } from '../routing/pools-world.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const START_MS = Date.UTC(2026, 10, 21, 12);
const terms = { lastResort: false, mostUsd: 0 };

const served = (inputTokens: number, outputTokens: number): AttemptOutcome => ({
  failure: null,
  committed: true,
  usage: { inputTokens, outputTokens },
  seenTokens: outputTokens,
  limits: [],
  firstContentMs: 1,
  ms: 1,
});

const perMinute = toPool('minute', { unit: 'requests', max: 1_500, clock: { kind: 'rolling', seconds: 60 } });
const bucket = toPool('bucket', { unit: 'tokens', max: 150_000, clock: { kind: 'refill', seconds: 60 } });
const perDay = toPool('daily', {
  unit: 'requests',
  max: 4_000,
  clock: { kind: 'calendar', every: 'day', zone: 'UTC' },
});

/** An instance: its own clock, `skewMs` apart from the world's, and an end after which nothing of it happens any more. */
interface Instance {
  readonly ledger: Ledger;
  readonly holders: Set<() => Promise<void>>;
  skewMs: number;
  alive: boolean;
}

interface Options {
  readonly pools: readonly BoundPool[];
  readonly instances?: number;
  readonly freezes?: boolean;
  readonly startMs?: number;
}

interface World {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly metrics: Metrics;
  readonly instances: Instance[];
  /** Replaces an instance by a new one, which knows nothing of it. */
  crash(at: number): void;
}

function createWorld({ pools, instances: count = 1, freezes = false, startMs = START_MS }: Options): World {
  const clock = createFakeClock(startMs);
  const store = createMemoryStore(clock);
  const metrics = createMetrics();
  const candidate = toCandidate({ credential: 'a', book: 'book', mark: 'a', pools });
  const fleet = { candidates: [candidate], credentials: [], models: [], names: {} as never, providers: [] };
  const start = (): Instance => {
    const holders = new Set<() => Promise<void>>();
    const own: Clock = {
      ...clock,
      now: () => clock.now() + instance.skewMs,
      after: (ms, fire) => clock.after(ms, () => instance.alive && fire()),
    };
    const never = new Promise<never>(() => undefined);
    const ownStore: Store = { ...store, update: (update) => (instance.alive ? store.update(update) : never) };
    const ahead = freezes ? {} : { openSlices: createSlices };
    const ledger = createLedger({ fleet, store: ownStore, clock: own, log: silent, metrics, holders, ...ahead });
    const instance: Instance = { ledger, holders, skewMs: 0, alive: true };
    return instance;
  };
  const instances = Array.from({ length: count }, start);
  const crash = (at: number): void => {
    const dead = instances[at];
    if (!dead) return;
    dead.alive = false;
    instances[at] = start();
  };
  return { clock, store, metrics, instances, crash };
}

const slicesIn = ({ metrics }: World, result = 'reserved'): number =>
  Number(new RegExp(`freeway_slices_total\\{result="${result}"\\} (\\d+)`).exec(metrics.render())?.[1] ?? 0);

const bookOf = async ({ store }: World) => (await store.get({ pk: 'book#book', sk: 'state' })) ?? {};

/** Makes a call and settles it; false when it was refused. */
async function call({ ledger }: Instance, tokens = 20): Promise<boolean> {
  const need = { requests: 1, tokens, input_tokens: tokens - 10, output_tokens: 10 };
  const reserved = await ledger.reserve(0, need, terms);
  if (!('reservation' in reserved)) return false;
  await ledger.settle(reserved.reservation, served(tokens - 10, 10));
  return true;
}

describe('slices', () => {
  it('spare most of the writes while pools are far from their limits', async () => {
    const pool = toPool('p', { unit: 'requests', max: 100_000, clock: { kind: 'rolling', seconds: 60 } });
    const world = createWorld({ pools: [pool] });
    const [one] = world.instances as [Instance];
    for (let made = 0; made < 2_000; made++) {
      expect(await call(one)).toBe(true);
      if (made % 10 === 0) await world.clock.advance(20);
    }
    expect(world.store.counts.writes).toBeLessThan(30);
  });

  it('grow with the pace of calls, not only with their number', async () => {
    const pool = toPool('p', { unit: 'requests', max: 10_000_000, clock: { kind: 'rolling', seconds: 60 } });
    const world = createWorld({ pools: [pool] });
    const [one] = world.instances as [Instance];
    for (let made = 0; made < 1_000; made++) {
      await call(one);
      await world.clock.advance(1);
    }
    expect(slicesIn(world)).toBeLessThanOrEqual(5);
    // What a burst has reserved stays in proportion to it.
    const burst = createWorld({ pools: [pool] });
    const [other] = burst.instances as [Instance];
    for (let made = 0; made < 8; made++) await call(other);
    const book = await bookOf(burst);
    expect(
      Math.max(
        ...Object.values(book)
          .map(Number)
          .filter((value) => value < 1_000),
      ),
    ).toBeLessThan(80);
  });

  it('follow one another with one write each, which takes along what the one before gives back', async () => {
    const pool = toPool('p', { unit: 'requests', max: 50_000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } });
    const world = createWorld({ pools: [pool] });
    const [one] = world.instances as [Instance];
    const callFor = async (seconds: number): Promise<void> => {
      for (let made = 0; made < seconds * 4; made++) {
        expect(await call(one)).toBe(true);
        await world.clock.advance(250);
      }
    };
    await callFor(10);
    const [writes, slices] = [world.store.counts.writes, slicesIn(world)];
    await callFor(60);
    const opened = slicesIn(world) - slices;
    // One after every 1.7 seconds, or a little later where the timer comes between two calls.
    expect(opened).toBeGreaterThan(30);
    expect(opened).toBeLessThan(37);
    expect(world.store.counts.writes - writes).toBe(opened);
    await world.clock.advance(5_000);
    expect(one.ledger.views(0, {})[0]?.used).toBe(70 * 4);
    expect(one.holders.size).toBe(0);
  });

  it('are not renewed when calls have ceased', async () => {
    const world = createWorld({ pools: [perDay] });
    const [one] = world.instances as [Instance];
    for (let made = 0; made < 50; made++) await call(one);
    await world.clock.advance(10_000);
    const { writes } = world.store.counts;
    await world.clock.advance(60_000);
    expect(world.store.counts.writes).toBe(writes);
    expect(one.holders.size).toBe(0);
  });

  it('write what they give back also where the next one is refused', async () => {
    const pool = toPool('p', { unit: 'requests', max: 10_000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } });
    const world = createWorld({ pools: [pool], instances: 2 });
    const [one, other] = world.instances as [Instance, Instance];
    for (let made = 0; made < 30; made++) {
      await call(one);
      await world.clock.advance(50);
    }
    // Somebody else takes nearly all that is left, unseen.
    const usedToday = async (): Promise<number> =>
      Number(Object.entries(await bookOf(world)).find(([name]) => name.startsWith('p:'))?.[1]);
    const requests = 10_000 - 5 - (await usedToday());
    expect(await other.ledger.reserve(0, { requests, tokens: 1 }, terms)).toHaveProperty('reservation');
    await world.clock.advance(5_000);
    expect(await usedToday()).toBe(requests + 30);
    expect(slicesIn(world, 'refused')).toBe(1);
  });

  it('are written no more often for what calls teach of estimates, and each call learns from all before it', async () => {
    const pools = [
      toPool('p', { unit: 'requests', max: 100_000, clock: { kind: 'rolling', seconds: 60 } }),
      toPool('t', { unit: 'tokens', max: 100_000_000, clock: { kind: 'rolling', seconds: 60 } }),
    ];
    const world = createWorld({ pools });
    const [{ ledger }] = world.instances as [Instance];
    const estimated = { requests: 1, tokens: 100, input_tokens: 80, output_tokens: 20 };
    const ask = async (): Promise<void> => {
      const reserved = await ledger.reserve(0, estimated, terms);
      if ('reservation' in reserved) await ledger.settle(reserved.reservation, served(80, 120));
      await world.clock.advance(20);
    };
    for (let made = 0; made < 100; made++) await ask();
    const before = world.store.counts.writes;
    for (let made = 0; made < 100; made++) await ask();
    // Two seconds: a slice or two, what they give back, and no write of its own for each lesson.
    expect(world.store.counts.writes - before).toBeLessThan(6);
    await Promise.all([...(world.instances[0]?.holders ?? [])].map((flush) => flush()));
    // All calls took twice what was estimated: the mean deviation is all but ln 2, a tenth of the way with every call.
    expect((await bookOf(world))['a!e']).toBeCloseTo(Math.log(2), 1);
  });

  it('give back what was not used, to the last unit', async () => {
    const world = createWorld({ pools: [perDay] });
    const [one] = world.instances as [Instance];
    for (let made = 0; made < 137; made++) await call(one);
    expect(slicesIn(world)).toBeGreaterThan(0);
    await world.clock.advance(5_000);
    expect(Object.entries(await bookOf(world)).filter(([name]) => name.startsWith('daily:'))).toEqual([
      [expect.any(String), 137],
    ]);
    expect(one.holders.size).toBe(0);
  });

  it('give everything back at once before the process ends', async () => {
    const world = createWorld({ pools: [perDay] });
    const [one] = world.instances as [Instance];
    for (let made = 0; made < 50; made++) await call(one);
    expect(one.holders.size).toBe(1);
    for (const giveBack of one.holders) await giveBack();
    const [[, used] = []] = Object.entries(await bookOf(world)).filter(([name]) => name.startsWith('daily:'));
    expect(used).toBe(50);
    expect(one.holders.size).toBe(0);
  });

  it('of a killed instance stay counted until their window is over, and no longer', async () => {
    const world = createWorld({ pools: [perMinute] });
    const [one] = world.instances as [Instance];
    for (let made = 0; made < 40; made++) await call(one);
    world.crash(0);
    const [other] = world.instances as [Instance];
    await other.ledger.refresh(null);
    const usedNow = other.ledger.views(0, {})[0]?.used ?? 0;
    expect(usedNow).toBeGreaterThan(40);
    // The slice in force, and the one before, of which not all was given back yet.
    expect(usedNow).toBeLessThan(40 + (2 * 1_500) / 64);
    await world.clock.advance(70_000);
    expect(other.ledger.views(0, {})[0]?.used).toBe(0);
  });

  it('are not for pools with little room, balances, places, or where the process may freeze', async () => {
    const small = toPool('p', { unit: 'requests', max: 200, clock: { kind: 'rolling', seconds: 60 } });
    const balance = toPool('p', { unit: 'requests', max: 1e6, clock: { kind: 'once' } });
    const places = toPool('p', { unit: 'concurrent', max: 60, clock: { kind: 'concurrent' } });
    const short = toPool('p', { unit: 'requests', max: 1e6, clock: { kind: 'rolling', seconds: 1 } });
    for (const pools of [[small], [perDay, balance], [perDay, places], [perDay, short]]) {
      const world = createWorld({ pools });
      for (let made = 0; made < 100; made++) await call(world.instances[0] as Instance);
      expect(slicesIn(world)).toBe(0);
    }
    const frozen = createWorld({ pools: [perDay], freezes: true });
    for (let made = 0; made < 100; made++) await call(frozen.instances[0] as Instance);
    expect(slicesIn(frozen)).toBe(0);
  });

  it('end with a refusal for limits', async () => {
    const world = createWorld({ pools: [perDay] });
    const [one] = world.instances as [Instance];
    for (let made = 0; made < 50; made++) await call(one);
    const need = { requests: 1, tokens: 20 };
    const reserved = await one.ledger.reserve(0, need, terms);
    if (!('reservation' in reserved)) throw new Error('was refused');
    const refused = { kind: 'rate_limited', message: 'slow down', retryAfterMs: 10 } as const;
    await one.ledger.settle(reserved.reservation, { ...served(0, 0), failure: refused, usage: null, committed: false });
    await world.clock.advance(1_000);
    expect(Object.entries(await bookOf(world)).find(([name]) => name.startsWith('daily:'))?.[1]).toBe(50);
    const slices = slicesIn(world);
    for (let made = 0; made < 20; made++) await call(one);
    expect(slicesIn(world)).toBe(slices);
  });
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('calls' as const),
      at: fc.nat(3),
      calls: fc.integer({ min: 1, max: 300 }),
      tokens: fc.integer({ min: 20, max: 300 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(400), fc.nat(3_000), fc.nat(20_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), at: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('jump' as const),
      at: fc.nat(3),
      toMs: fc.integer({ min: -1_000, max: 1_000 }),
    }),
  },
);

/** The provider's own count of one pool. */
interface Count {
  readonly unit: string;
  readonly meter: Meter;
}

function toCount({ unit, max, clock }: BoundPool): Count {
  if (clock.kind === 'calendar')
    return { unit, meter: createMeter(max, { kind: 'calendar', every: 'day', zone: 'UTC' }) };
  return { unit, meter: createMeter(max, { kind: clock.kind === 'refill' ? 'refill' : 'sliding', seconds: 60 }) };
}

interface Total {
  calls: number;
  refused: number;
  slices: number;
}

/** Makes calls until one is refused; every one that is made must be within what the provider allows. */
async function makeCalls(
  { instance, nowMs, meters, total }: { instance: Instance; nowMs: number; meters: readonly Count[]; total: Total },
  { calls, tokens }: { calls: number; tokens: number },
): Promise<void> {
  for (let made = 0; made < calls; made++) {
    total.calls++;
    if (!(await call(instance, tokens))) return void total.refused++;
    for (const { unit, meter } of meters) {
      const amount = unit === 'requests' ? 1 : tokens;
      expect(meter.waitMs(amount, nowMs)).toBe(0);
      meter.take(amount, nowMs);
    }
  }
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function play(world: World, one: Step, meters: readonly Count[], total: Total): Promise<void> {
  if (one.kind === 'pass') return world.clock.advance(one.ms);
  if (one.kind === 'crash') return world.crash(one.at);
  const instance = world.instances[one.at] as Instance;
  if (one.kind === 'jump') instance.skewMs = one.toMs;
  else await makeCalls({ instance, nowMs: world.clock.now(), meters, total }, one);
}

describe('several instances with slices of the same pools', () => {
  it('never exceed a limit, whoever dies and however clocks jump within two seconds', async () => {
    const total: Total = { calls: 0, refused: 0, slices: 0 };
    const scene = fc.record({
      pools: fc.subarray([perMinute, bucket, perDay], { minLength: 1 }),
      steps: fc.array(step, { minLength: 20, maxLength: 60 }),
      // Some of them cross midnight.
      startMs: fc.constantFrom(START_MS, Date.UTC(2026, 10, 21, 23, 59, 30)),
    });
    await fc.assert(
      fc.asyncProperty(scene, async ({ pools, steps, startMs }) => {
        const world = createWorld({ pools, instances: 4, startMs });
        const meters = pools.map(toCount);
        for (const one of steps) await play(world, one, meters, total);
        total.slices += slicesIn(world);
      }),
      { numRuns: 40, seed: 20_261_121 },
    );
    // The scenes must have met slices and limits.
    expect(total.slices).toBeGreaterThan(100);
    expect(total.refused).toBeGreaterThan(50);
    expect(total.calls).toBeGreaterThan(10_000);
  });
});
