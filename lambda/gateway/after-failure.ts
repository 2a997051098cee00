// What a failed attempt means for the rest of its request: the policy table, a rescue of what was shown, or the end.
import type { CallerError, ProviderFailure } from '#shared/failures.ts';
import { toEnded, toStopped } from './ended.ts';
import { policyFor } from './failure-policy.ts';
import type { Journey } from './journey.ts';
import type { AttemptOutcome } from './operation.ts';
import { toDecideInput, type Runner } from './pick.ts';
import { toAttempt } from './receipt.ts';
import type { ResumeMode } from './rescue.ts';
import type { GatewayDeps } from './run.ts';
import { toSpent } from './totals.ts';
import type { Ended, Request } from './turn.ts';

interface Failed {
  readonly runner: Runner;
  readonly outcome: AttemptOutcome;
  readonly failure: ProviderFailure;
}

/** Decides what a failed attempt means for the rest of this request. Throws CallerError when it is the end. */
export function afterEnd(deps: GatewayDeps, request: Request, { runner, outcome, lost }: Ended): void {
  const { failure } = outcome;
  if (lost || failure === null) return;
  const { journey, caller } = request;
  const failed: Failed = { runner, outcome, failure };
  const spent = toSpent(runner.candidate, runner.reservation.need, outcome);
  const how = { ms: outcome.ms, endedAtMs: deps.clock.now(), costUsd: spent?.costUsd ?? 0 };
  const attempt = toAttempt(runner.candidate, failure, how);
  journey.attempts.push(attempt);
  caller.watch?.({ kind: 'failed', attempt });
  const isShown = journey.committed && outcome.seenTokens > 0;
  if (spent !== null) journey.spent.push(isShown ? spent : { ...spent, usage: null });
  if (caller.gone) throw toStop(deps, request, failure);
  if (journey.committed) afterBreak(deps, request, failed);
  else goOn(deps, request, failed);
}

/** The caller has seen some of the answer: it goes on elsewhere, or it is over. */
function afterBreak(deps: GatewayDeps, request: Request, failed: Failed): void {
  const { operation, journey } = request;
  const { rescue } = operation;
  const { runner, outcome, failure } = failed;
  const { index, candidate } = runner;
  if (!outcome.committed && journey.resumedBy === null) {
    // It failed beside the one that the caller has seen.
    journey.tried.add(index);
    return;
  }
  if (!rescue.possible()) throw toStop(deps, request, failure);
  if (outcome.committed && failure.kind !== 'cancelled') {
    const { route: from, providerId } = candidate;
    journey.rescues.push({ from, providerId, failure: failure.kind, shownCharacters: rescue.shownCharacters() });
  }
  // It would not go on in this way, or told another story: perhaps in another way, else elsewhere.
  if (journey.resumedBy !== null && isOfWay(journey.resumedBy, failure)) {
    rescue.spend(index);
    if (rescue.modeOf(index) === null) journey.tried.add(index);
    return;
  }
  goOn(deps, request, failed);
}

/** Failures that speak of the way a candidate was asked to go on, not of the candidate. A field is refused in the caller's own request. */
const isOfWay = (mode: ResumeMode, { kind, field }: ProviderFailure): boolean =>
  kind === 'cancelled' || (kind === 'rejected' && (mode !== 'restart' || field === undefined));

const toStop = (deps: GatewayDeps, { operation, journey }: Request, failure: ProviderFailure): CallerError =>
  toStopped(toEnded(deps, toDecideInput(deps, operation, journey), journey), failure);

/** So many fields a request may lose to one provider, which names them one by one. */
const MOST_STRIPPED = 4;

/** What the table says of this failure. */
function goOn(deps: GatewayDeps, request: Request, { runner: { index, candidate }, failure }: Failed): void {
  const { operation, journey } = request;
  const field = failure.kind === 'rejected' ? failure.field : undefined;
  const left = journey.stripped.get(index) ?? [];
  if (field !== undefined && !left.includes(field) && left.length < MOST_STRIPPED) {
    journey.stripped.set(index, [...left, field]);
    return;
  }
  const { next, restMs } = policyFor(failure, operation.policy);
  const isLast = next === 'stop' || !operation.policy.failover;
  // Whoever is told of a limit as the answer is told how long it lasts, too.
  if (next === 'rested' || (isLast && restMs > 0)) journey.refused.set(index, deps.clock.now() + restMs);
  if (isLast) throw toStop(deps, request, failure);
  if (next === 'rested') return;
  journey.tried.add(index);
  // Nonsense may have been charged like an answer: it is not paid for twice.
  const isCharged = failure.kind === 'bad_reply' && candidate.tier === 'paid';
  if (next === 'later' && !isCharged) journey.later.add(index);
  if (failure.kind === 'context_exceeded') excludeShorter(deps, journey, index);
}

/** A prompt that was too long here is too long for everything that holds no more. */
function excludeShorter(deps: GatewayDeps, journey: Journey, index: number): void {
  const context = deps.fleet.candidates[index]?.context;
  if (context === null || context === undefined) return;
  deps.fleet.candidates.forEach((candidate, other) => {
    if (candidate.context !== null && candidate.context <= context) journey.tried.add(other);
  });
}
