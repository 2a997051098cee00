// Use of a pool by others, learned from replies that leave less than our books do: such pools are taken to be fuller than they look.
import type { Item } from '#shared/items.ts';
import type { Clock } from '#shared/pools.ts';
import { numberIn, toAttr } from './pools-ops.ts';
import type { BoundPool } from './types.ts';

/** Windows over which use by others is averaged, and how long that is at most: who used a day's quota this morning may do so again. */
const MEMORY = 20;
const LONGEST_MEMORY_MS = 2 * 3_600_000;
/** Less than this per window is nobody. */
const NOBODY = 0.05;
/** A risk this small, that somebody has come since, is taken. */
const SLIGHT = 0.02;
/** Weight of the newest step in the mean size of their calls. */
const EWMA = 0.3;

const rateAttr = toAttr('!u');
const seenAttr = toAttr('!v');
/** What others take at a time, units. */
const stepAttr = toAttr('!w');

const calendarMs = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
} as const;

/** Length of a window of the pool, ms; 0 for those whose use nobody tells. */
function windowMs(clock: Clock): number {
  if (clock.kind === 'rolling' || clock.kind === 'refill') return clock.seconds * 1000;
  return clock.kind === 'calendar' ? calendarMs[clock.every] : 0;
}

interface Expected {
  /** What others use in the time since a reply last told how much is left, units. */
  readonly unseen: number;
  /** What they take at a time. */
  readonly step: number;
}

/** null when the pool is ours alone. */
function toExpected({ key, clock }: BoundPool, book: Item, nowMs: number): Expected | null {
  const rate = numberIn(book, rateAttr(key)) ?? 0;
  if (rate <= NOBODY) return null;
  const sinceMs = nowMs - (numberIn(book, seenAttr(key)) ?? nowMs);
  const unseen = rate * Math.min(1, Math.max(0, sinceMs) / Math.max(1, windowMs(clock)));
  return { unseen, step: Math.max(1, numberIn(book, stepAttr(key)) ?? 1) };
}

/**
 * What others may have taken since a reply last told how much is left, units: what they use in that time, and one call of theirs. 0 when the
 * pool is ours alone, or was looked at just now.
 */
export function othersIn(pool: BoundPool, book: Item, nowMs: number): number {
  const expected = toExpected(pool, book, nowMs);
  if (expected === null) return 0;
  const { unseen, step } = expected;
  // Of a day's quota one of their calls is little, and what is left of it at the end is not worth a refusal.
  const isLong = windowMs(pool.clock) > LONGEST_MEMORY_MS;
  return isLong || unseen > SLIGHT * step ? unseen + step : 0;
}

/** Calls of others that may come all at once, seen over a day: who comes by chance comes in bunches. */
const BUNCH = 3;

/** The same at worst: they came more often than usual, and in a bunch just now. */
export function othersAtWorstIn(pool: BoundPool, book: Item, nowMs: number): number {
  const expected = toExpected(pool, book, nowMs);
  if (expected === null) return 0;
  const { unseen, step } = expected;
  return unseen + BUNCH * step + 2 * Math.sqrt(unseen * step);
}

/** What to remember after a reply that told how much is left: `unseen` units were used by others since the last such reply. */
export function learnOthers(
  { key, clock }: BoundPool,
  book: Item,
  { unseen, nowMs }: { unseen: number; nowMs: number },
): Item {
  const lengthMs = windowMs(clock);
  const rate = numberIn(book, rateAttr(key)) ?? 0;
  if (lengthMs === 0 || (unseen === 0 && rate <= NOBODY)) return {};
  const sinceMs = nowMs - (numberIn(book, seenAttr(key)) ?? nowMs - lengthMs);
  if (sinceMs <= 0) return {};
  const weight = 1 - Math.exp(-sinceMs / Math.min(MEMORY * lengthMs, LONGEST_MEMORY_MS));
  const next = rate + weight * ((unseen * lengthMs) / sinceMs - rate);
  const learned = { [rateAttr(key)]: Math.round(next * 10_000) / 10_000, [seenAttr(key)]: nowMs };
  if (unseen === 0) return learned;
  const step = numberIn(book, stepAttr(key)) ?? unseen;
  return { ...learned, [stepAttr(key)]: Math.round((step + EWMA * (unseen - step)) * 100) / 100 };
}
