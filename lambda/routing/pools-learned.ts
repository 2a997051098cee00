// The limit a pool is held to: learned from replies in the last week, or else the configured one.
import type { Item } from '#shared/items.ts';
import { numberIn, toAttr } from './pools-ops.ts';
import type { BoundPool } from './types.ts';

/** How long a learned limit outweighs the configured one without being seen again. */
export const learnedForMs = 7 * 86_400_000;

/** A learned limit as the book keeps it. */
export interface LearnedLimit {
  readonly max: number;
  readonly atMs: number;
  readonly from: 'header' | 'body';
}

const maxAttr = toAttr('!m');
const learnedAtAttr = toAttr('!t');
const sourceAttr = toAttr('!s');

/** What was learned of a pool within the last week; null when nothing was. */
export function learnedLimit(pool: BoundPool, book: Item, nowMs: number): LearnedLimit | null {
  const max = numberIn(book, maxAttr(pool.key));
  if (max === undefined) return null;
  const atMs = numberIn(book, learnedAtAttr(pool.key)) ?? 0;
  if (nowMs - atMs > learnedForMs) return null;
  return { max, atMs, from: book[sourceAttr(pool.key)] === 'body' ? 'body' : 'header' };
}

/** The attributes under which a limit is remembered. */
export function toLearned(pool: BoundPool, { max, atMs, from }: LearnedLimit): Item {
  return { [maxAttr(pool.key)]: max, [learnedAtAttr(pool.key)]: atMs, [sourceAttr(pool.key)]: from };
}

/** The limit that holds now. */
export const effectiveMax = (pool: BoundPool, book: Item, nowMs: number): number =>
  learnedLimit(pool, book, nowMs)?.max ?? pool.max;

const toldAttr = toAttr('!z');
/** That a provider told what is left is noted anew only after this long, to keep writes small. */
const TOLD_AGAIN_MS = 60_000;

/** What to remember when a provider has told how much of a pool is left; nothing when that was noted just before. */
export function noteTold({ key }: BoundPool, book: Item, nowMs: number): Item {
  return nowMs - (numberIn(book, toldAttr(key)) ?? -Infinity) < TOLD_AGAIN_MS ? {} : { [toldAttr(key)]: nowMs };
}

/**
 * How a pool's state is known. `measured`: the provider has told its limit or what is left of it within a week. `counted`: by our own
 * books only, against a limit that was configured. Times are ms since the epoch; null when the provider never told.
 */
export interface PoolEvidence {
  readonly known: 'measured' | 'counted';
  readonly limitFrom: 'header' | 'body' | 'configured' | 'refusals';
  readonly limitAtMs: number | null;
  /** When the provider last told what is left, to the minute. */
  readonly toldAtMs: number | null;
}

/** Where what is known of a pool comes from, and how old it is. */
export function evidenceOf(pool: BoundPool, book: Item, nowMs: number): PoolEvidence {
  if (pool.foundAtMs !== undefined)
    return { known: 'counted', limitFrom: 'refusals', limitAtMs: pool.foundAtMs, toldAtMs: null };
  const learned = learnedLimit(pool, book, nowMs);
  const toldAtMs = numberIn(book, toldAttr(pool.key)) ?? null;
  const isFresh = toldAtMs !== null && nowMs - toldAtMs <= learnedForMs;
  return {
    known: learned !== null || isFresh ? 'measured' : 'counted',
    limitFrom: learned?.from ?? 'configured',
    limitAtMs: learned?.atMs ?? null,
    toldAtMs,
  };
}
