// This instance's copies of the books: read in batches, kept fresh by every write, and written through guarded updates only.
import { applyUpdate, type Item, type ItemKey, type Update, type UpdateResult } from '#shared/items.ts';
import { loadOnce } from '#shared/load-once.ts';
import { StoreUnavailable, type Clock, type ClockBounds, type Store } from '../ports.ts';
import type { Log, Metrics } from '../ports-telemetry.ts';

/** A copy of a book. */
export interface BookCopy {
  readonly item: Item | null;
  readonly readAtMs: number;
}

/** Told what a copy held and what it holds now. */
export type BookListener = (id: string, before: Item | null, after: Item | null) => void;

/** A change to a book. `lasting` books hold balances that never come back, and are kept for ever. */
export interface BookUpdate extends Pick<Update, 'guards' | 'add' | 'set' | 'remove' | 'patient'> {
  readonly lasting: boolean;
}

export interface Books {
  copy(id: string): BookCopy;
  /**
   * The time by which books are judged, ms: the store's, as far as its replies tell it. Where they do not, this instance's clock, or that of
   * the instance that is furthest ahead, as far as its writes have been seen. Instances whose clocks are apart would else hold different
   * opinions of when a window ends.
   */
  now(): number;
  /** How far that may be from the time by which other instances judge, ms, either way; absent where nothing is known of it. */
  doubtMs(): number | undefined;
  /** Calls the listener whenever a copy has changed. */
  onChange(listener: BookListener): void;
  /**
   * Reads those of the books that are older than allowed: at most one batch. Keeps the old copies when the store can't be reached.
   * `mostMs` allows less than usual. Answers whether all of them are fresh now.
   */
  refresh(ids: Iterable<string>, mostMs?: number): Promise<boolean>;
  /**
   * Writes through to the store and keeps what comes back. When the store can't be reached the update is judged on this instance's
   * own copy, so that one instance alone still keeps every limit; the bound on overshoot is then the number of live instances.
   */
  update(id: string, update: BookUpdate): Promise<UpdateResult>;
}

export interface BooksDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Age at which a copy is read again, ms. */
  readonly staleAfterMs: (id: string) => number;
  /** Books read at most in one batch. */
  readonly batchSize: number;
}

/** Attribute of a book that holds the time of its last write. */
const WRITTEN_AT = '@';
/** A clock further ahead than this is wrong: it is not followed, and what it wrote is set right. */
const LONGEST_LEAD_MS = 10_000;

const toKey = (id: string): ItemKey => ({ pk: `book#${id}`, sk: 'state' });
const unread: BookCopy = { item: null, readAtMs: -Infinity };

const DAY_MS = 24 * 3_600_000;
/** Books nobody has touched for this long may be deleted: longer than any window that comes to an end. */
const KEEP_DAYS = 70;
/** The same for a whole day, so that hardly a write has to change it. */
const toExpiry = (nowMs: number): number => (Math.ceil(nowMs / DAY_MS) + KEEP_DAYS) * DAY_MS;

/** The time by which books are judged, and how it is found. */
interface BookTime extends Pick<Books, 'now' | 'doubtMs'> {
  /** Somebody wrote a book at that time by their clock. */
  seen(writtenAtMs: number): void;
}

/** How far a clock within these bounds is taken to be ahead: not at all, where that may be. */
const toAheadMs = ({ leastMs, mostMs }: ClockBounds): number => Math.min(Math.max(0, leastMs), mostMs);

function createBookTime({ store, clock }: Pick<BooksDeps, 'store' | 'clock'>): BookTime {
  let behindMs = 0;
  return {
    now: () => {
      const bounds = store.ahead?.() ?? null;
      return clock.now() + (bounds === null ? behindMs : Math.round(toAheadMs(bounds)));
    },
    doubtMs: () => {
      const bounds = store.ahead?.() ?? null;
      if (bounds === null) return undefined;
      const aheadMs = toAheadMs(bounds);
      return Math.ceil(Math.max(bounds.mostMs - aheadMs, aheadMs - bounds.leastMs));
    },
    seen: (writtenAtMs) => {
      const leadMs = writtenAtMs - clock.now();
      if (leadMs > behindMs && leadMs < LONGEST_LEAD_MS) behindMs = leadMs;
    },
  };
}

/** Loaded by the first book of a clock that was far ahead. */
const loadSettingRight = loadOnce(() => import('./set-right.ts'));

interface Correction {
  /** Whether the clock that wrote a book last was far ahead of now: it has been set right since. */
  isAhead(id: string): boolean;
  /** Brings its times back; whatever is in the book would else wait for that time. */
  setRight(id: string): Promise<void>;
}

function createCorrection({
  copy,
  now,
  write,
}: Pick<Books, 'copy' | 'now'> & { write: (id: string, whole: Update) => Promise<UpdateResult> }): Correction {
  const leadOf = (item: Item | null): number => Number(item?.[WRITTEN_AT] ?? 0) - now();
  return {
    isAhead: (id) => leadOf(copy(id).item) >= LONGEST_LEAD_MS,
    setRight: async (id) => {
      const { toSetRight } = await loadSettingRight();
      const { item } = copy(id);
      const leadMs = leadOf(item);
      if (item === null || leadMs < LONGEST_LEAD_MS) return;
      const guards: Update['guards'] = [{ attr: WRITTEN_AT, is: 'equals', value: Number(item[WRITTEN_AT]) }];
      const set = toSetRight(item, { nowMs: now(), leadMs });
      await write(id, { key: toKey(id), guards, add: {}, set, remove: [] });
    },
  };
}

/** An empty set of copies over a store. */
export function createBooks({ store, clock, log, metrics, staleAfterMs, batchSize }: BooksDeps): Books {
  const copies = new Map<string, BookCopy>();
  const listeners: BookListener[] = [];
  const copy = (id: string): BookCopy => copies.get(id) ?? unread;
  const time = createBookTime({ store, clock });
  const keep = (id: string, item: Item | null): void => {
    const writtenAtMs = item?.[WRITTEN_AT];
    if (typeof writtenAtMs === 'number') time.seen(writtenAtMs);
    const before = copy(id).item;
    copies.set(id, { item, readAtMs: clock.now() });
    if (item !== before) for (const listener of listeners) listener(id, before, item);
  };
  const degrade = (error: unknown, what: string): void => {
    if (!(error instanceof StoreUnavailable)) throw error;
    metrics.count('freeway_store_unavailable_total', { what });
    log.warn('store.unavailable', { what, error: error.message });
  };
  const write = async (id: string, whole: Update): Promise<UpdateResult> => {
    let result: UpdateResult;
    try {
      result = await store.update(whole);
    } catch (error) {
      degrade(error, 'write');
      result = applyUpdate(copy(id).item, whole);
    }
    keep(id, result.item);
    return result;
  };
  const { isAhead, setRight } = createCorrection({ copy, now: time.now, write });
  return {
    copy,
    now: time.now,
    doubtMs: time.doubtMs,
    onChange: (listener) => void listeners.push(listener),
    refresh: async (ids, mostMs = Infinity) => {
      const nowMs = clock.now();
      const stale: string[] = [];
      for (const id of ids) {
        // A copy from ahead of now is of a clock that was set back since.
        if (Math.abs(nowMs - copy(id).readAtMs) < Math.min(mostMs, staleAfterMs(id))) continue;
        stale.push(id);
        if (stale.length === batchSize) break;
      }
      if (stale.length === 0) return true;
      try {
        const items = await store.batchGet(stale.map(toKey));
        stale.forEach((id, index) => keep(id, items[index] ?? null));
        await Promise.all(stale.filter(isAhead).map(setRight));
      } catch (error) {
        degrade(error, 'read');
      }
      return stale.length < batchSize;
    },
    update: async (id, { lasting, guards, add, set, remove, patient = false }) => {
      if (isAhead(id)) await setRight(id);
      const expiry = lasting ? null : { expiresAtMs: toExpiry(clock.now()) };
      const written = { ...set, [WRITTEN_AT]: time.now() };
      return write(id, { key: toKey(id), guards, add, set: written, remove, patient, ...expiry });
    },
  };
}
