// Why a request is over before its answer: its time is up, or one failure is the answer.
import {
  CallerError,
  type Attempt,
  type CallerErrorCode,
  type ProviderFailure,
  type ProviderFailureKind,
} from '#shared/failures.ts';
import { everyMark, restOf } from '../routing/breaker.ts';
import { decide, type DecideInput } from '../routing/decide.ts';
import type { Journey } from './journey.ts';
import type { Ledger } from './ledger.ts';

/** A request that found no answer, as things stand. */
export interface Ended {
  readonly input: DecideInput;
  readonly attempts: readonly Attempt[];
  /** The candidate whose limit lifts first; null when none will. */
  readonly soonest: { readonly index: number; readonly waitMs: number } | null;
  readonly waitedMs: number;
  /** For which failure the whole credential of a candidate rests; null when it does not. */
  readonly restsFor: (index: number) => ProviderFailureKind | null;
}

/** The end of a request as it would be told now. */
export function toEnded(deps: { readonly ledger: Ledger }, input: DecideInput, journey: Journey): Ended {
  return {
    input,
    attempts: journey.attempts,
    soonest: deps.ledger.soonest(decide(input), input),
    waitedMs: journey.waitedMs,
    restsFor: (index) => {
      const { books } = deps.ledger;
      const item = books.copy(input.candidates[index]?.credentialId ?? '').item;
      return item === null ? null : (restOf(item, everyMark, books.now())?.reason ?? null);
    },
  };
}

/** What the caller is told when a single failure is the answer. */
const answers: Readonly<Record<ProviderFailureKind, CallerErrorCode>> = {
  rate_limited: 'exhausted',
  quota_exhausted: 'exhausted',
  overloaded: 'upstream_failed',
  timeout: 'deadline',
  network: 'upstream_failed',
  bad_credential: 'upstream_failed',
  not_entitled: 'upstream_failed',
  model_missing: 'upstream_failed',
  too_large: 'too_large',
  context_exceeded: 'context_length_exceeded',
  content_filtered: 'content_filter',
  rejected: 'invalid_request',
  unexplained: 'upstream_failed',
  bad_reply: 'upstream_failed',
  cancelled: 'deadline',
};

/** A duration in seconds, as precise as it matters. */
export const toSeconds = (ms: number): string => (ms < 10_000 ? (ms / 1000).toFixed(1) : String(Math.ceil(ms / 1000)));

/** The time for the request is up. */
export function toLate({ attempts, waitedMs }: Pick<Ended, 'attempts' | 'waitedMs'>): CallerError {
  const asked = attempts.length === 0 ? 'nobody could be asked' : `${attempts.length} asked, none answered in time`;
  const waited = waitedMs > 0 ? `, ${toSeconds(waitedMs)} s of it spent waiting for quota` : '';
  return new CallerError(
    'deadline',
    `The time for this request is over: ${asked}${waited}. Send it again, ask for a shorter answer, or stream it.`,
    { retryable: true, attempts, waitedMs, reason: { code: 'late', waited_ms: waitedMs } },
  );
}

/** A single failure is the answer. */
export function toStopped({ attempts, waitedMs, soonest }: Ended, failure: ProviderFailure): CallerError {
  const code = answers[failure.kind];
  const param = failure.field ?? failure.param;
  const retryAfterMs = failure.retryAfterMs ?? (code === 'exhausted' ? (soonest?.waitMs ?? null) : null);
  return new CallerError(code, `The provider answered: ${failure.message}`, {
    attempts,
    waitedMs,
    retryAfterMs,
    reason: { code: 'provider', text: failure.message },
    ...(param === undefined ? {} : { param }),
  });
}
