// Records of requests: gathered so that many cost one write, written when an item is full, kept while the store is away.
import { describe, expect, it } from 'vitest';
import type { UsageRecord } from '#shared/api/usage.ts';
import { StoreUnavailable, type Store, type UsageBook } from '#lambda/ports.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createUsageBook } from '#lambda/store/usage.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';

const toRecord = (number: number, atMs: number): UsageRecord => ({
  request_id: `req_${number}`,
  at: new Date(atMs).toISOString(),
  person_id: 'owner',
  key_id: null,
  operation: 'chat',
  outcome: 'ok',
  route: 'a/b',
  credential: 'a',
  tier: 'free',
  input_tokens: 1,
  output_tokens: 2,
  audio_seconds: null,
  cost_usd: 0,
  list_usd: 0,
  wait_ms: 0,
  duration_ms: 3,
  rescues: 0,
  attempts: [],
});

interface Kept {
  readonly clock: FakeClock;
  readonly book: UsageBook;
  /** How many records each write held. */
  readonly writes: number[];
  readonly warnings: () => number;
  readonly note: (count: number) => void;
  readonly read: () => Promise<number[]>;
  away: boolean;
}

function open(gatherMs: number | null = 1_000): Kept {
  const clock = createFakeClock();
  const store = createSqliteStore({ path: ':memory:', now: clock.now });
  const writes: number[] = [];
  let warnings = 0;
  let noted = 0;
  const put: Store['put'] = async (key, item, expiresAtMs) => {
    if (kept.away) throw new StoreUnavailable('away');
    writes.push((JSON.parse(String(item['json'])) as unknown[]).length);
    await store.put(key, item, expiresAtMs);
  };
  const quiet = (): undefined => undefined;
  const log = { debug: quiet, info: quiet, warn: () => void warnings++, error: quiet };
  const book = createUsageBook({
    store: { ...store, put },
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

  it('are only written when told to where the process may be frozen', async () => {
    const { clock, book, note, writes } = open(null);
    note(250);
    await clock.advance(5_000);
    expect(writes).toEqual([]);
    await book.flush();
    expect(writes).toEqual([100, 100, 50]);
  });
});
