// Limits far above what anybody asks for are counted by samples: one call in so many is reserved, for all of them, so that no item is hot.
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import type { Standing } from '../routing/decide.ts';
import { amountOf } from '../routing/pools-rules.ts';
import type { Candidate } from '../routing/types.ts';
import type { AttemptOutcome } from './operation.ts';

/** One call in so many is written down. */
export const SAMPLED = 8;
/**
 * A limit that holds so many calls like this one. What samples miss of half of it is one in a hundred, and thousands of instances that have
 * not looked for some seconds are far from the other half.
 */
const FEWEST_CALLS = 20_000;
/** Pools that are fuller than this are counted call by call. */
const FULLEST = 0.5;

/** Whether calls like this one may be counted by samples. */
export function maySample({ pools }: Candidate, need: Amounts, { pressure, breaker, shared }: Standing): boolean {
  if (pools.length === 0 || pressure > FULLEST || breaker !== 'closed' || shared) return false;
  return pools.every(({ clock, unit, max }) => {
    const isRate = clock.kind === 'rolling' || clock.kind === 'refill' || clock.kind === 'calendar';
    return isRate && max >= FEWEST_CALLS * amountOf(unit, need);
  });
}

/** What so many calls take together. */
export function together(amounts: Amounts, calls: number): Amounts {
  const all: Partial<Record<PoolUnit, number>> = { requests: (amounts.requests ?? 1) * calls };
  for (const unit of Object.keys(amounts) as PoolUnit[]) {
    const amount = amounts[unit];
    if (amount !== undefined) all[unit] = amount * calls;
  }
  return all;
}

/** Without what a provider says is left: beside a count by samples that looks like use by others. */
export const withoutRemaining = (outcome: AttemptOutcome): AttemptOutcome => ({
  ...outcome,
  limits: outcome.limits.map((limit) => ({ ...limit, remaining: null })),
});
