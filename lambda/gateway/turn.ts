// One turn of the loop: asks one candidate, and a second one beside it when the first is late. The first content wins, the other is given up.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Candidate } from '../routing/types.ts';
import type { Caller, Receipt } from './answer.ts';
import type { Journey } from './journey.ts';
import type { AttemptOutcome, Operation } from './operation.ts';
import { pick, toDecideInput, type Runner } from './pick.ts';
import { toAttempt, toClosing, toReceipt } from './receipt.ts';
import type { GatewayDeps } from './run.ts';
import { send, type Sent } from './send.ts';
import { priceOf, totalOf } from './totals.ts';

/** One request under way. */
export interface Request {
  readonly operation: Operation;
  readonly caller: Caller;
  readonly journey: Journey;
}

/** An attempt that is over; one that failed is settled as well. `lost`: given up because the other was faster. */
export interface Ended {
  readonly runner: Runner;
  readonly outcome: AttemptOutcome;
  readonly lost: boolean;
  readonly settled: Promise<unknown>;
}

/** Two at most. */
interface Race {
  readonly deps: GatewayDeps;
  readonly request: Request;
  readonly runners: { readonly runner: Runner; readonly sent: Sent }[];
  /** The only one whose content is wanted, from its first content on. */
  winner: Runner | null;
  /** The second one, while it is being picked. */
  second: Promise<void> | null;
  over: boolean;
}

/** Asks `first`. Resolves when all who were asked are done, the winner last; never rejects for what a provider does. */
export async function takeTurn(deps: GatewayDeps, request: Request, first: Runner): Promise<readonly Ended[]> {
  const race: Race = { deps, request, runners: [], winner: null, second: null, over: false };
  deps.hedge.earn();
  const stopListening = request.caller.onGone(() => {
    for (const { sent } of race.runners) sent.cancel('the caller hung up');
  });
  const ended: Ended[] = [];
  start(race, first);
  for (const { runner, sent } of race.runners) {
    const outcome = await sent.done;
    const settled = settle(race, runner, outcome);
    // What a failure has taught must be known before somebody else is asked; after an answer nobody has to wait.
    if (outcome.failure !== null) await settled;
    ended.push({ runner, outcome, lost: race.winner !== null && race.winner !== runner, settled });
    // Whoever was being picked meanwhile takes part in the loop too.
    if (outcome.failure === null) race.over = true;
    if (race.second !== null) await race.second;
  }
  stopListening();
  return ended.length < 2 ? ended : ended.sort((a, b) => Number(b.lost) - Number(a.lost));
}

function start(race: Race, runner: Runner): void {
  const { deps, request } = race;
  const { operation, caller, journey } = request;
  const { index, candidate, credential } = runner;
  const startedAtMs = deps.clock.now();
  const isFirst = race.runners.length === 0;
  caller.watch?.({ kind: 'asking', candidate });
  const sent = send({
    operation,
    index,
    credential,
    stripped: toStripped(deps, journey, index),
    commit: (contentType, usage) => {
      journey.committed = true;
      const total = totalOf(journey, { usage, costUsd: priceOf(candidate, usage), isGuess: false });
      const receipt = toReceipt(journey, candidate, total);
      return caller.commit(withNotes(receipt, operation, index), contentType);
    },
    closing: (usage, seenTokens) => toClosing(journey, runner, { usage, seenTokens }),
    onContent: () => win(race, runner, deps.clock.now() - startedAtMs),
    lateMs: (usualMs) => (mayHedge(race, isFirst) ? deps.hedge.lateMs(index, operation.streamed, usualMs) : Infinity),
    onLate: () => {
      race.second = addSecond(race, runner);
    },
    upstream: deps.upstream,
    clock: deps.clock,
  });
  race.runners.push({ runner, sent });
}

/** Fields that this candidate is known to refuse, and that it has refused of this request. */
function toStripped({ ledger }: GatewayDeps, journey: Journey, index: number): readonly string[] {
  const known = ledger.stripped.fields(index);
  const here = journey.stripped.get(index);
  return here === undefined ? known : [...known, ...here];
}

/** The receipt with what was left out of the request, and what was put right. */
function withNotes(receipt: Receipt, { dropped, mended }: Operation, index: number): Receipt {
  const left = dropped?.(index) ?? [];
  const right = mended?.(index) ?? [];
  if (left.length === 0 && right.length === 0) return receipt;
  return {
    ...receipt,
    ...(left.length === 0 ? {} : { dropped: left }),
    ...(right.length === 0 ? {} : { mended: right }),
  };
}

/** An answer that goes on elsewhere is not raced for, and neither is one that must come from one place. */
function mayHedge({ request: { operation, journey } }: Race, isFirst: boolean): boolean {
  return isFirst && operation.policy.failover && !journey.committed;
}

const mayPay = ({ policy }: Operation): boolean => policy.paid === 'allowed';

/** Asks another credential too, if the budget of extra calls allows. */
async function addSecond(race: Race, first: Runner): Promise<void> {
  const { deps, request } = race;
  const { operation, journey } = request;
  if (first.candidate.tier === 'paid' && !mayPay(operation)) return;
  const elsewhere = new Set(journey.tried);
  deps.fleet.candidates.forEach(({ credentialId }, index) => {
    if (credentialId === first.candidate.credentialId) elsewhere.add(index);
  });
  const policy = mayPay(operation) ? operation.policy : { ...operation.policy, paid: 'never' as const };
  const input = { ...toDecideInput(deps, operation, journey), tried: elsewhere, policy };
  if (!deps.hedge.spend()) return;
  const runner = await pick(deps, input, { journey, operation });
  if (typeof runner === 'string') return deps.hedge.giveBack();
  if (race.over || race.winner !== null || request.caller.gone) await deps.ledger.release(runner.reservation);
  else start(race, runner);
}

/** The first content of a runner: if nobody had any before, it has won, and the other is given up. */
function win(race: Race, winner: Runner, ms: number): void {
  const { deps, request, runners } = race;
  const { streamed } = request.operation;
  deps.hedge.observe(winner.index, streamed, ms);
  if (race.winner !== null) return;
  race.winner = winner;
  for (const { runner, sent } of runners) {
    if (runner === winner) continue;
    const isLate = runner === runners[0]?.runner;
    deps.metrics.count('freeway_hedges_total', { won: String(isLate) });
    if (isLate) {
      // Told before the head goes out, so that it stands in the trail.
      const late: ProviderFailure = { kind: 'timeout', message: 'no content yet when another candidate was faster' };
      const endedAtMs = deps.clock.now();
      const elapsedMs = endedAtMs - request.journey.turnAtMs;
      const attempt = toAttempt(runner.candidate, late, { ms: elapsedMs, endedAtMs });
      request.journey.attempts.push(attempt);
      request.caller.watch?.({ kind: 'failed', attempt });
      deps.hedge.observe(runner.index, streamed, elapsedMs);
    }
    sent.cancel('another candidate was faster');
  }
}

const done: Promise<unknown> = Promise.resolve();

/** Books an attempt that is over; answers when that is done. */
function settle({ deps, request }: Race, runner: Runner, outcome: AttemptOutcome): Promise<unknown> {
  const { index, reservation, candidate } = runner;
  countAttempt(deps, candidate, outcome);
  const stripped = request.journey.stripped.get(index);
  if (outcome.failure !== null) return deps.ledger.settle(reservation, outcome) ?? done;
  if (request.journey.attempts.length > 0)
    deps.metrics.count('freeway_failovers_total', { provider: candidate.providerId, tier: candidate.tier });
  if (stripped === undefined) return deps.ledger.settle(reservation, outcome) ?? done;
  return deps.ledger.stripped.remember(index, stripped).then(() => deps.ledger.settle(reservation, outcome));
}

function countAttempt({ metrics }: GatewayDeps, { providerId, tier }: Candidate, outcome: AttemptOutcome): void {
  const { failure, mended, ms } = outcome;
  metrics.count('freeway_attempts_total', { provider: providerId, tier, result: failure?.kind ?? 'ok' });
  if (failure !== null) return;
  metrics.observe('freeway_attempt_duration_seconds', ms / 1000, { provider: providerId, tier });
  if (mended === undefined) return;
  for (const what of mended) metrics.count('freeway_mended_total', { provider: providerId, what });
}
