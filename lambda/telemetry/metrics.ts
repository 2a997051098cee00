// The one registry of counters, gauges and histograms, told as Prometheus text (format 0.0.4).
import type { Metrics } from '../ports.ts';

type Labels = Readonly<Record<string, string>>;
type Kind = 'counter' | 'gauge' | 'histogram';

/** What each metric tells; a metric that is not listed is rendered without help. */
const help: Readonly<Record<string, string>> = {
  freeway_requests_total: 'Requests answered, by operation, tier and result.',
  freeway_tokens_total: 'Tokens used, by direction and tier.',
  freeway_attempts_total: 'Calls to providers, by route and result.',
  freeway_attempt_duration_seconds: 'Duration of successful calls to providers.',
  freeway_failovers_total: 'Requests answered by another candidate than the first.',
  freeway_hedges_total: 'Second calls started because the first was slow, by whether they won.',
  freeway_reserve_conflicts_total: 'Reservations refused because another instance was faster.',
  freeway_store_unavailable_total: 'Operations that the store did not carry out.',
  freeway_pool_pressure: 'Use of the tightest quota pool of a candidate, 0 to 1.',
};

/** Upper bounds of histogram buckets, seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Label sets kept per metric; further ones are counted together, so that memory stays bounded. */
const MAX_SERIES = 2_000;
const OVERFLOW = 'overflow="true"';

interface Series {
  readonly labels: string;
  /** Sum of counts, last value of a gauge, or number of observations. */
  value: number;
  sum: number;
  readonly buckets: number[];
}

interface Family {
  readonly kind: Kind;
  readonly series: Map<string, Series>;
}

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function toLabels(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escapeLabel(labels[name] ?? '')}"`)
    .join(',');
}

function renderHistogram(name: string, { labels, value, sum, buckets }: Series): string[] {
  const tail = labels === '' ? '' : `{${labels}}`;
  const prefix = labels === '' ? '' : `${labels},`;
  let total = 0;
  const lines = BUCKETS.map((bound, index) => {
    total += buckets[index] ?? 0;
    return `${name}_bucket{${prefix}le="${bound}"} ${total}`;
  });
  return [...lines, `${name}_bucket{${prefix}le="+Inf"} ${value}`, `${name}_sum${tail} ${sum}`, `${name}_count${tail} ${value}`]; // prettier-ignore
}

function renderFamily(name: string, { kind, series }: Family): string[] {
  const lines = help[name] === undefined ? [] : [`# HELP ${name} ${help[name]}`];
  lines.push(`# TYPE ${name} ${kind}`);
  for (const one of series.values()) {
    if (kind === 'histogram') lines.push(...renderHistogram(name, one));
    else lines.push(`${name}${one.labels === '' ? '' : `{${one.labels}}`} ${one.value}`);
  }
  return lines;
}

/** An empty registry. Counters only grow; what is not a finite number is not counted. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const find = (name: string, kind: Kind, labels: Labels): Series => {
    let family = families.get(name);
    if (!family) families.set(name, (family = { kind, series: new Map() }));
    const exact = toLabels(labels);
    const text = family.series.has(exact) || family.series.size < MAX_SERIES ? exact : OVERFLOW;
    let series = family.series.get(text);
    if (!series) {
      const buckets = kind === 'histogram' ? BUCKETS.map(() => 0) : [];
      family.series.set(text, (series = { labels: text, value: 0, sum: 0, buckets }));
    }
    return series;
  };
  return {
    count: (name, labels = {}, by = 1) => {
      if (Number.isFinite(by) && by >= 0) find(name, 'counter', labels).value += by;
    },
    gauge: (name, value, labels = {}) => {
      if (Number.isFinite(value)) find(name, 'gauge', labels).value = value;
    },
    observe: (name, value, labels = {}) => {
      if (!Number.isFinite(value)) return;
      const series = find(name, 'histogram', labels);
      series.value++;
      series.sum += value;
      const bucket = BUCKETS.findIndex((bound) => value <= bound);
      if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    },
    render: () =>
      [...families]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([name, family]) => renderFamily(name, family))
        .map((line) => `${line}\n`)
        .join(''),
  };
}
