// Adds up what one request used and cost over all attempts that contributed to its answer.
import type { Usage } from '#shared/usage.ts';
import { costUsd } from '../routing/cost.ts';
import type { Candidate } from '../routing/types.ts';
import type { Journey, Spent } from './journey.ts';
import type { Reservation } from './desk.ts';
import type { AttemptOutcome } from './operation.ts';

/** The sum. What only one of them knows counts as it is, as do the terms of the last. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum: Record<string, unknown> = { ...a, ...b };
  for (const [name, count] of Object.entries(a) as [keyof Usage, unknown][]) {
    const more = b[name];
    if (typeof count === 'number' && typeof more === 'number') sum[name] = count + more;
  }
  return sum;
}

/** What a call cost, US dollars; null when it is not known. */
export const priceOf = (candidate: Candidate, usage: Usage | null): number | null =>
  candidate.tier === 'paid' ? usage && costUsd(candidate, usage) : 0;

/** What an attempt that broke off used; where the provider did not say, what was asked and seen. */
export function toSpent(
  candidate: Candidate,
  need: Reservation['need'],
  { usage, seenTokens }: Pick<AttemptOutcome, 'usage' | 'seenTokens'>,
): Spent {
  const used = usage ?? { inputTokens: need.input_tokens ?? 0, outputTokens: seenTokens };
  return { usage: used, costUsd: priceOf(candidate, used) };
}

/** The use and cost of the whole request, when its last attempt used so much. */
export function totalOf(
  { spent }: Journey,
  last: { readonly usage: Usage | null; readonly costUsd: number | null },
): { usage: Usage | null; costUsd: number | null } {
  let { usage, costUsd } = last;
  for (const one of spent) {
    usage = usage === null ? one.usage : addUsage(usage, one.usage);
    costUsd = costUsd === null || one.costUsd === null ? null : costUsd + one.costUsd;
  }
  return { usage, costUsd };
}
