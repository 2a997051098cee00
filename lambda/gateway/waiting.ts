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
/** Pauses after faults at most; with them a single failing provider is asked six times in some 8 s. */
const MAX_ROUNDS = 5;
/** A limit that lifts this soon is waited for rather than asking candidates behind an open breaker. */
const WORTH_WAITING_MS = 1_000;

/** The end of a request as it would be told now. */
export function toEnded(deps: WaitingDeps, input: DecideInput, journey: Journey): Ended {
  return {
    input,
    attempts: journey.attempts,
    soonest: deps.ledger.soonest(decide(input), input),
    waitedMs: journey.waitedMs,
  };
}

/** How long until limits lift, and until faulty candidates are asked again, ms; Infinity when that will not be. */
function toWaits(deps: WaitingDeps, { soonest }: Ended, journey: Journey): { quotaMs: number; retryMs: number } {
  const spread = deps.clock.random();
  const retry = journey.later.size > 0 && journey.rounds < MAX_ROUNDS;
  return {
    quotaMs: soonest ? soonest.waitMs + Math.ceil(5 * spread) : Infinity,
    retryMs: retry ? BACKOFF_MS * 2 ** journey.rounds * (0.5 + spread) : Infinity,
  };
}

/**
 * Nobody can serve right now: waits for quota or for a second try when that is within the caller's patience; passes open breakers
 * when that is all that is left; else gives up honestly.
 */
export async function waitForTurn(
  deps: WaitingDeps,
  input: DecideInput,
  { operation, journey }: { operation: Operation; journey: Journey },
): Promise<void> {
  const ended = toEnded(deps, input, journey);
  if (!operation.policy.failover) throw toCallerError(ended);
  const { quotaMs, retryMs } = toWaits(deps, ended, journey);
  const waitMs = Math.min(quotaMs, retryMs);
  if (!journey.lastResort && waitMs > WORTH_WAITING_MS && decide({ ...input, lastResort: true }).best >= 0) {
    journey.lastResort = true;
    return;
  }
  const patienceMs = Math.min(operation.policy.maxWaitMs - journey.waitedMs, operation.deadlineAtMs - input.nowMs);
  if (waitMs > patienceMs) throw toCallerError(ended);
  await deps.clock.sleep(waitMs);
  journey.waitedMs += waitMs;
  if (retryMs <= quotaMs) {
    journey.rounds++;
    for (const index of journey.later) journey.tried.delete(index);
    journey.later.clear();
  }
  await deps.ledger.refresh(operation.selector.among);
}
