// Waiting when nobody can serve right now: for quota to come back, or for a second try after passing faults, within the caller's patience.
import { shortRestMs } from '../routing/breaker.ts';
import { choose } from '../routing/choose.ts';
import { decide, type DecideInput } from '../routing/decide.ts';
import { isAt } from '../routing/thrift.ts';
import type { Caller } from './answer.ts';
import { toEnded, type Ended } from './ended.ts';
import { toExhausted } from './exhaustion.ts';
import type { Journey } from './journey.ts';
import type { Operation } from './operation.ts';
import { bookAhead, PROBE_AFTER_MS, PROBE_EVERY_MS, type PickDeps, type Runner } from './pick.ts';
import type { Queue } from './queue.ts';
import type { Candidate } from '../routing/types.ts';

export interface WaitingDeps extends PickDeps {
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
/** Of one credential so many are asked again after a pause: a provider all of whose models have failed is likely away, and is not stormed. */
const AGAIN_OF_ONE = 2;
/** A limit that lifts this soon is waited for rather than asking candidates behind an open breaker. */
const WORTH_WAITING_MS = 1_000;
/**
 * A limit that lifts this soon is waited for rather than paying, or rather than spending what should last for the day: the longer the more
 * tokens a request takes, since it takes longer anyway, and costs more; and longer where free quota runs out, since then whatever passes
 * unused is paid for later. Measured over a day (npm run simulate) at 120 %: without waiting 5 % of what is free is left unused, since requests
 * come unevenly, with the usual patience 4 %, with more of it less than 3 %; with the same wait for all, the dear ones are paid for as often
 * as the cheap.
 */
const usualPatience = { perTokenMs: 3, leastMs: 500, mostMs: 10_000 } as const;
const morePatience = { perTokenMs: 7, leastMs: 2_500, mostMs: 14_000 } as const;

/** How long this request waits for what costs less. */
function spareMsOf(input: DecideInput): number {
  const { inputTokens, outputTokens } = input.profile;
  const { perTokenMs, leastMs, mostMs } = isAt('dire', input) ? morePatience : usualPatience;
  return Math.min(mostMs, Math.max(leastMs, perTokenMs * (inputTokens + outputTokens)));
}

/** Waiters of all instances try at moments spread over this, so that a limit that lifts is not rushed. */
const SPREAD_MS = 200;
/** Each time another instance was faster that becomes fourfold, up to this: the more are waiting, the less often each of them tries. */
const LONGEST_SPREAD_MS = 3_200;

interface Waits {
  readonly quotaMs: number;
  readonly retryMs: number;
  readonly probeMs: number;
  /** How much longer to wait, if patience allows, since others wait for the same. */
  readonly crowdMs: number;
}

const mayBeProbed = ({ standings, nowMs }: DecideInput): boolean =>
  standings.some(({ restUntilMs }) => restUntilMs > nowMs && restUntilMs - nowMs <= shortRestMs);

/** How long until limits lift, and until faulty candidates are asked again, ms; Infinity when that will not be. */
function toWaits(deps: WaitingDeps, { soonest, input }: Ended, journey: Journey): Waits {
  const spread = deps.clock.random();
  const rounds = journey.later.size > 1 ? MAX_ROUNDS : MAX_ROUNDS_ALONE;
  const retry = journey.later.size > 0 && journey.rounds < rounds;
  const backoffMs = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** journey.rounds);
  // The pause goes on while limits lift and calls are refused again, or these would keep it from ever being over.
  if (retry) journey.retryAtMs ??= input.nowMs + backoffMs * (0.5 + spread);
  return {
    quotaMs: soonest ? soonest.waitMs + Math.ceil(Math.min(SPREAD_MS, soonest.waitMs) * spread) : Infinity,
    retryMs: retry && journey.retryAtMs !== null ? Math.max(0, journey.retryAtMs - input.nowMs) : Infinity,
    // Who has waited a while looks more often whether a rest may be passed.
    probeMs:
      journey.waitedMs >= PROBE_AFTER_MS && soonest !== null && mayBeProbed(input)
        ? PROBE_EVERY_MS * (0.5 + spread)
        : Infinity,
    crowdMs:
      journey.outrun === 0 ? 0 : Math.ceil(Math.min(LONGEST_SPREAD_MS, SPREAD_MS * 4 ** journey.outrun) * spread),
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

/** Sleeps for what is waited for, and counts it. */
async function waitOut(deps: WaitingDeps, { caller, journey }: Waiting, waitMs: number): Promise<void> {
  const fromMs = deps.clock.now();
  journey.ticket ??= deps.queue.ticket();
  caller.watch?.({ kind: 'waiting', waitMs });
  await sleepWhileWanted(deps, caller, waitMs);
  journey.waitedMs += Math.max(0, deps.clock.now() - fromMs);
}

async function pause(
  deps: WaitingDeps,
  waiting: Waiting,
  { waitMs, forWhom }: { waitMs: number; forWhom: Candidate | undefined },
): Promise<null> {
  const { operation, journey } = waiting;
  const fromMs = deps.clock.now();
  const { askerId } = operation;
  journey.stopWaiting?.();
  journey.stopWaiting =
    askerId === undefined || forWhom === undefined
      ? null
      : (deps.shares?.waits(askerId, forWhom, fromMs + waitMs) ?? null);
  await waitOut(deps, waiting, waitMs);
  await deps.ledger.refresh(operation.selector.among);
  return null;
}

interface Bookable {
  readonly waiting: Waiting;
  readonly soonest: Ended['soonest'];
  /** No longer than this. */
  readonly mostMs: number;
}

/** Whoever was outrun this often at booking waits a while before trying again: many are at it. */
const MOST_OUTRUN = 4;
/** Each time others were faster there are taken to be so many times more of them. */
const CROWD = 3;

/**
 * Books the share that comes free first, and waits for it. null: it has to be waited for like any other. `again`: somebody was faster, and
 * what comes free next is another.
 */
async function waitBooked(
  deps: WaitingDeps,
  input: DecideInput,
  { waiting, soonest, mostMs }: Bookable,
): Promise<Runner | 'again' | null> {
  const { operation, journey } = waiting;
  // Those who wait together here take turns by who has had least; only one of them at a time may go ahead of that.
  const isAlone = !deps.queue.hasOthers(journey.ticket);
  // Where others were faster, a place behind as many as may be at it is one that they leave.
  const first = journey.outrun === 0 ? soonest : deps.ledger.soonest(decide(input), input, CROWD ** journey.outrun);
  if (first === null || first.waitMs > mostMs || !isAlone || journey.outrun >= MOST_OUTRUN) return null;
  journey.ticket ??= deps.queue.ticket();
  const booked = await bookAhead(deps, input, { ...first, journey, operation });
  if (booked === null || booked === 'again') return booked;
  await waitOut(deps, waiting, first.waitMs);
  return booked;
}

/** What comes in question next when waiting does not spare it. */
const dearer = { spare: 'free', free: 'any' } as const;

/** Waits a little for what costs least; or lets the request cost more when that takes too long. */
async function waitOrSpend(
  deps: WaitingDeps,
  input: DecideInput,
  { waiting, ended, waits }: { waiting: Waiting; ended: Ended; waits: Waits },
): Promise<Runner | null> {
  const { operation, journey } = waiting;
  const { failover, maxWaitMs } = operation.policy;
  const restMs = Math.min(maxWaitMs - journey.waitedMs, operation.deadlineAtMs - input.nowMs);
  const patienceMs = Math.min(spareMsOf(input) - journey.waitedMs, restMs);
  if (failover) {
    const booked = await waitBooked(deps, input, { waiting, soonest: ended.soonest, mostMs: patienceMs });
    if (booked !== null) return booked === 'again' ? null : booked;
    const { quotaMs, crowdMs } = waits;
    if (quotaMs <= patienceMs)
      return pause(deps, waiting, { waitMs: Math.min(quotaMs + crowdMs, patienceMs), forWhom: forWhomOf(ended) });
  }
  if (journey.expense !== 'any') journey.expense = dearer[journey.expense];
  return null;
}

/** Those who are asked again after this pause; the others wait for the next, ahead of those that fail again. */
function askAgain({ candidates }: DecideInput, { later, tried }: Journey): void {
  const asked = new Map<string, number>();
  for (const index of later) {
    const credentialId = candidates[index]?.credentialId ?? '';
    const count = asked.get(credentialId) ?? 0;
    if (count === AGAIN_OF_ONE) continue;
    asked.set(credentialId, count + 1);
    later.delete(index);
    tried.delete(index);
  }
}

const forWhomOf = ({ soonest, input }: Ended): Candidate | undefined =>
  soonest === null ? undefined : input.candidates[soonest.index];

/**
 * Nobody can serve right now: waits for quota or for a second try when that is within the caller's patience; pays, or passes open
 * breakers, when that is what is left; else gives up honestly. Answers who can be asked now, where a share was booked for that; null: decide
 * again.
 */
export async function waitForTurn(deps: WaitingDeps, input: DecideInput, waiting: Waiting): Promise<Runner | null> {
  const { operation, journey } = waiting;
  const ended = toEnded(deps, input, journey);
  const waits = toWaits(deps, ended, journey);
  if (journey.expense !== 'any') return waitOrSpend(deps, input, { waiting, ended, waits });
  if (!operation.policy.failover) throw toExhausted(ended);
  const { quotaMs, retryMs, probeMs, crowdMs } = waits;
  const waitMs = Math.min(quotaMs, retryMs);
  if (!journey.lastResort && waitMs > WORTH_WAITING_MS && choose({ ...input, lastResort: true }).best >= 0) {
    journey.lastResort = true;
    return null;
  }
  const patienceMs = Math.min(operation.policy.maxWaitMs - journey.waitedMs, operation.deadlineAtMs - input.nowMs);
  const mostMs = Math.min(patienceMs, retryMs, probeMs);
  const booked = await waitBooked(deps, input, { waiting, soonest: ended.soonest, mostMs });
  if (booked !== null) return booked === 'again' ? null : booked;
  if (waitMs > patienceMs) throw toExhausted(ended);
  await pause(deps, waiting, { waitMs: Math.min(waitMs + crowdMs, patienceMs, probeMs), forWhom: forWhomOf(ended) });
  if (retryMs > Math.min(quotaMs, probeMs)) return null;
  journey.rounds++;
  journey.retryAtMs = null;
  askAgain(input, journey);
  return null;
}
