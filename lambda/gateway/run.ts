// The one loop: decide, reserve, send, settle; on failure consult the policy table and go on, as long as the caller's patience lasts.
import { CallerError, type Attempt, type ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Clock, Log, Metrics, Upstream } from '../ports.ts';
import { costUsd } from '../routing/cost.ts';
import { decide, type DecideInput } from '../routing/decide.ts';
import { toNeed } from '../routing/profile.ts';
import type { Candidate } from '../routing/types.ts';
import type { Caller, Receipt } from './answer.ts';
import { toCallerError } from './exhaustion.ts';
import { policyFor } from './failure-policy.ts';
import type { Fleet } from './fleet.ts';
import { createJourney, type Journey } from './journey.ts';
import type { Ledger, Reservation } from './ledger.ts';
import type { AttemptOutcome, Operation } from './operation.ts';
import { send } from './send.ts';
import { toEnded, waitForTurn } from './waiting.ts';

export interface RunInput {
  readonly operation: Operation;
  readonly caller: Caller;
}

export interface Gateway {
  /** Resolves when the caller has the whole answer and everything is settled; rejects with CallerError when there is none. */
  run(input: RunInput): Promise<RunResult>;
}

export interface RunResult {
  readonly receipt: Receipt;
  readonly usage: Usage | null;
  readonly costUsd: number | null;
  /** Set when the answer broke off after the caller had received some of it. */
  readonly brokeOff: CallerError | null;
}

export interface GatewayDeps {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Builds the loop over one fleet. */
export function createGateway(deps: GatewayDeps): Gateway {
  return { run: (input) => run(deps, input) };
}

function toDecideInput(deps: GatewayDeps, operation: Operation, journey: Journey): DecideInput {
  const nowMs = deps.clock.now();
  return {
    candidates: deps.fleet.candidates,
    standings: deps.ledger.standings(nowMs),
    selector: operation.selector,
    profile: operation.profile,
    policy: operation.policy,
    tried: journey.tried,
    refused: journey.refused,
    lastResort: journey.lastResort,
    nowMs,
    jitter: deps.clock.random(),
  };
}

async function run(deps: GatewayDeps, { operation, caller }: RunInput): Promise<RunResult> {
  const journey = createJourney();
  await deps.ledger.refresh(operation.selector.among);
  for (;;) {
    if (caller.gone)
      throw new CallerError('deadline', 'The caller hung up before an answer was found.', {
        attempts: journey.attempts,
      });
    const input = toDecideInput(deps, operation, journey);
    if (input.nowMs >= operation.deadlineAtMs) throw toCallerError(toEnded(deps, input, journey));
    const { best } = decide(input);
    if (best < 0) {
      await waitForTurn(deps, input, { operation, journey });
      continue;
    }
    const candidate = deps.fleet.candidates[best];
    const standing = input.standings[best];
    if (!candidate || !standing)
      throw new CallerError('internal', 'The decision named a candidate that does not exist.');
    const need = toNeed(operation.profile, { candidate, ratio: standing.ratio });
    const reserved = await deps.ledger.reserve(best, need, journey.lastResort);
    if ('refusedUntilMs' in reserved) {
      journey.refused.set(best, reserved.refusedUntilMs);
      continue;
    }
    const result = await attempt(
      deps,
      { operation, caller },
      { journey, index: best, reservation: reserved.reservation },
    );
    if (result !== null) return result;
  }
}

interface Turn {
  readonly journey: Journey;
  readonly index: number;
  readonly reservation: Reservation;
}

/** One attempt. null: it failed, and the loop goes on. */
async function attempt(deps: GatewayDeps, { operation, caller }: RunInput, turn: Turn): Promise<RunResult | null> {
  const { journey, index, reservation } = turn;
  const candidate = deps.fleet.candidates[index];
  const credential = deps.fleet.credentials[index];
  if (!candidate || !credential)
    throw new CallerError('internal', 'The decision named a candidate that does not exist.');
  const priceOf = (usage: Usage | null): number | null => {
    if (candidate.tier !== 'paid') return 0;
    if (usage?.reportedCostUsd !== undefined) return usage.reportedCostUsd;
    return candidate.price === null || usage === null ? null : costUsd(candidate.price, usage);
  };
  const receiptFor = (usage: Usage | null): Receipt => ({
    candidate,
    attempts: journey.attempts,
    waitedMs: journey.waitedMs,
    costUsd: priceOf(usage),
  });
  const outcome = await send({
    operation,
    index,
    credential,
    stripped: [...deps.ledger.stripped.fields(index), ...(journey.stripped.get(index) ?? [])],
    commit: (contentType, usage) => caller.commit(receiptFor(usage), contentType),
    receiptField: (usage) => ({
      route: candidate.route,
      credential: candidate.credential,
      tier: candidate.tier,
      cost_usd: priceOf(usage),
      attempts: journey.attempts.length + 1,
    }),
    onGone: (listener) => caller.onGone(listener),
    upstream: deps.upstream,
    clock: deps.clock,
  });
  const stripped = journey.stripped.get(index) ?? [];
  if (outcome.failure === null && stripped.length > 0) await deps.ledger.stripped.remember(index, stripped);
  await deps.ledger.settle(reservation, outcome);
  observe(deps, turn, outcome);
  if (outcome.failure === null) {
    return {
      receipt: receiptFor(outcome.usage),
      usage: outcome.usage,
      costUsd: priceOf(outcome.usage),
      brokeOff: null,
    };
  }
  journey.attempts.push(toAttempt(candidate, outcome.failure, outcome.ms));
  if (outcome.committed) {
    const brokeOff = new CallerError('upstream_failed', `The answer broke off: ${outcome.failure.message}`, {
      attempts: journey.attempts,
      retryable: true,
    });
    return { receipt: receiptFor(outcome.usage), usage: outcome.usage, costUsd: priceOf(outcome.usage), brokeOff };
  }
  afterFailure(deps, operation, { turn, failure: outcome.failure });
  return null;
}

function toAttempt(candidate: Candidate, failure: ProviderFailure, ms: number): Attempt {
  const { route, credential, tier } = candidate;
  return {
    route,
    credential,
    tier,
    failure: failure.kind,
    status: failure.status ?? null,
    ms: Math.round(ms),
    message: failure.message,
  };
}

/** Decides by the table what the failure means for the rest of this request. Throws when it is the answer. */
function afterFailure(
  deps: GatewayDeps,
  operation: Operation,
  { turn, failure }: { turn: Turn; failure: ProviderFailure },
): void {
  const { journey, index } = turn;
  const field = failure.kind === 'rejected' ? failure.field : undefined;
  if (field !== undefined && !journey.stripped.has(index)) {
    journey.stripped.set(index, [field]);
    return;
  }
  const { next } = policyFor(failure);
  if (next === 'stop' || !operation.policy.failover) {
    const input = toDecideInput(deps, operation, journey);
    throw toCallerError({ ...toEnded(deps, input, journey), stoppedBy: failure });
  }
  if (next === 'rested') return;
  journey.tried.add(index);
  if (next === 'later') journey.later.add(index);
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

function observe(deps: GatewayDeps, { journey, index }: Turn, outcome: AttemptOutcome): void {
  const candidate = deps.fleet.candidates[index];
  if (!candidate) return;
  const labels = { provider: candidate.providerId, tier: candidate.tier };
  const result = outcome.failure?.kind ?? 'ok';
  deps.metrics.count('freeway_attempts_total', { ...labels, result });
  if (outcome.failure === null) deps.metrics.observe('freeway_attempt_duration_seconds', outcome.ms / 1000, labels);
  if (outcome.failure === null && journey.attempts.length > 0) deps.metrics.count('freeway_failovers_total', labels);
}
