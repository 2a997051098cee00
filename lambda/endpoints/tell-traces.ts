// Tells traces what became of requests. Loaded only where something is traced.
import type { Attempt, CallerError } from '#shared/failures.ts';
import type { RunResult } from '../gateway/run.ts';
import type { Clock } from '../ports.ts';
import { toOperationName, type RequestTrace, type TracedWork, type Traces } from '../ports-telemetry.ts';
import type { Visit } from './endpoint.ts';

/** A request that is traced. Told once what became of it. */
export interface Traced {
  /** Header for calls to providers. */
  readonly traceparent: string;
  answered(result: RunResult): void;
  failed(error: CallerError): void;
}

/** Begins the trace of a request of the surface `operation`. */
export type Tracing = (visit: Visit, operation: string) => Traced;

interface Told {
  readonly clock: Clock;
  readonly visit: Visit;
  readonly operation: string;
  readonly trace: RequestTrace;
}

/** A call to a provider, by the names under which tools for language models look for such. */
function toWork(attempt: Attempt, operation: string): TracedWork {
  const { route, credential, tier, failure, status, ms, endedAtMs } = attempt;
  const slash = route.indexOf('/');
  const model = route.slice(slash + 1);
  return {
    name: `${operation} ${model}`,
    startedAtMs: endedAtMs - ms,
    endedAtMs,
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': route.slice(0, Math.max(0, slash)),
      'gen_ai.request.model': model,
      'error.type': failure,
      'http.response.status_code': status,
      'freeway.credential': credential,
      'freeway.tier': tier,
    },
    error: failure,
  };
}

interface Ending {
  readonly error: string | null;
  readonly attempts: readonly Attempt[];
  readonly attributes: TracedWork['attributes'];
  /** Of the call that answered, told with that alone, so that whoever adds up spans counts it once; absent: none did. */
  readonly usage?: TracedWork['attributes'];
}

function endTrace({ clock, visit, operation, trace }: Told, { error, attempts, attributes, usage }: Ending): void {
  const name = toOperationName(operation);
  const calls = attempts.map((attempt) => toWork(attempt, name));
  const last = calls.pop();
  trace.end({
    name,
    startedAtMs: visit.startedAtMs,
    endedAtMs: clock.now(),
    attributes: {
      'gen_ai.operation.name': name,
      'freeway.request_id': visit.requestId,
      'error.type': error,
      ...attributes,
    },
    error,
    attempts: last === undefined ? [] : [...calls, { ...last, attributes: { ...last.attributes, ...usage } }],
  });
}

/** The attempt that succeeded, as the last of the trace: it went on from the end of the one before. */
function toLast({ candidate, attempts }: RunResult['receipt'], { clock, visit }: Told): Attempt {
  const { route, credential, tier } = candidate;
  const endedAtMs = clock.now();
  const ms = Math.max(0, endedAtMs - (attempts.at(-1)?.endedAtMs ?? visit.startedAtMs));
  return { route, credential, tier, failure: null, status: 200, ms, endedAtMs, message: null };
}

function traceAnswer(told: Told, { receipt, usage, costUsd, rescues, brokeOff }: RunResult): void {
  const { candidate, attempts, waitedMs } = receipt;
  endTrace(told, {
    error: brokeOff?.code ?? null,
    attempts: [...attempts, toLast(receipt, told)],
    usage: {
      'gen_ai.response.model': candidate.modelId,
      'gen_ai.usage.input_tokens': usage?.inputTokens,
      'gen_ai.usage.output_tokens': usage?.outputTokens,
    },
    attributes: {
      'freeway.tier': candidate.tier,
      'freeway.cost_usd': costUsd,
      'freeway.wait_ms': Math.round(waitedMs),
      'freeway.rescues': rescues,
    },
  });
}

function traceFailure(told: Told, { code, status, attempts }: CallerError): void {
  endTrace(told, { error: code, attempts, attributes: { 'http.response.status_code': status } });
}

/** Traces requests by this clock. */
export const createTracing =
  (traces: Traces, clock: Clock): Tracing =>
  (visit, operation) => {
    const trace = traces.begin(visit.exchange.headers['traceparent']);
    const told: Told = { clock, visit, operation, trace };
    return {
      traceparent: trace.traceparent,
      answered: (result) => traceAnswer(told, result),
      failed: (error) => traceFailure(told, error),
    };
  };
