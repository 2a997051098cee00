// The one loop: decide, reserve, send, settle; on failure consult the policy table and go on, as long as the caller's patience lasts.
import { CallerError, type CallerErrorCode } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { loadOnce } from '#shared/load-once.ts';
import type { Clock, Upstream } from '../ports.ts';
import type { Log, Metrics } from '../ports-telemetry.ts';
import type { DecideInput } from '../routing/decide.ts';
import type { Finish } from '../wire/types.ts';
import type { Caller, Receipt } from './answer.ts';
import { toEnded, toLate } from './ended.ts';
import type { Fleet } from './fleet.ts';
import type { Hedge } from './hedge.ts';
import { createHedge } from './hedge.ts';
import { createJourney, type Journey } from './journey.ts';
import type { Ledger } from './ledger.ts';
import type { Operation } from './operation.ts';
import { pick, toDecideInput, type Runner } from './pick.ts';
import { toReceipt } from './receipt.ts';
import type { Shares } from './shares.ts';
import { toSpent, totalOf } from './totals.ts';
import { takeTurn, type Ended, type Request } from './turn.ts';
import { createQueue, type Queue } from './queue.ts';

/** Loaded by the first failure, and by the first who finds nobody: most requests have neither. */
const loadFailures = loadOnce(() => import('./after-failure.ts'));
const loadWaiting = loadOnce(() => import('./waiting.ts'));

export interface RunInput {
  readonly operation: Operation;
  readonly caller: Caller;
}

export interface Gateway {
  /** Resolves when the caller has the whole answer; rejects with CallerError when there is none, and everything is settled. */
  run(input: RunInput): Promise<RunResult>;
}

export interface RunResult {
  readonly receipt: Receipt;
  /** What all attempts that contributed to the answer used. */
  readonly usage: Usage | null;
  readonly costUsd: number | null;
  /** How many times the answer broke off and went on elsewhere. */
  readonly rescues: number;
  /** Why the answer ended; null when that was not told. */
  readonly finish: Finish | null;
  /** From asking the provider that ended the answer to its first content, ms; null when there was none. */
  readonly firstContentMs: number | null;
  /** Set when the answer broke off for good after the caller had received some of it. */
  readonly brokeOff: CallerError | null;
  /** Resolves when what was used is in the books. */
  readonly settled: Promise<unknown>;
}

export interface GatewayServices {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Who has had how much of what others ask for too; absent: nobody shares. */
  readonly shares?: Shares;
}

export interface GatewayDeps extends GatewayServices {
  readonly hedge: Hedge;
  readonly queue: Queue;
  readonly probes: Map<number, number>;
}

/** Builds the loop over one fleet. */
export function createGateway(services: GatewayServices): Gateway {
  const deps: GatewayDeps = { ...services, hedge: createHedge(), queue: createQueue(), probes: new Map() };
  return {
    run: (input) => {
      const { admission } = input.operation;
      const running = run(deps, { ...input, journey: createJourney(deps.clock.now(), admission?.purse ?? null) });
      return admission?.quota?.follow(running, input.caller) ?? running;
    },
  };
}

async function run(deps: GatewayDeps, request: Request): Promise<RunResult> {
  const { operation, journey } = request;
  const refreshing = deps.ledger.refresh(operation.selector.among);
  if (refreshing !== null) await refreshing;
  let broken: Ended | null = null;
  for (;;) {
    try {
      const next = nextRunner(deps, request);
      const runner = next instanceof Promise ? await next : next;
      journey.turnAtMs = deps.clock.now();
      journey.resumedBy = journey.committed ? operation.rescue.modeOf(runner.index) : null;
      const ended = await takeTurn(deps, request, runner);
      const won = ended.find(({ outcome }) => outcome.failure === null);
      if (won) {
        countRescues(deps, journey);
        return toResult(request, won, null);
      }
      broken = ended.find(({ outcome }) => outcome.committed) ?? broken;
      const { afterEnd } = await loadFailures();
      for (const one of ended) afterEnd(deps, request, one);
    } catch (error) {
      if (broken === null || !(error instanceof CallerError)) throw toRefusal(deps, request, error);
      return toResult(request, broken, error);
    }
  }
}

/** Where the caller's own purse holds less than the installation's, it is the one to be told of. */
function toRefusal({ ledger }: GatewayDeps, { journey: { purse } }: Request, error: unknown): unknown {
  const tooDear = error instanceof CallerError && error.code === 'budget_exceeded';
  return tooDear && purse !== null && purse.roomUsd() < ledger.budgetUsd() ? purse.refusal() : error;
}

/** Only answers that came to their end count as rescued. */
function countRescues({ metrics }: GatewayDeps, { rescues }: Journey): void {
  for (const { providerId, failure } of rescues)
    metrics.count('freeway_rescues_total', { provider: providerId, failure });
}

interface Picked {
  readonly input: DecideInput;
  readonly picking: ReturnType<typeof pick>;
}

/** It waits no longer: it is served, or gives up. */
function stopWaiting({ queue }: GatewayDeps, { journey }: Request): void {
  journey.stopWaiting?.();
  journey.stopWaiting = null;
  if (journey.ticket !== null) queue.leave(journey.ticket);
  journey.ticket = null;
}

/** The decision as things stand, and whom it has led to. */
function tryNow(deps: GatewayDeps, { operation, caller, journey }: Request): Picked {
  const input = toDecideInput(deps, operation, journey);
  if (input.nowMs >= operation.deadlineAtMs) throw toLate(toEnded(deps, input, journey));
  caller.watch?.({ kind: 'deciding', input });
  return { input, picking: pick(deps, input, { journey, operation }) };
}

/** The same when it is this request's turn, which ends when somebody is picked. */
const tryInTurn = (deps: GatewayDeps, waiting: Request, ticket: number): Promise<Picked> =>
  deps.queue.inTurn(ticket, async () => {
    const { input, picking } = tryNow(deps, waiting);
    return { input, picking: await picking };
  });

/** Who is asked next: at once where somebody can be. Throws or rejects with CallerError when nobody will be. */
function nextRunner(deps: GatewayDeps, waiting: Request): Runner | Promise<Runner> {
  const { caller, journey } = waiting;
  const isWaiting = journey.ticket !== null || journey.stopWaiting !== null;
  if (caller.gone || isWaiting) return awaitRunner(deps, waiting, null);
  const tried = tryNow(deps, waiting);
  const { picking } = tried;
  return picking instanceof Promise || typeof picking === 'string' ? awaitRunner(deps, waiting, tried) : picking;
}

/** Waits until somebody can be asked. `tried`: the first try, where it was made. */
async function awaitRunner(deps: GatewayDeps, waiting: Request, tried: Picked | null): Promise<Runner> {
  const { journey } = waiting;
  let first = tried;
  try {
    for (;;) {
      if (waiting.caller.gone) throw toHungUp(waiting);
      const { ticket } = journey;
      const { input, picking } =
        first ?? (ticket === null ? tryNow(deps, waiting) : await tryInTurn(deps, waiting, ticket));
      first = null;
      const picked = picking instanceof Promise ? await picking : picking;
      const runner = typeof picked === 'string' ? await afterPick(deps, input, { waiting, picked }) : picked;
      if (runner === null) continue;
      if (!waiting.caller.gone) return runner;
      // Nobody is asked for a caller who left meanwhile.
      await deps.ledger.release(runner.reservation);
    }
  } finally {
    stopWaiting(deps, waiting);
  }
}

const toHungUp = ({ journey: { attempts } }: Request): CallerError =>
  new CallerError('deadline', 'The caller hung up before an answer was found.', { attempts });

/** What comes of nobody having been picked: who was booked for later, or null to try again. */
async function afterPick(
  deps: GatewayDeps,
  input: DecideInput,
  { waiting, picked }: { waiting: Request; picked: string },
): Promise<Runner | null> {
  const { operation, journey } = waiting;
  // What was refused came back with the refusal. Whoever was faster twice is a crowd, and was so elsewhere too.
  if (picked === 'outrun' && journey.outrun > 1) await deps.ledger.refresh(operation.selector.among, true);
  return picked === 'nobody' ? (await loadWaiting()).waitForTurn(deps, input, waiting) : null;
}

const nothing = { costUsd: 0, isGuess: false } as const;

/** What says more of an answer that broke off than that it did. */
const keptCodes: ReadonlySet<CallerErrorCode> = new Set<CallerErrorCode>(['deadline', 'content_filter']);

/** The end of the request, its last attempt being this one. */
function toResult({ journey }: Request, { runner, outcome, settled }: Ended, error: CallerError | null): RunResult {
  // What broke off has been counted already.
  const last = outcome.failure === null ? toSpent(runner.candidate, runner.reservation.need, outcome) : nothing;
  const usage = outcome.failure === null ? outcome.usage : null;
  const total = totalOf(journey, { ...(last ?? { costUsd: null, isGuess: false }), usage });
  const { attempts, waitedMs } = journey;
  const failure = outcome.failure?.message ?? '';
  const brokeOff =
    error === null
      ? null
      : new CallerError(
          keptCodes.has(error.code) ? error.code : 'upstream_failed',
          `The answer broke off: ${failure}`,
          {
            attempts,
            waitedMs,
            retryable: error.code !== 'content_filter',
            retryAfterMs: error.retryAfterMs,
          },
        );
  return {
    receipt: toReceipt(journey, runner.candidate, total),
    usage: total.usage,
    costUsd: total.costUsd,
    rescues: journey.rescues.length,
    finish: outcome.finish ?? null,
    firstContentMs: outcome.firstContentMs,
    brokeOff,
    settled,
  };
}
