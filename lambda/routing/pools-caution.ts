// How much more than estimated a call is taken to need, learned per candidate from how far estimates were off.
import type { Item } from '#shared/items.ts';
import type { PoolUnit } from '#shared/pools.ts';
import { numberIn, toAttr } from './pools-ops.ts';

/** Weight of the newest call in the running mean. */
const EWMA = 0.1;
/** Taken for a candidate of which nothing is known yet: a third more than estimated. */
const UNKNOWN_MISS = 0.1;
/** Estimates miss by a factor whose logarithm has about this many mean deviations in its worst hundredth. */
const WORST_DEVIATIONS = 3;
const MOST_CAUTION = 3;

/** Attribute of a book that holds a candidate's mean deviation: |ln(actual / estimated)| tokens. */
const missAttr = toAttr('!e');

/** Units of which a call's need is estimated, not known. */
export const estimatedUnits: ReadonlySet<PoolUnit> = new Set<PoolUnit>(['tokens', 'input_tokens', 'output_tokens']);

/** The factor by which token estimates are raised when room is judged; 1 when they are always right. */
export function cautionOf(book: Item, mark: string): number {
  return Math.min(MOST_CAUTION, Math.exp(WORST_DEVIATIONS * (numberIn(book, missAttr(mark)) ?? UNKNOWN_MISS)));
}

/**
 * What a call is reserved in a pool: more than estimated, so that a wrong estimate does not run into the limit, but never so much that
 * a call that fits could never be made. Settling gives the difference back.
 */
export function cautious(
  amount: number,
  { unit, max, caution }: { unit: PoolUnit; max: number; caution: number },
): number {
  if (!estimatedUnits.has(unit) || amount > max) return amount;
  return Math.min(max, Math.ceil(amount * caution));
}

/** The new mean deviation after a call, by what is `known` so far under its name; null when it has hardly moved. */
export function learnMiss(
  known: (name: string) => number | undefined,
  mark: string,
  { estimatedTokens, actualTokens }: { estimatedTokens: number; actualTokens: number },
): Item | null {
  const before = known(missAttr(mark)) ?? UNKNOWN_MISS;
  const after = before + EWMA * (Math.abs(Math.log(actualTokens / estimatedTokens)) - before);
  return Math.abs(after - before) < 0.005 ? null : { [missAttr(mark)]: Math.round(after * 1000) / 1000 };
}
