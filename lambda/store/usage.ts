// Keeps a record of every request: gathered for a moment, so that many cost one write, and swept when they are old.
import { usageRecordSchema, type UsageRecord } from '#shared/api/usage.ts';
import * as z from 'zod/mini';
import type { Clock, Log, Store, UsageBook } from '../ports.ts';

export interface UsageBookOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells this instance's items from those of others. */
  readonly instance: string;
  /** Records are gathered so long, ms; null: only `flush` writes them (where an instance may be frozen at any time). */
  readonly gatherMs: number | null;
  readonly retentionDays: number;
}

const DAY_MS = 86_400_000;
/** Records in one item, well below what DynamoDB takes. */
const MAX_IN_ITEM = 100;
/** Kept in memory while the store is away; older ones are then lost, and the log says so. */
const MAX_WAITING = 10_000;
const listSchema = z.array(usageRecordSchema);

const partitionOf = (day: string): string => `usage#${day}`;

/** The book over a store. */
export function createUsageBook(options: UsageBookOptions): UsageBook {
  const { store, clock, log, instance, gatherMs, retentionDays } = options;
  let waiting: UsageRecord[] = [];
  let timer: (() => void) | null = null;
  let written = 0;
  let writing: Promise<void> = Promise.resolve();

  const writeSome = async (): Promise<void> => {
    while (waiting.length > 0) {
      const [first] = waiting;
      if (first === undefined) return;
      const day = first.at.slice(0, 10);
      const batch = waiting.slice(0, MAX_IN_ITEM).filter(({ at }) => at.startsWith(day));
      const key = { pk: partitionOf(day), sk: `${first.at}#${instance}#${written++}` };
      const expiresAtMs = Date.parse(first.at) + retentionDays * DAY_MS;
      await store.put(key, { json: JSON.stringify(batch) }, expiresAtMs);
      const done = new Set(batch);
      waiting = waiting.filter((record) => !done.has(record));
    }
  };
  const flush = (): Promise<void> => {
    timer?.();
    timer = null;
    writing = writing.then(writeSome).catch((error: unknown) => {
      const lost = Math.max(0, waiting.length - MAX_WAITING);
      waiting = waiting.slice(lost);
      log.warn('usage.unwritten', {
        error: error instanceof Error ? error.name : 'unknown',
        what: `${waiting.length} records wait, ${lost} were lost`,
      });
    });
    return writing;
  };
  const readDay = async (day: string): Promise<UsageRecord[]> => {
    const items: UsageRecord[][] = [];
    let after: string | undefined;
    do {
      const page = await store.query(partitionOf(day), after === undefined ? {} : { after });
      for (const { item } of page.items) items.push(listSchema.parse(JSON.parse(String(item['json']))));
      after = page.next ?? undefined;
    } while (after !== undefined);
    const here = waiting.filter(({ at }) => at.startsWith(day));
    return [...items.flat(), ...here].toSorted((a, b) => (a.at < b.at ? 1 : -1));
  };
  return {
    note: (record) => {
      waiting.push(record);
      if (gatherMs !== null) timer ??= clock.after(gatherMs, () => void flush());
    },
    flush,
    readDay,
  };
}
