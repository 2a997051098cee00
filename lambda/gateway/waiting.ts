// Waiting when nobody can serve right now: for quota to come back, or for a second try after passing faults, within the caller's patience.
import type { Clock } from '../ports.ts';
import { decide, type DecideInput } from '../routing/decide.ts';
import { toCallerError, type Ended } from './exhaustion.ts';
import type { Journey } from './journey.ts';
import type { Ledger } from './ledger.ts';
import type { Operation } from './operation.ts';

export interface WaitingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** The first pause before candidates that had a passing fault are asked again; it doubles each time. */
const BACKOFF_MS = 250;

/** The end of a request as it would be told now. */
export function toEnded(deps: WaitingDeps, input: DecideInput, journey: Journey): Ended {
  return {
    input,
    attempts: journey.attempts,
    soonest: deps.ledger.soonest(decide(input), input),
    waitedMs: journey.waitedMs,
  };
}

/** Nobody can serve right now: waits for quota or for a second try when that is within the caller's patience, else gives up honestly. */
export async function waitForTurn(
  deps: WaitingDeps,
  input: DecideInput,
  { operation, journey }: { operation: Operation; journey: Journey },
): Promise<void> {
  const ended = toEnded(deps, input, journey);
  const patienceMs = Math.min(operation.policy.maxWaitMs - journey.waitedMs, operation.deadlineAtMs - input.nowMs);
  const quotaMs =
    operation.policy.failover && ended.soonest ? ended.soonest.waitMs + Math.ceil(5 * deps.clock.random()) : Infinity;
  const retryMs =
    journey.later.size > 0 && operation.policy.failover
      ? BACKOFF_MS * 2 ** journey.rounds * (0.5 + deps.clock.random())
      : Infinity;
  const waitMs = Math.min(quotaMs, retryMs);
  if (waitMs > patienceMs) throw toCallerError(ended);
  await deps.clock.sleep(waitMs);
  journey.waitedMs += waitMs;
  if (retryMs <= quotaMs) {
    journey.rounds++;
    for (const index of journey.later.keys()) journey.tried.delete(index);
    journey.later.clear();
  }
  await deps.ledger.refresh(operation.selector.among);
}
