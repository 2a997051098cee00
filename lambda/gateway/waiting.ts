// Waiting when nobody can serve right now: for quota to come back, or for a second try after passing faults, within the caller's patience.
import type { Clock } from '../ports.ts';
import { decide, type DecideInput } from '../routing/decide.ts';
import type { Caller } from './answer.ts';
import { toCallerError, type Ended } from './exhaustion.ts';
import type { Journey } from './journey.ts';
import type { Ledger } from './ledger.ts';
import type { Operation } from './operation.ts';
import type { Queue } from './queue.ts';

export interface WaitingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly queue: Queue;
}

/** Who waits. */
export interface Waiting {
  readonly operation: Operation;
  readonly caller: Caller;
  readonly journey: Journey;
}

/** The first pause before candidates that had a passing fault are asked again; it doubles each time, up to the longest. */
const BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 2_000;
/** Pauses after faults at most, for a single failing provider and for several: the more there are, the likelier one has recovered. */
const MAX_ROUNDS_ALONE = 5;
const MAX_ROUNDS = 9;
/** A limit that lifts this soon is waited for rather than asking candidates behind an open breaker. */
const WORTH_WAITING_MS = 1_000;
/**
 * A free limit that lifts this soon is waited for rather than paying. Measured over a day at 120 % demand (npm run simulate): without it
 * 3 % of what is free is left unused, since requests come unevenly; more than this gains nothing.
 */
export const PAY_AFTER_MS = 2_000;
/** Waiters of all instances try at moments spread over this, so that a limit that lifts is not rushed. */
const SPREAD_MS = 200;

/** The end of a request as it would be told now. */
export function toEnded(deps: Pick<WaitingDeps, 'ledger'>, input: DecideInput, journey: Journey): Ended {
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
  const rounds = journey.later.size > 1 ? MAX_ROUNDS : MAX_ROUNDS_ALONE;
  const retry = journey.later.size > 0 && journey.rounds < rounds;
  const backoffMs = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** journey.rounds);
  return {
    quotaMs: soonest ? soonest.waitMs + Math.ceil(Math.min(SPREAD_MS, soonest.waitMs) * spread) : Infinity,
    retryMs: retry ? backoffMs * (0.5 + spread) : Infinity,
  };
}

/** Sleeps, but no longer than the caller stays. */
async function sleepWhileWanted({ clock }: WaitingDeps, caller: Caller, waitMs: number): Promise<void> {
  const over = new AbortController();
  const stopListening = caller.onGone(() => over.abort());
  try {
    await clock.sleep(waitMs, over.signal);
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    stopListening();
  }
}

async function pause(deps: WaitingDeps, { operation, caller, journey }: Waiting, waitMs: number): Promise<void> {
  const fromMs = deps.clock.now();
  journey.ticket ??= deps.queue.ticket();
  await sleepWhileWanted(deps, caller, waitMs);
  journey.waitedMs += deps.clock.now() - fromMs;
  await deps.ledger.refresh(operation.selector.among);
}

/**
 * Nobody can serve right now: waits for quota or for a second try when that is within the caller's patience; pays, or passes open
 * breakers, when that is what is left; else gives up honestly.
 */
export async function waitForTurn(deps: WaitingDeps, input: DecideInput, waiting: Waiting): Promise<void> {
  const { operation, journey } = waiting;
  const ended = toEnded(deps, input, journey);
  const { quotaMs, retryMs } = toWaits(deps, ended, journey);
  const waitMs = Math.min(quotaMs, retryMs);
  if (!journey.mayPay) {
    const worth =
      operation.policy.failover && quotaMs <= Math.min(PAY_AFTER_MS, operation.policy.maxWaitMs) - journey.waitedMs;
    const isChoice = worth && decide({ ...input, policy: operation.policy }).best >= 0;
    if (isChoice) return pause(deps, waiting, quotaMs);
    journey.mayPay = true;
    return;
  }
  if (!operation.policy.failover) throw toCallerError(ended);
  if (!journey.lastResort && waitMs > WORTH_WAITING_MS && decide({ ...input, lastResort: true }).best >= 0) {
    journey.lastResort = true;
    return;
  }
  const patienceMs = Math.min(operation.policy.maxWaitMs - journey.waitedMs, operation.deadlineAtMs - input.nowMs);
  if (waitMs > patienceMs) throw toCallerError(ended);
  await pause(deps, waiting, waitMs);
  if (retryMs > quotaMs) return;
  journey.rounds++;
  for (const index of journey.later) journey.tried.delete(index);
  journey.later.clear();
}
