// The one table of what follows from a provider's failure: what next, what rests and for how long, and whether it counts for the breaker.
import type { ProviderFailure, ProviderFailureKind } from '#shared/failures.ts';
import type { Policy } from '../routing/policy.ts';

export interface FailurePolicy {
  /**
   * - `failover`: go on with the next candidate; this one is not asked again for this request.
   * - `rested`: go on with the next candidate; this one may be asked again once its rest is over.
   * - `later`: go on with the next candidate; when none is left this one may be asked again, after a pause.
   * - `stop`: the failure is the answer.
   */
  readonly next: 'failover' | 'rested' | 'later' | 'stop';
  /** What is benched for everybody: the model under this credential, the whole credential, or nothing. */
  readonly rests: 'model' | 'credential' | 'nothing';
  /** How long when the provider names no time, ms. */
  readonly restMs: number;
  /** Whether it counts towards opening the breaker. Limits never do. */
  readonly breaker: boolean;
}

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

const table: Readonly<Record<ProviderFailureKind, FailurePolicy>> = {
  rate_limited: { next: 'rested', rests: 'model', restMs: SECOND, breaker: false },
  quota_exhausted: { next: 'failover', rests: 'model', restMs: HOUR, breaker: false },
  overloaded: { next: 'later', rests: 'nothing', restMs: 0, breaker: true },
  timeout: { next: 'later', rests: 'nothing', restMs: 0, breaker: true },
  network: { next: 'later', rests: 'nothing', restMs: 0, breaker: true },
  bad_credential: { next: 'failover', rests: 'credential', restMs: HOUR, breaker: false },
  not_entitled: { next: 'failover', rests: 'model', restMs: 24 * HOUR, breaker: false },
  // One refusal makes a model suspicious; a health check finds out whether it is gone (health.ts).
  model_missing: { next: 'failover', rests: 'model', restMs: 10 * MINUTE, breaker: false },
  too_large: { next: 'failover', rests: 'nothing', restMs: 0, breaker: false },
  context_exceeded: { next: 'failover', rests: 'nothing', restMs: 0, breaker: false },
  content_filtered: { next: 'stop', rests: 'nothing', restMs: 0, breaker: false },
  rejected: { next: 'stop', rests: 'nothing', restMs: 0, breaker: false },
  // It may be the request, or the way to this provider: elsewhere it is tried, here the same would follow.
  unexplained: { next: 'failover', rests: 'nothing', restMs: 0, breaker: false },
  bad_reply: { next: 'later', rests: 'nothing', restMs: 0, breaker: true },
  cancelled: { next: 'stop', rests: 'nothing', restMs: 0, breaker: false },
};

/** The longest a provider may bench itself by a hint in a reply, and the shortest pause after any limit. */
const LONGEST_REST_MS = 48 * HOUR;
export const SHORTEST_REST_MS = 100;

/** What follows from this failure, for a request of this policy. A failure that covers the whole credential rests it whole; one that is doubtful counts for no breaker. */
export function policyFor(
  failure: ProviderFailure,
  { contentFilter }: Pick<Policy, 'contentFilter'> = {},
): FailurePolicy {
  const isPassedOn = failure.kind === 'content_filtered' && contentFilter === 'failover';
  const known = isPassedOn ? { ...table[failure.kind], next: 'failover' as const } : table[failure.kind];
  const policy = failure.doubtful ? { ...known, breaker: false } : known;
  const rests = failure.covers === 'credential' && policy.rests !== 'nothing' ? 'credential' : policy.rests;
  const asked = failure.retryAfterMs;
  if (asked === undefined || policy.rests === 'nothing') return { ...policy, rests };
  return { ...policy, rests, restMs: Math.min(Math.max(asked, SHORTEST_REST_MS), LONGEST_REST_MS) };
}
