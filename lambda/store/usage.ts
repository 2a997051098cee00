// Keeps a record of every request: gathered for a moment, so that many cost one write, and swept when they are old.
import type { UsageRecord } from '#shared/api/usage.ts';
import { setImmediate as turn } from 'node:timers/promises';
import type { Item } from '#shared/items.ts';
import type { Clock, Store, UsageBook } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';
import type { reopenDay } from './usage-days.ts';
import { fromUsageItem, toUsageItem, type UsageRead } from './usage-items.ts';

export interface UsageBookOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells this instance's items from those of others. */
  readonly instance: string;
  /** Records are gathered so long, ms, or until an item is full; null: only `flush` writes them (where an instance may be frozen at any time). */
  readonly gatherMs: number | null;
  readonly retentionDays: () => number;
  /** Called when something was written. */
  readonly onWritten?: () => void;
}

const DAY_MS = 86_400_000;
/** Records in one item, and bytes: a record of many attempts has some kB, DynamoDB takes 400, and a page of items is to be read within its patience. */
const MAX_IN_ITEM = 100;
const MAX_BYTES = 100_000;
/** Kept in memory while the store is away; older ones are then lost, and the log says so. */
const MAX_WAITING = 10_000;
const partitionOf = (day: string): string => `usage#${day}`;

/** Items asked for at once, and those of them that are read before everything else has its turn: some milliseconds each. */
const PAGE_ITEMS = 100;
const AT_ONCE = 5;

/**
 * What is written of a day, read in turns with everything else; `onPage` is called when more has come, and nothing can have been written since,
 * with whether that was the last.
 */
async function readWritten(store: Store, day: string, onPage: (isLast: boolean) => void): Promise<UsageRead> {
  const items: UsageRead[] = [];
  let after: string | undefined;
  do {
    const page = await store.query(partitionOf(day), { limit: PAGE_ITEMS, ...(after === undefined ? {} : { after }) });
    onPage(page.next === null);
    for (const { item } of page.items) {
      items.push(fromUsageItem(item));
      if (items.length % AT_ONCE === 0) await turn();
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return { records: items.flatMap(({ records }) => records), isWhole: items.every(({ isWhole }) => isWhole) };
}

/** The records of a day that waiting ones begin with, as far as they fit one item. */
function takeFirst(waiting: readonly UsageRecord[], day: string): UsageRecord[] {
  const next = waiting.slice(0, MAX_IN_ITEM);
  const other = next.findIndex(({ at }) => !at.startsWith(day));
  return other < 0 ? next : next.slice(0, other);
}

/** The first of these records as an item, and how many they are: fewer where all of them have no room in one. */
function pack(records: readonly UsageRecord[]): { readonly item: Item; readonly count: number } {
  const item = toUsageItem(records);
  const fits = Buffer.byteLength(String(item['columns'] ?? item['json'])) <= MAX_BYTES;
  return fits || records.length === 1
    ? { item, count: records.length }
    : pack(records.slice(0, Math.ceil(records.length / 2)));
}

/** How far the clock has ever been when it was looked at: one that ran ahead may have had a day added up too early. */
function createFurthest({ now }: Pick<Clock, 'now'>): () => number {
  let furthestMs = 0;
  return () => (furthestMs = Math.max(furthestMs, now()));
}

const reopen = async (...what: Parameters<typeof reopenDay>): Promise<void> =>
  (await import('./usage-days.ts')).reopenDay(...what);

type ReadDay = (day: string) => Promise<UsageRead>;

/** Reads days, with what waits to be written. Who comes while a day is being read reads along: each reader would else hold all its records in memory. */
function createDayReader(
  { store, log }: Pick<UsageBookOptions, 'store' | 'log'>,
  readWaiting: () => readonly UsageRecord[],
): ReadDay {
  /** Days that are being read, until their last page has come. */
  const reading = new Map<string, Promise<UsageRead>>();
  const told = new Set<string>();
  const readAnew: ReadDay = async (day) => {
    // What waits may be written while the rest is read: it counts as it stood with the last page.
    let here: readonly UsageRecord[] = [];
    const { records, isWhole } = await readWritten(store, day, (isLast) => {
      here = readWaiting().filter(({ at }) => at.startsWith(day));
      if (isLast) reading.delete(day);
    });
    if (!isWhole && !told.has(day)) log.warn('usage.unreadable', { what: day });
    if (!isWhole) told.add(day);
    return { records: [...records, ...here].sort((a, b) => (a.at < b.at ? 1 : -1)), isWhole };
  };
  return (day) => {
    const known = reading.get(day);
    if (known !== undefined) return known;
    const read = readAnew(day);
    reading.set(day, read);
    // A read that failed is nobody else's.
    read.catch(() => reading.delete(day));
    return read;
  };
}

/** The book over a store. */
export function createUsageBook(options: UsageBookOptions): UsageBook {
  const { store, clock, log, instance, gatherMs, retentionDays, onWritten = () => undefined } = options;
  let waiting: UsageRecord[] = [];
  let timer: (() => void) | null = null;
  let written = 0;
  let writing: Promise<void> = Promise.resolve();
  /** The last write failed. */
  let isAway = false;
  /** One is under way, and takes along what comes meanwhile. */
  let isWriting = false;
  const furthest = createFurthest(clock);

  /** Writes as long as at least so many wait. */
  const writeSome = async (least: number): Promise<void> => {
    while (waiting.length >= least) {
      const [first] = waiting;
      if (first === undefined) return;
      const day = first.at.slice(0, 10);
      const { item, count } = pack(takeFirst(waiting, day));
      const key = { pk: partitionOf(day), sk: `${first.at}#${instance}#${written++}` };
      const expiresAtMs = Date.parse(first.at) + retentionDays() * DAY_MS;
      if (furthest() > Date.parse(day) + DAY_MS) await reopen(options, day, furthest());
      await store.put(key, item, expiresAtMs);
      // What came meanwhile stands behind.
      waiting.splice(0, count);
      onWritten();
    }
  };
  const write = (least: number): Promise<void> => {
    isWriting = true;
    const done = writing.then(() => writeSome(least)).then(() => void (isAway = false));
    const told = done.catch((error: unknown) => {
      isAway = true;
      const lost = Math.max(0, waiting.length - MAX_WAITING);
      waiting = waiting.slice(lost);
      log.warn('usage.unwritten', {
        error: error instanceof Error ? error.name : 'unknown',
        what: `${waiting.length} records wait, ${lost} were lost`,
      });
    });
    writing = told.then(() => void (isWriting = false));
    return writing;
  };
  const flush = (): Promise<void> => {
    timer?.();
    timer = null;
    return write(1);
  };
  const readDay = createDayReader(options, () => waiting);
  return {
    rowsOfDays: async function* (from, to) {
      furthest();
      yield* (await import('./usage-days.ts')).readRowsOfDays(options, { from, to }, readDay);
    },
    note: (record) => {
      waiting.push(record);
      if (gatherMs === null) return;
      timer ??= clock.after(gatherMs, () => void flush());
      // Full items are not kept waiting: all of a second at once would hold up everything else, and take a second's memory.
      if (waiting.length >= MAX_IN_ITEM && !isAway && !isWriting) void write(MAX_IN_ITEM);
    },
    flush,
    readDay: async (day) => (await readDay(day)).records,
  };
}
