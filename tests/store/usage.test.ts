// Records of requests: gathered so that many cost one write, written when an item is full, kept while the store is away.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { UsageRecord } from '#shared/api/usage.ts';
import { StoreUnavailable, type Store, type UsageBook } from '#lambda/ports.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createUsageBook } from '#lambda/store/usage.ts';
import { fromUsageItem, toUsageItem } from '#lambda/store/usage-items.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { toUsageRecord } from '../fakes/usage-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-usage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let stores = 0;

const toRecord = (number: number, atMs: number): UsageRecord =>
  toUsageRecord(new Date(atMs).toISOString(), { request_id: `req_${number}` });

interface Kept {
  readonly clock: FakeClock;
  readonly book: UsageBook;
  /** How many records each write held. */
  readonly writes: number[];
  readonly warnings: () => number;
  readonly note: (count: number) => void;
  readonly read: () => Promise<number[]>;
  readonly queries: () => number;
  away: boolean;
  unreadable: boolean;
  /** Records that were lost, by the log. */
  lost: number;
}

const DAY_MS = 86_400_000;
const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function open(gatherMs: number | null = 1_000): Kept {
  const clock = createFakeClock();
  const store = createSqliteStore({ path: join(folder, `${stores++}.sqlite`), now: clock.now });
  const writes: number[] = [];
  let warnings = 0;
  let noted = 0;
  const put: Store['put'] = async (key, item, expiresAtMs) => {
    if (kept.away) throw new StoreUnavailable('away');
    writes.push(fromUsageItem(item).records.length);
    await store.put(key, item, expiresAtMs);
  };
  let queries = 0;
  const query: Store['query'] = (...asked) => {
    queries++;
    if (kept.unreadable) return Promise.reject(new StoreUnavailable('unreadable'));
    return store.query(...asked);
  };
  const quiet = (): undefined => undefined;
  const warn = (_: string, { what }: { readonly what?: unknown } = {}): void => {
    warnings++;
    kept.lost += Number(/(\d+) were lost/.exec(String(what))?.[1] ?? 0);
  };
  const log = { debug: quiet, info: quiet, warn, error: quiet };
  const book = createUsageBook({
    store: { ...store, put, query },
    clock,
    log,
    instance: 'i',
    gatherMs,
    retentionDays: () => 30,
  });
  const kept: Kept = {
    clock,
    book,
    writes,
    warnings: () => warnings,
    queries: () => queries,
    unreadable: false,
    lost: 0,
    note: (count) => {
      for (let one = 0; one < count; one++) book.note(toRecord(noted++, clock.now()));
    },
    read: async () => {
      const records = await book.readDay(new Date(clock.now()).toISOString().slice(0, 10));
      return records.map(({ request_id: id }) => Number(id.slice('req_'.length))).toSorted((a, b) => a - b);
    },
    away: false,
  };
  return kept;
}

const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('records of requests', () => {
  it('are gathered for a moment, and can be read meanwhile', async () => {
    const { clock, note, read, writes } = open();
    note(3);
    await clock.advance(900);
    expect(writes).toEqual([]);
    expect(await read()).toEqual(all(3));
    await clock.advance(200);
    expect(writes).toEqual([3]);
    expect(await read()).toEqual(all(3));
    expect(clock.pending()).toBe(0);
  });

  it('are written as soon as an item is full; the rest waits its time', async () => {
    const { clock, note, read, writes } = open();
    for (let part = 0; part < 5; part++) {
      note(50);
      await clock.advance(10);
    }
    expect(writes).toEqual([100, 100]);
    expect(await read()).toEqual(all(250));
    await clock.advance(1_000);
    expect(writes).toEqual([100, 100, 50]);
  });

  it('that tell of many attempts fit what a store takes, and hold up none of those behind them', async () => {
    const clock = createFakeClock();
    const store = createMemoryStore(clock);
    const quiet = (): undefined => undefined;
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const book = createUsageBook({ store, clock, log, instance: 'i', gatherMs: 1_000, retentionDays: () => 30 });
    // Every model of every provider was asked in vain.
    const attempts = Array.from({ length: 60 }, (_, index) => ({
      route: `a-server-of-our-own-number-${index}/m`,
      credential: `a-server-of-our-own-number-${index}`,
      tier: 'free' as const,
      failure: 'overloaded',
      status: 503,
      ms: 3,
    }));
    const at = new Date(clock.now()).toISOString();
    for (let number = 0; number < 100; number++) book.note(toUsageRecord(at, { attempts }));
    for (let number = 0; number < 10; number++) book.note(toUsageRecord(at));
    await clock.advance(2_000);
    expect(store.counts.writes).toBeGreaterThan(0);
    expect(clock.pending()).toBe(0);
    const { items } = await store.query(`usage#${at.slice(0, 10)}`);
    const kept = items.flatMap(({ item }) => fromUsageItem(item).records.map((record) => record.attempts.length));
    expect(kept.toSorted((a, b) => a - b)).toEqual([...Array<number>(10).fill(0), ...Array<number>(100).fill(60)]);
    // And no more of them than are needed.
    expect(items.length).toBeLessThan(20);
  });

  it('of a long day are read in turns with everything else, none of them twice and none left out while more are written', async () => {
    const { book, clock, note, read } = open();
    note(6_000);
    await clock.advance(2_000);
    note(30);
    let turns = 0;
    let reading = true;
    const work = (): void => {
      if (!reading) return;
      turns++;
      note(1);
      void book.flush();
      setImmediate(work);
    };
    setImmediate(work);
    const ids = await read();
    reading = false;
    expect(turns).toBeGreaterThan(5);
    expect(ids.slice(0, 6_030)).toEqual(all(6_030));
    expect(new Set(ids).size).toBe(ids.length);
    await book.flush();
  });

  it('of a day that many ask for at once are read from the store once, and anew for whoever comes later', async () => {
    const { book, clock, note, queries } = open();
    note(6_000);
    await clock.advance(2_000);
    const day = new Date(clock.now()).toISOString().slice(0, 10);
    const alone = await book.readDay(day);
    const each = queries();
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => book.readDay(day)));
    expect(queries()).toBe(2 * each);
    expect(others.every((records) => records === first)).toBe(true);
    expect(first).toEqual(alone);
    note(1);
    expect(await book.readDay(day)).toHaveLength(alone.length + 1);
    expect(queries()).toBe(3 * each);
  });

  it('that could not be read are asked for again by the next one', async () => {
    const kept = open();
    kept.note(1);
    const day = new Date(kept.clock.now()).toISOString().slice(0, 10);
    kept.unreadable = true;
    await expect(Promise.all([kept.book.readDay(day), kept.book.readDay(day)])).rejects.toThrow('unreadable');
    kept.unreadable = false;
    expect(await kept.book.readDay(day)).toHaveLength(1);
  });

  it('are kept while the store is away, which is warned of once a moment, and written when it is back', async () => {
    const kept = open();
    kept.away = true;
    for (let part = 0; part < 5; part++) {
      kept.note(100);
      await kept.clock.advance(10);
    }
    expect(kept.warnings()).toBe(1);
    await kept.clock.advance(1_000);
    expect(kept.warnings()).toBe(2);
    expect(await kept.read()).toEqual(all(500));
    kept.away = false;
    kept.note(1);
    await kept.clock.advance(1_000);
    expect(kept.writes).toEqual([100, 100, 100, 100, 100, 1]);
    expect(await kept.read()).toEqual(all(501));
    // Full items leave at once again.
    kept.note(100);
    await kept.clock.advance(10);
    expect(kept.writes.at(-1)).toBe(100);
  });

  it('are lost from the oldest on, which is told, where the store is away for longer than there is memory for', async () => {
    const kept = open();
    kept.away = true;
    kept.note(10_150);
    await kept.clock.advance(1_000);
    // When an item was full, and when they had been gathered: not for each that came meanwhile.
    expect(kept.warnings()).toBe(2);
    expect(kept.lost).toBe(150);
    kept.away = false;
    kept.note(1);
    await kept.clock.advance(1_000);
    expect(await kept.read()).toEqual(all(10_151).slice(150));
  });

  it('of two days that wait together are written to the day of each', async () => {
    const { clock, book, note, writes } = open(null);
    const days = [toDay(clock.now()), toDay(clock.now() + DAY_MS)];
    note(3);
    await clock.advance(DAY_MS);
    note(4);
    await clock.advance(0);
    await book.flush();
    expect(writes).toEqual([3, 4]);
    const read = await Promise.all(
      days.map(async (day) => (await book.readDay(day)).map(({ at }) => toDay(Date.parse(at)))),
    );
    expect(read).toEqual([Array(3).fill(days[0]), Array(4).fill(days[1])]);
  });

  it('are only written when told to where the process may be frozen', async () => {
    const { clock, book, note, writes } = open(null);
    note(250);
    await clock.advance(5_000);
    expect(writes).toEqual([]);
    await book.flush();
    expect(writes).toEqual([100, 100, 50]);
  });
});

/** Records in which everything differs that can, and anything may be missing that may. */
const anyRecord: fc.Arbitrary<UsageRecord> = fc
  .record({
    number: fc.nat(50),
    key_id: fc.constantFrom(null, 'key_1', '\u2603 "quoted"'),
    outcome: fc.constantFrom('ok', 'limits'),
    route: fc.constantFrom(null, 'a/b', 'c/d'),
    tier: fc.constantFrom(null, 'free' as const, 'paid' as const),
    cost_usd: fc.constantFrom(null, 0, 0.25),
    attempts: fc.constantFrom<UsageRecord['attempts']>(
      [],
      [{ route: 'x/y', credential: 'x', tier: 'free', failure: 'timeout', status: null, ms: 3 }],
    ),
    more: fc.constantFrom<Partial<UsageRecord>>(
      {},
      {},
      { cached: false },
      { cached: true, first_content_ms: 0, requested_model: 'auto' },
      { finish: 'stop', experiment: 'e', arm: 'control' },
    ),
  })
  .map(({ number, more, ...some }) => ({ ...toRecord(number, 1_795_000_000_000), ...some, ...more }));

describe('items of records', () => {
  it('give back what was put into them, by list and by columns', () => {
    let byColumns = 0;
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 12 }), (records) => {
        const item = toUsageItem(records);
        expect(fromUsageItem(item)).toEqual({ records, isWhole: true });
        if (item['columns'] === undefined) return;
        byColumns++;
        // What a version that knows only lists reads.
        expect(JSON.parse(String(item['json']))).toEqual([]);
      }),
      { numRuns: 500 },
    );
    expect(byColumns).toBeGreaterThan(100);
  });

  it('of one request stay the list that every version knows', () => {
    expect(toUsageItem([toRecord(1, 0)])).toEqual({ json: JSON.stringify([toRecord(1, 0)]) });
  });

  it('of many requests take a third of the room of a list at most', () => {
    const records = Array.from({ length: 100 }, (_, index) => ({
      ...toRecord(index, 1_795_000_000_000 + index),
      route: `provider-${index % 50}/model-${index % 10}`,
      duration_ms: index % 7,
    }));
    expect(JSON.stringify(toUsageItem(records)).length).toBeLessThan(JSON.stringify(records).length / 3);
  });

  it('that are damaged are left out, and told of', () => {
    for (const item of [{ json: '[{}]' }, { json: '[]', columns: '{"count":1,"columns":{"at":7}}' }, { json: 'x' }])
      expect(fromUsageItem(item)).toEqual({ records: [], isWhole: false });
  });
});
