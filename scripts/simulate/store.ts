// The shared store of the simulation: the real semantics with latency and outages, counted per item and per request.
import type { Item, ItemKey, UpdateResult } from '#shared/items.ts';
import { StoreUnavailable, type Store } from '#lambda/ports.ts';
import type { FakeClock } from '../../tests/fakes/clock.ts';
import { createMemoryStore } from '../../tests/fakes/memory-store.ts';

/** When the store can't be reached, ms from the start. */
export interface Outage {
  readonly fromMs: number;
  readonly forMs: number;
}

/** What the store was asked, by the words of a bill. */
export interface StoreTally {
  reads: number;
  itemsRead: number;
  writes: number;
  rejected: number;
  /** DynamoDB units: half a unit per 4 KB read, one per KB written. */
  readUnits: number;
  writeUnits: number;
  largestItemBytes: number;
  /** The most writes to one item in any one second. */
  hottestPerSecond: number;
}

export interface SimulatedStore extends Store {
  readonly tally: StoreTally;
}

/** Items are never changed, and read many times. */
const sizes = new WeakMap<Item, number>();

/** Bytes of an item as DynamoDB counts them: names, and numbers as half their digits and one more. */
export function itemBytes(item: Item): number {
  let bytes = sizes.get(item);
  if (bytes === undefined) sizes.set(item, (bytes = countBytes(item)));
  return bytes;
}

function digitsOf(value: number): number {
  // A whole number's digits need no text.
  if (Number.isSafeInteger(value)) return value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value)) + 1e-12) + 1;
  return String(value).replace(/[-.]/g, '').length;
}

function countBytes(item: Item): number {
  let bytes = 64; // keys and our own two attributes
  for (const name in item) {
    const value = item[name];
    if (typeof value === 'number') bytes += name.length + 1 + Math.ceil(digitsOf(value) / 2);
    else bytes += name.length + (typeof value === 'string' ? value.length : 1);
  }
  return bytes;
}

/** A read or write takes this long: about 4 ms, with a tail. */
function latencyMs(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(1, Math.round(4 * Math.exp(0.5 * normal)));
}

export interface StoreInput {
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly outage: Outage | null;
  /** Share of settlements that never arrive. */
  readonly lost: number;
}

/** Counts what is written, and how often to one item. */
function createTally(clock: FakeClock) {
  const tally: StoreTally = {
    reads: 0,
    itemsRead: 0,
    writes: 0,
    rejected: 0,
    readUnits: 0,
    writeUnits: 0,
    largestItemBytes: 0,
    hottestPerSecond: 0,
  };
  const perItem = new Map<string, number>();
  let second = -1;
  return {
    tally,
    read: (items: readonly (Item | null)[]): void => {
      tally.reads++;
      tally.itemsRead += items.length;
      for (const item of items) tally.readUnits += item === null ? 0.5 : 0.5 * Math.ceil(itemBytes(item) / 4096);
    },
    written: ({ pk }: ItemKey, { applied, item }: UpdateResult): void => {
      const now = Math.floor(clock.now() / 1000);
      if (now !== second) perItem.clear();
      second = now;
      const count = (perItem.get(pk) ?? 0) + 1;
      perItem.set(pk, count);
      const bytes = item === null ? 0 : itemBytes(item);
      tally.writes++;
      if (!applied) tally.rejected++;
      tally.writeUnits += Math.max(1, Math.ceil(bytes / 1024));
      tally.largestItemBytes = Math.max(tally.largestItemBytes, bytes);
      tally.hottestPerSecond = Math.max(tally.hottestPerSecond, count);
    },
  };
}

/** A store for all instances. */
export function createSimulatedStore({ clock, random, outage, lost }: StoreInput): SimulatedStore {
  const memory = createMemoryStore(clock);
  const startMs = clock.now();
  const { tally, read, written } = createTally(clock);

  const travel = async (): Promise<void> => {
    await clock.sleep(latencyMs(random));
    const at = clock.now() - startMs;
    if (outage !== null && at >= outage.fromMs && at < outage.fromMs + outage.forMs)
      throw new StoreUnavailable('the simulated store is down');
  };

  return {
    ...memory,
    tally,
    batchGet: async (keys) => {
      await travel();
      const items = await memory.batchGet(keys);
      read(items);
      return items;
    },
    update: async (update) => {
      await travel();
      // A settlement that is lost leaves its sender in good faith.
      const isSettlement = update.guards.length === 0 && update.key.pk.startsWith('book#');
      if (isSettlement && lost > 0 && random() < lost)
        return { applied: true, item: (await memory.get(update.key)) ?? {} };
      const result = await memory.update(update);
      written(update.key, result);
      return result;
    },
  };
}
