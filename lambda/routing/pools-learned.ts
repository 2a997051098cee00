// The limit a pool is held to: learned from replies in the last week, or else the configured one.
import type { Item } from '#shared/items.ts';
import { numberIn } from './pools-ops.ts';
import type { BoundPool } from './types.ts';

/** How long a learned limit outweighs the configured one without being seen again. */
export const learnedForMs = 7 * 86_400_000;

/** A learned limit as the book keeps it. */
export interface LearnedLimit {
  readonly max: number;
  readonly atMs: number;
  readonly from: 'header' | 'body';
}

/** What was learned of a pool within the last week; null when nothing was. */
export function learnedLimit(pool: BoundPool, book: Item, nowMs: number): LearnedLimit | null {
  const max = numberIn(book, `${pool.key}!m`);
  if (max === undefined) return null;
  const atMs = numberIn(book, `${pool.key}!t`) ?? 0;
  if (nowMs - atMs > learnedForMs) return null;
  return { max, atMs, from: book[`${pool.key}!s`] === 'body' ? 'body' : 'header' };
}

/** The attributes under which a limit is remembered. */
export function toLearned(pool: BoundPool, { max, atMs, from }: LearnedLimit): Item {
  return { [`${pool.key}!m`]: max, [`${pool.key}!t`]: atMs, [`${pool.key}!s`]: from };
}

/** The limit that holds now. */
export const effectiveMax = (pool: BoundPool, book: Item, nowMs: number): number =>
  learnedLimit(pool, book, nowMs)?.max ?? pool.max;
