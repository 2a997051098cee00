// What is told of an answer: by whom, after what, for what price; in the head, in the last chunk of a stream, and in errors.
import type { Attempt, ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Candidate } from '../routing/types.ts';
import type { Receipt } from './answer.ts';
import type { Journey } from './journey.ts';
import type { Closing } from '../wire/writer.ts';
import type { Runner } from './pick.ts';
import { priceOf, totalOf } from './totals.ts';

/** A failed attempt as it is told: how long it took, and when it ended, both ms. */
export function toAttempt(
  candidate: Candidate,
  failure: ProviderFailure,
  { ms, endedAtMs }: { ms: number; endedAtMs: number },
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
  };
}

/** What is known of the answer when it comes from this candidate. */
export function toReceipt(journey: Journey, candidate: Candidate, costUsd: number | null): Receipt {
  return { candidate, attempts: journey.attempts, waitedMs: journey.waitedMs, costUsd };
}

/** What closes a stream that this runner ends. */
export function toClosing(
  journey: Journey,
  { candidate, reservation }: Runner,
  { usage, seenTokens }: { usage: Usage | null; seenTokens: number },
): Closing {
  const guessed: Usage = { inputTokens: reservation.need.input_tokens ?? 0, outputTokens: seenTokens };
  // Once parts are guessed, the whole is a guess anyway.
  const used = usage ?? (journey.spent.length > 0 ? guessed : null);
  const total = totalOf(journey, { usage: used, costUsd: priceOf(candidate, used) });
  const rescued = journey.rescues.map(({ from, failure, shownCharacters }) => ({
    from,
    failure,
    shown_characters: shownCharacters,
  }));
  return {
    usage: total.usage,
    freeway: {
      route: candidate.route,
      credential: candidate.credential,
      tier: candidate.tier,
      cost_usd: total.costUsd,
      attempts: journey.attempts.length + 1,
      ...(rescued.length === 0 ? {} : { rescued, resumed_by: journey.resumedBy }),
    },
  };
}
