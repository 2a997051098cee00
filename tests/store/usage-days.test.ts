// Days that are over are added up once: a year costs few reads, says what its records say, and takes up what comes late.
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { usageGroups, type UsageGroup, type UsageRecord } from '#shared/api/usage.ts';
import { createUsageSums, toUsageRow, type UsageRow, type UsageSums } from '#shared/usage-sums.ts';
import type { Store, UsageBook } from '#lambda/ports.ts';
import { createUsageBook } from '#lambda/store/usage.ts';
import { packRows, unpackRows } from '#lambda/store/usage-days.ts';
import { toUsageItem } from '#lambda/store/usage-items.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';
import { createRandom } from '../fakes/random.ts';
import { toUsageRecord } from '../fakes/usage-record.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const NOW = '2026-11-22T12:00:00Z';
const quiet = (): undefined => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let clock: FakeClock;
let store: MemoryStore;
beforeEach(() => {
  clock = createFakeClock(Date.parse(NOW));
  store = createMemoryStore(clock);
});

const openBook = (over: Partial<Store> = {}, retentionDays = 400): UsageBook =>
  createUsageBook({
    store: { ...store, ...over },
    clock,
    log,
    instance: 'i',
    gatherMs: null,
    retentionDays: () => retentionDays,
  });

const toRecord = (at: string, some: Partial<UsageRecord> = {}): UsageRecord =>
  toUsageRecord(at, { person_id: 'ann', list_usd: 0.25, wait_ms: 1, ...some });

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const today = NOW.slice(0, 10);
const yesterday = toDay(Date.parse(NOW) - DAY_MS);
const [first, last] = [toDay(Date.parse(NOW) - 364 * DAY_MS), today];

/** Amounts that add up the same in whatever order, so that sums can be compared to the last digit. */
const anyRecord = fc.record({
  day: fc.nat(364),
  ms: fc.nat(DAY_MS / 2 - 1),
  person_id: fc.constantFrom('ann', 'bob'),
  key_id: fc.constantFrom(null, 'key_1', 'key_2'),
  route: fc.constantFrom(null, 'a/b', 'a/c/d', 'e/f'),
  tier: fc.constantFrom(null, 'free' as const, 'paid' as const),
  operation: fc.constantFrom('chat', 'embeddings'),
  outcome: fc.constantFrom('ok', 'exhausted'),
  input_tokens: fc.constantFrom(null, 5),
  cost_usd: fc.constantFrom(null, 0.25, 1.5),
});

/** As they would lie there from a version that knew nothing of days. */
async function lay(records: readonly UsageRecord[]): Promise<void> {
  for (const record of records) {
    const key = { pk: `usage#${record.at.slice(0, 10)}`, sk: `${record.at}#earlier#${record.request_id}` };
    await store.put(key, toUsageItem([record]), Date.parse(record.at) + 400 * DAY_MS);
  }
}

async function readRows(book: UsageBook, from = first, to = last): Promise<UsageRow[]> {
  const all: UsageRow[] = [];
  for await (const rows of book.rowsOfDays(from, to)) all.push(...rows);
  return all;
}

function sum(by: UsageGroup, rows: readonly UsageRow[]): UsageSums {
  const sums = createUsageSums(by);
  sums.add(rows);
  return sums.result();
}
const requestsOf = (rows: readonly UsageRow[]): number => sum('day', rows).total.requests;

it('sums of money are told as people add them up', () => {
  const sums = createUsageSums('day');
  const record = toRecord(NOW, { cost_usd: 0.000169, tier: 'paid' });
  sums.add([record, { ...record, cost_usd: 0.000105 }, ...Array.from({ length: 3 }, () => record)].map(toUsageRow));
  const { total, groups } = sums.result();
  expect([total.cost_usd, groups[0]?.cost_usd]).toEqual([0.000781, 0.000781]);
});

describe('a year', () => {
  it('costs few reads once it was read, and nothing is written but what was added up', async () => {
    const days = Array.from({ length: 365 }, (_, index) => toDay(Date.parse(first) + index * DAY_MS));
    await lay(days.map((day) => toRecord(`${day}T10:00:00.000Z`)));
    const book = openBook();
    expect(requestsOf(await readRows(book))).toBe(365);
    const before = { ...store.counts };
    expect(requestsOf(await readRows(book))).toBe(365);
    // Four pages of days, and the records of the one that is not over.
    expect(store.counts.reads - before.reads).toBe(5);
    expect(store.counts.writes).toBe(before.writes);
    // Each day but this one was written once.
    expect(before.writes).toBe(365 + 364);
    await clock.advance(DAY_MS);
    const next = store.counts.writes;
    await readRows(book, first, toDay(clock.now()));
    expect(store.counts.writes - next).toBe(1);
  });

  it('says what its records say, however they are told apart, before and after it was added up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 60 }), async (some) => {
        store = createMemoryStore(clock);
        const records = some.map(({ day, ms, ...more }) =>
          toRecord(new Date(Date.parse(first) + day * DAY_MS + ms).toISOString(), more),
        );
        await lay(records);
        const [fresh, kept] = [await readRows(openBook()), await readRows(openBook())];
        const one = records.map(toUsageRow);
        for (const by of usageGroups.filter((group) => group !== 'hour')) {
          expect(sum(by, fresh)).toEqual(sum(by, one));
          expect(sum(by, kept)).toEqual(sum(by, one));
          const ofAnn = ({ person_id: id }: UsageRow): boolean => id === 'ann';
          expect(sum(by, kept.filter(ofAnn))).toEqual(sum(by, one.filter(ofAnn)));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('has no days past the time for which records are kept, which nobody asks the store for', async () => {
    const book = openBook({}, 10);
    await readRows(book);
    expect(store.counts.reads).toBe(12);
  });
});

describe('a day', () => {
  it('is not added up for good until an hour after its end', async () => {
    clock = createFakeClock(Date.parse(`${today}T00:30:00Z`));
    store = createMemoryStore(clock);
    await lay([toRecord(`${yesterday}T10:00:00.000Z`)]);
    const book = openBook();
    await readRows(book, yesterday, yesterday);
    expect(store.counts.writes).toBe(1);
    await clock.advance(HOUR_MS);
    await readRows(book, yesterday, yesterday);
    expect(store.counts.writes).toBe(2);
  });

  it('that was added up takes in what comes late, and is added up again an hour after it', async () => {
    const late = openBook();
    await lay([toRecord(`${yesterday}T10:00:00.000Z`)]);
    expect(requestsOf(await readRows(openBook(), yesterday, yesterday))).toBe(1);
    // An instance that was frozen, or whose store was away.
    late.note(toRecord(`${yesterday}T23:59:00.000Z`));
    await late.flush();
    expect(requestsOf(await readRows(openBook(), yesterday, yesterday))).toBe(2);
    const before = store.counts.writes;
    await clock.advance(HOUR_MS + 1);
    for (let time = 0; time < 2; time++) expect(requestsOf(await readRows(openBook(), yesterday, yesterday))).toBe(2);
    expect(store.counts.writes - before).toBe(1);
  });

  it('to which something comes while it is added up is not kept without it', async () => {
    await lay([toRecord(`${yesterday}T10:00:00.000Z`)]);
    let comes = true;
    const query: Store['query'] = async (pk, options) => {
      const page = await store.query(pk, options);
      if (pk.startsWith('usage#') && comes) {
        comes = false;
        const late = openBook();
        late.note(toRecord(`${yesterday}T23:59:00.000Z`));
        await late.flush();
      }
      return page;
    };
    await readRows(openBook({ query }), yesterday, yesterday);
    expect(comes).toBe(false);
    expect(requestsOf(await readRows(openBook(), yesterday, yesterday))).toBe(2);
  });

  it('whose late writer was ended before its records came is as it was', async () => {
    await lay([toRecord(`${yesterday}T10:00:00.000Z`)]);
    await readRows(openBook(), yesterday, yesterday);
    const put = async (): Promise<void> => {
      throw new Error('ended');
    };
    const late = openBook({ put });
    late.note(toRecord(`${yesterday}T23:59:00.000Z`));
    await late.flush();
    expect(requestsOf(await readRows(openBook(), yesterday, yesterday))).toBe(1);
  });

  it('that was added up a moment ago takes in what comes a moment later', async () => {
    clock = createFakeClock(Date.parse(`${today}T01:00:00.001Z`));
    store = createMemoryStore(clock);
    await lay([toRecord(`${yesterday}T10:00:00.000Z`)]);
    const book = openBook();
    expect(requestsOf(await readRows(book, yesterday, yesterday))).toBe(1);
    book.note(toRecord(`${yesterday}T23:59:00.000Z`));
    await book.flush();
    expect(requestsOf(await readRows(book, yesterday, yesterday))).toBe(2);
  });

  it('with more kinds of use than an item has room for is read from its records, as often as it is asked for', async () => {
    const random = createRandom(7);
    const name = (): string => Array.from({ length: 6 }, () => Math.floor(random() * 2 ** 32).toString(36)).join('');
    const records = Array.from({ length: 9_000 }, () => toRecord(`${yesterday}T10:00:00.000Z`, { person_id: name() }));
    const book = openBook();
    for (const record of records) book.note(record);
    await book.flush();
    await clock.advance(HOUR_MS + 1);
    for (let time = 0; time < 2; time++) expect(requestsOf(await readRows(book, yesterday, yesterday))).toBe(9_000);
    expect((await store.get({ pk: 'usage-days', sk: yesterday }))?.['rows']).toBeUndefined();
  });

  it('that was added up by a clock that ran ahead takes in the rest of it once the clock is right', async () => {
    let aheadMs = DAY_MS;
    const now = clock.now;
    clock = { ...clock, now: () => now() + aheadMs };
    const book = openBook();
    await lay([toRecord(NOW)]);
    expect(requestsOf(await readRows(book, today, today))).toBe(1);
    aheadMs = 0;
    book.note(toRecord(`${today}T13:00:00.000Z`));
    await book.flush();
    await clock.advance(DAY_MS);
    expect(requestsOf(await readRows(openBook(), today, today))).toBe(2);
  });

  it('that is under way costs a request no second write', async () => {
    const book = openBook();
    for (let request = 0; request < 3; request++) {
      book.note(toRecord(NOW));
      await book.flush();
    }
    expect(store.counts).toEqual({ reads: 0, writes: 3 });
  });

  it('that was kept in a way this version does not know is added up anew', async () => {
    await lay([toRecord(`${yesterday}T10:00:00.000Z`)]);
    await readRows(openBook(), yesterday, yesterday);
    for (const rows of ['x', packRows([{ ...toUsageRow(toRecord(NOW)), tier: 'leased' as 'paid' }])]) {
      await store.put({ pk: 'usage-days', sk: yesterday }, { rows });
      expect(requestsOf(await readRows(openBook(), yesterday, yesterday))).toBe(1);
      const kept = await store.get({ pk: 'usage-days', sk: yesterday });
      expect(unpackRows(String(kept?.['rows']))).toHaveLength(1);
    }
  });

  it('of a hundred people with ten models each lies in one item of a tenth of what DynamoDB takes', () => {
    const rows = Array.from({ length: 1_000 }, (_, index) => ({
      ...toUsageRow(toRecord(yesterday)),
      person_id: `person_${Math.floor(index / 10)}-${'0123456789abcdef'.slice(index % 7)}`,
      route: `provider-${index % 10}/model-${index % 10}`,
      input_tokens: (index * 7_919) % 100_003,
      duration_ms: (index * 104_729) % 1_000_003,
      cost_usd: ((index * 31) % 977) / 1e6,
    }));
    expect(packRows(rows).length).toBeLessThan(40_000);
    expect(unpackRows(packRows(rows))).toEqual(rows);
  });
});
