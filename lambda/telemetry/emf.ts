// Tells the registry's changes to CloudWatch: one line of the embedded metric format after each invocation, sums over all labels.
import type { Metrics } from '../ports-telemetry.ts';

/** A registry that also keeps what has changed since it was last told. */
export interface EmfMetrics extends Metrics {
  /** Writes one line when anything has changed. `atMs`: of which moment it tells, milliseconds since the epoch; default now. */
  flush(atMs?: number): void;
}

export interface EmfOptions {
  readonly write: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** By what the numbers of one function are told from those of others in the same account; null: by nothing. */
  readonly functionName: string | null;
}

const NAMESPACE = 'Freeway';
/** CloudWatch takes so many values of one metric in a line. */
const MAX_VALUES = 100;

/** Labels cost a metric each, so only what alarms ask for is told apart. */
const told = [
  { from: 'freeway_requests_total', label: 'result', is: 'exhausted', as: 'freeway_exhausted_total' },
  { from: 'freeway_attempts_total', label: 'result', is: 'rate_limited', as: 'freeway_limited_total' },
  { from: 'freeway_attempts_total', label: 'result', is: 'quota_exhausted', as: 'freeway_limited_total' },
] as const;

type Labels = Readonly<Record<string, string>>;

function toUnit(name: string): string {
  if (name.endsWith('_seconds')) return 'Seconds';
  return name.endsWith('_total') && !name.includes('usd') ? 'Count' : 'None';
}

/** Wraps a registry. */
export function createEmfMetrics(inner: Metrics, { write, now, functionName }: EmfOptions): EmfMetrics {
  // The name that Lambda's own metrics have for it.
  const labels = functionName === null ? {} : { FunctionName: functionName };
  const sums = new Map<string, number>();
  const highest = new Map<string, number>();
  const values = new Map<string, number[]>();
  const add = (name: string, by: number): void => void sums.set(name, (sums.get(name) ?? 0) + by);
  return {
    count: (name, given, by = 1) => {
      inner.count(name, given, by);
      if (!(by >= 0 && Number.isFinite(by))) return;
      add(name, by);
      for (const rule of told)
        if (rule.from === name && (given as Labels | undefined)?.[rule.label] === rule.is) add(rule.as, by);
    },
    gauge: (name, value, given) => {
      inner.gauge(name, value, given);
      if (Number.isFinite(value)) highest.set(name, Math.max(highest.get(name) ?? -Infinity, value));
    },
    forgetGauges: () => {
      inner.forgetGauges();
      highest.clear();
    },
    observe: (name, value, given) => {
      inner.observe(name, value, given);
      if (!Number.isFinite(value)) return;
      const list = values.get(name) ?? [];
      if (list.length < MAX_VALUES) list.push(value);
      values.set(name, list);
    },
    render: inner.render,
    flush: (atMs = now()) => {
      const changes = Object.fromEntries([...sums, ...highest, ...values]);
      sums.clear();
      highest.clear();
      values.clear();
      const names = Object.keys(changes);
      if (names.length === 0) return;
      const metrics = names.map((name) => ({ Name: name, Unit: toUnit(name) }));
      const described = { Namespace: NAMESPACE, Dimensions: [Object.keys(labels)], Metrics: metrics };
      write(
        `${JSON.stringify({ _aws: { Timestamp: atMs, CloudWatchMetrics: [described] }, ...labels, ...changes })}\n`,
      );
    },
  };
}
