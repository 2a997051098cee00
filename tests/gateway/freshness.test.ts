// When requests wait for books to be read: never for calm ones on an instance that goes on running, as long as their copies are not old.
import { describe, expect, it } from 'vitest';
import { createFreshness } from '#lambda/gateway/freshness.ts';
import { createLedger, type Ledger } from '#lambda/gateway/ledger.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import type { Store } from '#lambda/ports.ts';
import type { Log } from '#lambda/ports-telemetry.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { toPool } from '../routing/pools-world.ts';

const START_MS = Date.UTC(2026, 10, 21, 12);
const pools = [
  toPool('perday', { unit: 'requests', max: 100, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } }),
];

interface House {
  readonly clock: FakeClock;
  readonly ledger: Ledger;
  readonly reads: () => number;
  /** Another instance uses so many requests. */
  use(count: number): Promise<void>;
  failReads(): void;
}

async function open({ goesOn }: { goesOn: boolean }): Promise<House> {
  const clock = createFakeClock(START_MS);
  const store = createMemoryStore(clock);
  let reads = 0;
  let fails = false;
  const batchGet: Store['batchGet'] = (keys) => {
    reads++;
    return fails ? Promise.reject(new TypeError('broken')) : store.batchGet(keys);
  };
  const quiet = (): undefined => undefined;
  const toLedger = (own: Store): Ledger =>
    createLedger({
      fleet: {
        candidates: [toCandidate({ credential: 'a', book: 'book', mark: 'a', pools })],
        credentials: [],
        models: [],
        names: {} as never,
        providers: [],
      },
      store: own,
      clock,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      metrics: createMetrics(),
      ...(goesOn ? { openSlices: createSlices } : {}),
    });
  const ledger = toLedger({ ...store, batchGet });
  const other = toLedger(store);
  await ledger.refresh(null);
  const use = async (count: number): Promise<void> => {
    for (let one = 0; one < count; one++) await other.reserve(0, { requests: 1 }, { lastResort: false, mostUsd: 0 });
  };
  return { clock, ledger, reads: () => reads, use, failReads: () => void (fails = true) };
}

const pressureOf = ({ ledger, clock }: House): number | undefined => ledger.standings(clock.now())[0]?.pressure;

describe('an instance that goes on running', () => {
  it('reads calm books beside the requests', async () => {
    const house = await open({ goesOn: true });
    await house.use(30);
    await house.clock.advance(5_100);
    expect(house.ledger.refresh(null)).toBeNull();
    expect(house.ledger.refresh(null)).toBeNull();
    expect(house.reads()).toBe(1);
    await house.clock.advance(300);
    expect(house.reads()).toBe(2);
    expect(pressureOf(house)).toBeCloseTo(0.3);
  });

  it('waits for copies that are old', async () => {
    const house = await open({ goesOn: true });
    await house.use(30);
    await house.clock.advance(15_100);
    await house.ledger.refresh(null);
    expect(pressureOf(house)).toBeCloseTo(0.3);
  });

  it('waits for books in which a pool is nearly used up', async () => {
    const house = await open({ goesOn: true });
    await house.use(80);
    await house.clock.advance(15_100);
    await house.ledger.refresh(null);
    pressureOf(house);
    await house.clock.advance(600);
    void house.ledger.refresh(null);
    await house.clock.advance(600);
    await house.use(10);
    const reading = house.ledger.refresh(null);
    expect(reading).not.toBeNull();
    await reading;
    await house.clock.advance(300);
    expect(pressureOf(house)).toBeCloseTo(0.9);
  });

  it('goes on after a reading beside the requests has failed', async () => {
    const house = await open({ goesOn: true });
    house.failReads();
    for (const expected of [2, 3]) {
      await house.clock.advance(5_100);
      expect(house.ledger.refresh(null)).toBeNull();
      await house.clock.advance(100);
      expect(house.reads()).toBe(expected);
    }
  });
});

describe('how candidates stand', () => {
  const toLooks = (goesOn: boolean) => {
    const clock = createFakeClock(START_MS);
    const told: number[] = [];
    const errors: string[] = [];
    let fails = false;
    const books = { refresh: async () => true, copy: () => ({ readAtMs: clock.now() }) } as unknown as Ledger['books'];
    const { refresh } = createFreshness({
      books,
      clock,
      log: { error: (event: string) => void errors.push(event) } as unknown as Log,
      ids: () => [],
      mostMs: () => 15_000,
      look: () => {
        if (fails) throw new TypeError('broken');
        told.push(clock.now() - START_MS);
      },
      goesOn,
    });
    return { clock, told, errors, refresh, fail: (does: boolean) => void (fails = does) };
  };

  it('is looked over four times a second beside the requests, and no more when none have come for a while', async () => {
    const { clock, told, refresh } = toLooks(true);
    await refresh();
    await clock.advance(1_000);
    expect(told).toEqual([250, 500, 750, 1_000]);
    await clock.advance(60_000);
    const last = told.at(-1) ?? 0;
    expect([last > 4_000, last < 5_500, clock.pending()]).toEqual([true, true, 0]);
    await refresh();
    await clock.advance(250);
    expect(told.at(-1)).toBe(61_250);
  });

  it('is looked over again after that has failed, which ends nothing else', async () => {
    const { clock, told, errors, refresh, fail } = toLooks(true);
    await refresh();
    fail(true);
    await clock.advance(250);
    fail(false);
    await clock.advance(250);
    expect([told, errors]).toEqual([[500], ['standings.unread']]);
  });

  it('is looked over while a request waits where the instance may be frozen', async () => {
    const { clock, told, refresh } = toLooks(false);
    await refresh();
    expect(clock.pending()).toBe(0);
    await clock.advance(1_000);
    expect(told).toEqual([]);
  });
});

describe('an instance that may be frozen', () => {
  it('reads while the request waits', async () => {
    const house = await open({ goesOn: false });
    await house.use(30);
    await house.clock.advance(5_100);
    const reading = house.ledger.refresh(null);
    expect(reading).not.toBeNull();
    await reading;
    expect(pressureOf(house)).toBeCloseTo(0.3);
  });
});
