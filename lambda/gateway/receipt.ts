// What is told of an answer: by whom, after what, for what price; in the head, in the last chunk of a stream, and in errors.
import type { Attempt, ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Candidate } from '../routing/types.ts';
import type { Receipt } from './answer.ts';
import type { Journey } from './journey.ts';
import type { Closing } from '../wire/writer.ts';
import type { Runner } from './pick.ts';
import { toSpent, totalOf, type Total } from './totals.ts';

/** A failed attempt as it is told: how long it took, when it ended, both ms, and what it cost all the same. */
export function toAttempt(
  candidate: Candidate,
  failure: ProviderFailure,
  { ms, endedAtMs, costUsd = 0 }: Pick<Attempt, 'ms' | 'endedAtMs' | 'costUsd'>,
): Attempt {
  const { route, credential, tier } = candidate;
  return {
    route,
    credential,
    tier,
    failure: failure.kind,
    status: failure.status ?? null,
    ms: Math.round(ms),
    endedAtMs,
    message: failure.message,
    ...(costUsd > 0 && { costUsd }),
  };
}

/** What is known of the answer when it comes from this candidate, having cost so much with all that came before it. */
export function toReceipt(journey: Journey, candidate: Candidate, { costUsd, isGuess }: Omit<Total, 'usage'>): Receipt {
  return {
    candidate,
    attempts: journey.attempts,
    waitedMs: journey.waitedMs,
    costUsd,
    ...(isGuess && { isCostGuessed: true }),
  };
}

/** What closes a stream that this runner ends. */
export function toClosing(
  journey: Journey,
  { candidate, reservation }: Runner,
  { usage, seenTokens }: { usage: Usage | null; seenTokens: number },
): Closing {
  const last = toSpent(candidate, reservation.need, { usage, seenTokens, failure: null, committed: true });
  const total = totalOf(journey, last ?? { usage, costUsd: null, isGuess: false });
  // Once parts are guessed, the whole is a guess anyway.
  const told = usage === null && journey.spent.every((one) => one.usage === null) ? null : total.usage;
  const rescued = journey.rescues.map(({ from, failure, shownCharacters }) => ({
    from,
    failure,
    shown_characters: shownCharacters,
  }));
  return {
    usage: told,
    freeway: {
      route: candidate.route,
      credential: candidate.credential,
      tier: candidate.tier,
      cost_usd: total.costUsd,
      ...(total.isGuess && { cost_estimated: true }),
      attempts: journey.attempts.length + 1,
      ...(rescued.length === 0 ? {} : { rescued, resumed_by: journey.resumedBy }),
    },
  };
}
