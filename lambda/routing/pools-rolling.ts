// Rolling pools as an exact log in short slots, reserved over by one guard on all that was ever taken.
import type { Clock } from '#shared/pools.ts';
import type { Item } from '#shared/items.ts';
import type { Draft } from './pools-ops.ts';
import { numberIn, toAttr } from './pools-ops.ts';
import { arrivalMs, wayMs, type Charge, type PoolQuestion, type PoolRules } from './pools-rules.ts';

/**
 * The log counts what was taken in each slot; a slot is forgotten once it is older than the interval and a call's way to its provider.
 * Beside it stands the sum of all that was ever taken, which never falls. A writer who knows the log as of sum S, with room R now, may
 * take `amount` as long as the sum is at most S + R - amount: whatever others took since is in the difference. One guard and two
 * additions, however fine the slots are; a writer whose copy is too old is refused, gets the new state back, and judges again.
 */
const FINEST_SLOTS = 480;
const FINE_SLOTS = 120;
const COARSE_SLOTS = 30;
/** Pools this small are never in more slots than they hold calls, so that fine slots cost no space. What a slot is too long is lost to every call. */
const FINEST_REQUESTS = 30;
const FINE_REQUESTS = 120;
const FINE_TOKENS = 20_000;
const SHORTEST_SLOT_MS = 100;
/** The allowances for a call's way and for clocks may take a fifth of an interval, not more. */
const LARGEST_SHARE_MS = 200;
/** What is dated further ahead is booked for calls that are still to be made, ms. */
const BOOKED_MS = 4_000;

/** Slot numbers come round after so many slots, to keep names short: hours later at least, when old ones have long been swept. */
const ROUND = 36 ** 4;
/** A slot older than one that still counts by so many slots, and by this share of the reach, may be swept: no slow instance will ask for it. */
const SWEEP_AFTER = 20;
const SWEEP_SHARE = 1 / 6;

type RollingClock = Extract<Clock, { kind: 'rolling' }>;
type RollingCharge = Extract<Charge, { kind: 'rolling' }>;

/** Length of a pool's slots, ms. */
export function slotMsOf({ unit, max }: Pick<PoolQuestion, 'unit' | 'max'>, seconds: number): number {
  const isFine = max <= (unit === 'requests' ? FINE_REQUESTS : FINE_TOKENS);
  const isFinest = unit === 'requests' && max <= FINEST_REQUESTS;
  const slots = isFinest ? FINEST_SLOTS : isFine ? FINE_SLOTS : COARSE_SLOTS;
  return Math.max(SHORTEST_SLOT_MS, Math.ceil((seconds * 1000) / slots));
}

const prefixAttr = toAttr(':');
const sumAttr = toAttr('+');

/** Names are kept short: the end of a key tells it from the others of its book. */
const toPrefix = (key: string): string => prefixAttr(key.slice(-5));
const slotName = (prefix: string, slot: number): string => prefix + (slot % ROUND).toString(36);
const sumName = (key: string): string => sumAttr(key.slice(-5));

interface Log {
  readonly prefix: string;
  readonly slotMs: number;
  /** The slot of this moment. */
  readonly slot: number;
  /** A slot counts until it is older than this, in slots. */
  readonly reach: number;
}

/** What a question is asked of. */
interface Asked {
  readonly seconds: number;
  readonly slotMs: number;
  readonly nowMs: number;
  readonly doubtMs?: number | undefined;
}

/** How much later than it should a slot stops counting: calls are on their way, and this clock may be ahead. */
function allowanceMs({ seconds, doubtMs }: Pick<Asked, 'seconds' | 'doubtMs'>): number {
  return Math.min(doubtMs === undefined ? arrivalMs : wayMs + doubtMs, seconds * LARGEST_SHARE_MS);
}

/** How much later than now something is written down: this clock may be behind. Who knows nothing of that leaves it to the readers. */
const shiftMs = ({ seconds, doubtMs = 0 }: Pick<Asked, 'seconds' | 'doubtMs'>): number =>
  Math.min(doubtMs, (seconds * LARGEST_SHARE_MS) / 2);

function toLog(key: string, asked: Asked): Log {
  const { seconds, slotMs, nowMs } = asked;
  return {
    prefix: toPrefix(key),
    slotMs,
    slot: Math.floor(nowMs / slotMs),
    reach: Math.ceil((seconds * 1000 + allowanceMs(asked)) / slotMs),
  };
}

/** One slot as a book holds it. */
interface Slot {
  readonly name: string;
  /** Its number, which comes round. */
  readonly at: number;
  readonly amount: number;
}

/** The slots of each book, by the beginning of their names: books are never changed, and asked many times. */
const slotsOfBooks = new WeakMap<Item, ReadonlyMap<string, readonly Slot[]>>();
const noSlots: readonly Slot[] = [];

function toSlots(book: Item): ReadonlyMap<string, readonly Slot[]> {
  const slots = new Map<string, Slot[]>();
  for (const name in book) {
    const end = name.lastIndexOf(':') + 1;
    if (end === 0) continue;
    const prefix = name.slice(0, end);
    const slot = { name, at: Number.parseInt(name.slice(end), 36), amount: numberIn(book, name) ?? 0 };
    const known = slots.get(prefix);
    if (known) known.push(slot);
    else slots.set(prefix, [slot]);
  }
  return slots;
}

function slotsOf(book: Item, prefix: string): readonly Slot[] {
  let slots = slotsOfBooks.get(book);
  if (slots === undefined) slotsOfBooks.set(book, (slots = toSlots(book)));
  return slots.get(prefix) ?? noSlots;
}

/** How many slots ago a slot was; negative for what a faster clock has written. */
function ageOf({ at }: Slot, { slot, reach }: Log): number {
  const age = (slot - at + ROUND) % ROUND;
  return age > ROUND - reach ? age - ROUND : age;
}

/** When what was taken `age` slots ago stops counting, ms. */
const endOf = ({ slot, reach, slotMs }: Log, age: number): number => (slot - age + reach + 1) * slotMs;

/** What still counts of a log; nothing newer than `youngest`, an age in slots. */
function usedIn(book: Item, log: Log, youngest = -Infinity): number {
  let used = 0;
  for (const slot of slotsOf(book, log.prefix)) {
    const age = ageOf(slot, log);
    if (slot.amount > 0 && age <= log.reach && age >= youngest) used += slot.amount;
  }
  return used;
}

interface Entry {
  readonly age: number;
  readonly amount: number;
}

const readEntries = (book: Item, log: Log): Entry[] =>
  slotsOf(book, log.prefix)
    .map((slot) => ({ age: ageOf(slot, log), amount: slot.amount }))
    .filter(({ age, amount }) => age <= log.reach && amount > 0);

/** When the newest of what counts stops counting, ms; now when nothing does. */
function resetOf(book: Item, log: Log, nowMs: number): number {
  let newest = Infinity;
  for (const slot of slotsOf(book, log.prefix)) {
    const age = ageOf(slot, log);
    if (slot.amount > 0 && age <= log.reach && age < newest) newest = age;
  }
  return newest === Infinity ? nowMs : endOf(log, newest);
}

const findDead = (book: Item, log: Log): string[] =>
  slotsOf(book, log.prefix)
    .filter((slot) => ageOf(slot, log) > log.reach + Math.max(SWEEP_AFTER, log.reach * SWEEP_SHARE))
    .map(({ name }) => name);

/** How long until enough of the oldest is forgotten. */
function waitFor(excess: number, entries: readonly Entry[], { log, nowMs }: { log: Log; nowMs: number }): number {
  let freed = 0;
  for (const { age, amount } of [...entries].sort((a, b) => b.age - a.age)) {
    freed += amount;
    if (freed >= excess) return endOf(log, age) - nowMs;
  }
  return Infinity;
}

/** All that a book holds of a log. */
export const logNames = (key: string, book: Item): string[] => [
  sumName(key),
  ...slotsOf(book, toPrefix(key)).map(({ name }) => name),
];

/** At most `max` in any interval of `seconds`. */
export const rolling: PoolRules<RollingClock> = {
  look({ seconds }, { key, max, slotMs, book, amount, nowMs, doubtMs }) {
    const log = toLog(key, { seconds, slotMs, nowMs, doubtMs });
    const used = usedIn(book, log);
    const resetAtMs = resetOf(book, log, nowMs);
    if (amount > max) return { used, resetAtMs, waitMs: Infinity };
    const excess = used + amount - max;
    return { used, resetAtMs, waitMs: excess <= 0 ? 0 : waitFor(excess, readEntries(book, log), { log, nowMs }) };
  },

  take({ seconds }, { key, unit, max, slotMs, book, amount, nowMs, lateMs, doubtMs, aheadMs }, { draft }) {
    const log = toLog(key, { seconds, slotMs, nowMs, doubtMs });
    const used = usedIn(book, log);
    const sum = numberIn(book, sumName(key)) ?? 0;
    draft.guards.push({ attr: sumName(key), is: 'atMost', value: sum + max - used - amount, orAbsent: true });
    draft.add[sumName(key)] = amount;
    // Written down as of the latest moment at which it may be used; until then it counts as well.
    const atMs = nowMs + lateMs + shiftMs({ seconds, doubtMs });
    const name = slotName(log.prefix, Math.floor(atMs / slotMs));
    draft.add[name] = amount;
    // Sweeping once a slot is enough: the first reservation of a slot finds it missing.
    if (book[name] === undefined) {
      // What will not count any more when it is used still counts now.
      const present = toLog(key, { seconds, slotMs, nowMs: nowMs - aheadMs, doubtMs });
      draft.remove.push(...findDead(book, present));
    }
    return [{ kind: 'rolling', key, unit, amount, seconds, slotMs, atMs }];
  },
};

/** What the provider still counts of it, without the allowance for what may be on its way, and without what is booked for later. */
export function usedStrictly({ seconds }: RollingClock, { key, slotMs, book, nowMs }: PoolQuestion): number {
  const log = toLog(key, { seconds, slotMs, nowMs });
  return usedIn(book, { ...log, reach: Math.ceil((seconds * 1000) / slotMs) }, -Math.ceil(BOOKED_MS / slotMs));
}

/** What was let in during the last `seconds`, by when it was let in: without any allowance. */
export function letIn({ seconds }: RollingClock, { key, slotMs, book, nowMs, doubtMs }: PoolQuestion): number {
  const log = toLog(key, { seconds, slotMs, nowMs: nowMs + shiftMs({ seconds, doubtMs }) });
  return usedIn(book, { ...log, reach: Math.ceil((seconds * 1000) / slotMs) - 1 });
}

/** Corrects what a reservation took, as long as it still counts; a slot that is forgotten must not come back. */
export function raiseRolling(
  charge: RollingCharge,
  by: number,
  { draft, nowMs }: { draft: Draft; nowMs: number },
): void {
  const { key, slotMs } = charge;
  const log = toLog(key, { ...charge, nowMs });
  const slot = Math.floor(charge.atMs / slotMs);
  if (log.slot - slot > log.reach) return;
  draft.add[slotName(log.prefix, slot)] = by;
  if (by > 0) draft.add[sumName(key)] = by;
}

/** Counts units used by others at unknown times, as if all of them had been used then. */
export function raiseAt(
  { key, slotMs, by, atMs }: { key: string; slotMs: number; by: number; atMs: number },
  draft: Draft,
): void {
  draft.add[slotName(toPrefix(key), Math.floor(atMs / slotMs))] = by;
  draft.add[sumName(key)] = by;
}
