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

/** Failures at which the provider has counted nothing: it refused, or never heard of us. */
const uncounted: ReadonlySet<string> = new Set([
  'rate_limited',
  'quota_exhausted',
  'bad_credential',
  'not_entitled',
  'model_missing',
  'too_large',
  'rejected',
  'context_exceeded',
]);

/** Whether the provider has counted nothing of it. */
export const isUncounted = ({ failure }: Pick<AttemptOutcome, 'failure'>): boolean =>
  failure !== null && (failure.unsent === true || uncounted.has(failure.kind));

/** What an attempt is taken to have used. */
export interface Used {
  readonly usage: Usage;
  /** Some of it is what was asked and seen, since the provider did not say. */
  readonly isGuess: boolean;
}

/**
 * What an attempt has used: as the provider says, and where it does not, as what was asked and seen. null when nothing was seen either: nobody
 * knows what became of it. Books, budgets, metrics and receipts all go by this.
 */
export function toUsed(
  need: Reservation['need'],
  outcome: Pick<AttemptOutcome, 'usage' | 'failure' | 'committed' | 'seenTokens'>,
): Used | null {
  const { usage, failure, committed, seenTokens } = outcome;
  if (isUncounted(outcome)) return null;
  const isSeen = failure === null || committed || seenTokens > 0;
  const guess: Usage = { inputTokens: need.input_tokens ?? 0, outputTokens: Math.max(seenTokens, 1) };
  if (usage === null) return isSeen ? { usage: guess, isGuess: true } : null;
  // What breaks off has told its use of before, if any: more was written since.
  if (failure !== null && usage.outputTokens !== undefined && usage.outputTokens < seenTokens)
    return { usage: { ...guess, ...usage, outputTokens: seenTokens }, isGuess: true };
  // What is not counted in tokens says nothing of them.
  const isPart = (usage.inputTokens === undefined) !== (usage.outputTokens === undefined);
  if (!isPart) return { usage, isGuess: false };
  return isSeen || usage.outputTokens !== undefined ? { usage: { ...guess, ...usage }, isGuess: true } : null;
}

/** What an attempt used, and what that cost; null when nobody knows what it used. */
export function toSpent(
  candidate: Candidate,
  need: Reservation['need'],
  outcome: Parameters<typeof toUsed>[1],
): (Spent & Used) | null {
  const used = toUsed(need, outcome);
  if (used === null) return null;
  const costUsd = priceOf(candidate, used.usage);
  return { usage: used.usage, costUsd, isGuess: used.isGuess && costUsd !== 0 };
}

/** The use and cost of a whole request. */
export interface Total {
  readonly usage: Usage | null;
  /** null when it is not known. */
  readonly costUsd: number | null;
  /** Some of the cost is guessed by what was asked and seen. */
  readonly isGuess: boolean;
}

/** The sum over a request whose last attempt used so much. */
export function totalOf({ spent }: Journey, last: Total): Total {
  let { usage, costUsd, isGuess } = last;
  for (const one of spent) {
    if (one.usage !== null) usage = usage === null ? one.usage : addUsage(usage, one.usage);
    costUsd = costUsd === null || one.costUsd === null ? null : costUsd + one.costUsd;
    isGuess ||= one.isGuess;
  }
  return { usage, costUsd, isGuess: isGuess && costUsd !== null };
}
