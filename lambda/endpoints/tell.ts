// Tells what became of a request, once, to everything that wants to know: metrics, log, usage, and the trace where one is kept.
import type { UsageRecord } from '#shared/api/usage.ts';
import type { Attempt, CallerError } from '#shared/failures.ts';
import { createIsoTimes } from '#shared/iso-times.ts';
import type { Assignment } from '#shared/rollout.ts';
import type { RunResult } from '../gateway/run.ts';
import { toOperationName } from '../ports-telemetry.ts';
import { listCostUsd } from '../routing/cost.ts';
import type { EndpointDeps, Visit } from './endpoint.ts';
import type { Traced } from './tell-traces.ts';

/** What is told of every request, whatever its surface. */
export interface Teller {
  /** What the request asks for, as soon as that is known. */
  asks(named: Named): void;
  /** The request takes part in an experiment. */
  assigned(assignment: Assignment): void;
  /** Header for calls to providers; null when nothing is traced. */
  readonly traceparent: string | null;
  /** An answer went out, whole or broken off. */
  answered(result: RunResult): void;
  /** No answer; the caller gets this error. `spent`: what parts of it cost all the same. */
  failed(error: CallerError, spent?: Spent | null): void;
}

/** The models that a request names; `models`: in place of one, or before others. */
export interface Named {
  readonly model: string;
  readonly models?: readonly string[];
}

/** What was used and paid for. */
export type Spent = Pick<RunResult, 'usage' | 'costUsd'>;

/** One request, as it is told of. */
interface Told {
  readonly deps: EndpointDeps;
  readonly visit: Visit;
  /** The surface's name for logs, such as `chat`. */
  readonly operation: string;
  readonly trace: Traced | null;
  readonly assignment: Assignment | null;
  readonly named: Named | null;
}

/** How long it has been under way, ms; nothing where the clock was set back meanwhile. */
const passedSince = ({ clock }: EndpointDeps, { startedAtMs }: Visit): number =>
  Math.max(0, Math.round(clock.now() - startedAtMs));

function tellAnswer(told: Told, result: RunResult): void {
  const { deps, visit, operation } = told;
  const { receipt, usage, costUsd, rescues, brokeOff, firstContentMs } = result;
  const { candidate, attempts, waitedMs } = receipt;
  const { route, credential, tier } = candidate;
  const outcome = brokeOff ? 'broke_off' : 'ok';
  const durationMs = passedSince(deps, visit);
  deps.metrics.count('freeway_requests_total', { operation, tier, result: outcome });
  deps.metrics.count('freeway_tokens_total', { direction: 'input', tier }, usage?.inputTokens ?? 0);
  deps.metrics.count('freeway_tokens_total', { direction: 'output', tier }, usage?.outputTokens ?? 0);
  deps.metrics.observe('freeway_request_duration_seconds', durationMs / 1000, { operation });
  if (firstContentMs !== null)
    deps.metrics.observe('freeway_first_content_seconds', firstContentMs / 1000, { operation });
  if (waitedMs > 0) deps.metrics.observe('freeway_wait_seconds', waitedMs / 1000, { operation });
  deps.log.info('request', {
    request_id: visit.requestId,
    'gen_ai.operation.name': toOperationName(operation),
    'gen_ai.provider.name': candidate.providerId,
    'gen_ai.response.model': candidate.modelId,
    route,
    credential,
    tier,
    attempts: attempts.length + 1,
    rescues,
    wait_ms: Math.round(waitedMs),
    duration_ms: durationMs,
    'gen_ai.usage.input_tokens': usage?.inputTokens ?? null,
    'gen_ai.usage.output_tokens': usage?.outputTokens ?? null,
    cost_usd: costUsd,
    finish: result.finish,
    outcome,
  });
}

/** Callers may write anything for a name. */
const LONGEST_NAMES = 200;

/** The models as they were named; undefined where none was read. */
function toRequested({ named }: Told): string | undefined {
  if (named === null) return undefined;
  const { model, models = [] } = named;
  return (models.length === 0 ? model : [...new Set([model, ...models])].join(',')).slice(0, LONGEST_NAMES);
}

const timeOf = createIsoTimes();

/** What every record says, whatever came of the request. */
function toRecord(
  told: Told,
): Pick<
  UsageRecord,
  'requested_model' | 'request_id' | 'at' | 'person_id' | 'key_id' | 'operation' | 'duration_ms' | 'experiment' | 'arm'
> {
  const { deps, visit, operation, assignment } = told;
  const { principal, requestId, startedAtMs } = visit;
  const requested = toRequested(told);
  return {
    ...(requested === undefined ? {} : { requested_model: requested }),
    ...(assignment === null ? {} : { experiment: assignment.experiment.name, arm: assignment.arm }),
    request_id: requestId,
    at: timeOf(startedAtMs),
    person_id: principal?.id ?? '',
    key_id: principal?.key?.id ?? null,
    operation,
    duration_ms: passedSince(deps, visit),
  };
}

const toUsageAttempts = (attempts: readonly Attempt[]): UsageRecord['attempts'] =>
  attempts.map(({ route, credential, tier, failure, status, ms, costUsd }) => ({
    route,
    credential,
    tier,
    failure,
    status,
    ms,
    ...(costUsd !== undefined && { cost_usd: costUsd }),
  }));

/** What attempts cost that came to nothing; null when none did. */
function costOf(attempts: readonly Attempt[]): number | null {
  const costs = attempts.flatMap(({ costUsd }) => costUsd ?? []);
  return costs.length === 0 ? null : costs.reduce((sum, usd) => sum + usd);
}

function toAnswerRecord(told: Told, result: RunResult): UsageRecord {
  const { receipt, usage, costUsd, rescues, brokeOff, finish, firstContentMs } = result;
  const { candidate, attempts, waitedMs } = receipt;
  return {
    ...toRecord(told),
    outcome: brokeOff ? 'broke_off' : 'ok',
    route: candidate.route,
    credential: candidate.credential,
    tier: candidate.tier,
    input_tokens: usage?.inputTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    audio_seconds: usage?.audioSeconds ?? null,
    cost_usd: costUsd,
    ...(receipt.isCostGuessed && { cost_estimated: true }),
    list_usd: usage === null ? null : listCostUsd(candidate.price, usage),
    wait_ms: Math.round(waitedMs),
    rescues,
    attempts: toUsageAttempts(attempts),
    ...(finish === null ? {} : { finish }),
    ...(firstContentMs === null ? {} : { first_content_ms: Math.round(firstContentMs) }),
  };
}

const toFailureRecord = (told: Told, error: CallerError, spent: Spent | null): UsageRecord => ({
  ...toRecord(told),
  outcome: error.code,
  route: null,
  credential: null,
  tier: null,
  input_tokens: spent?.usage?.inputTokens ?? null,
  output_tokens: null,
  audio_seconds: null,
  cost_usd: spent?.costUsd ?? costOf(error.attempts),
  list_usd: null,
  wait_ms: Math.round(error.waitedMs),
  rescues: 0,
  attempts: toUsageAttempts(error.attempts),
});

function tellFailure({ deps, visit, operation }: Told, error: CallerError): void {
  deps.metrics.count('freeway_requests_total', { operation, tier: 'none', result: error.code });
  deps.log.info('request', {
    request_id: visit.requestId,
    'gen_ai.operation.name': toOperationName(operation),
    attempts: error.attempts.length,
    duration_ms: passedSince(deps, visit),
    status: error.status,
    outcome: error.code,
  });
}

class Telling implements Teller, Told {
  readonly deps: EndpointDeps;
  readonly visit: Visit;
  readonly operation: string;
  readonly trace: Traced | null;
  assignment: Assignment | null = null;
  named: Named | null = null;

  constructor(deps: EndpointDeps, visit: Visit, operation: string) {
    this.deps = deps;
    this.visit = visit;
    this.operation = operation;
    this.trace = deps.traces?.(visit, operation) ?? null;
  }

  get traceparent(): string | null {
    return this.trace?.traceparent ?? null;
  }

  asks(named: Named): void {
    this.named = named;
  }

  assigned(assignment: Assignment): void {
    this.assignment = assignment;
  }

  answered(result: RunResult): void {
    tellAnswer(this, result);
    this.#note(toAnswerRecord(this, result));
    this.trace?.answered(result);
  }

  failed(error: CallerError, spent: Spent | null = null): void {
    tellFailure(this, error);
    this.#note(toFailureRecord(this, error, spent));
    this.trace?.failed(error);
  }

  #note(record: UsageRecord): void {
    this.deps.usage?.note(record);
    this.visit.onRecord?.(record);
  }
}

/** A teller for one request of the surface `operation`. */
export const createTeller = (deps: EndpointDeps, visit: Visit, operation: string): Teller =>
  new Telling(deps, visit, operation);
