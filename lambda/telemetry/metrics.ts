// The one registry of counters, gauges and histograms, told as Prometheus text.
import type { Metrics } from '../ports.ts';
import { metricHelp } from './metric-help.ts';

type Labels = Readonly<Record<string, string>>;

/** Upper bounds of histogram buckets, seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Label sets kept per metric; further ones are counted together, so that memory stays bounded. */
const MAX_SERIES = 2_000;

interface Series {
  readonly labels: string;
  value: number;
  sum: number;
  readonly buckets: number[];
}

interface Family {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly series: Map<string, Series>;
  /** Series by names and values of their labels in the order in which they were given. */
  readonly quick: Map<string, Series>;
}

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** Prometheus has its own words for what is no number. */
const toNumber = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';

function toLabels(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escape(labels[name] ?? '')}"`)
    .join(',');
}

function renderSeries(name: string, { kind }: Family, series: Series): string[] {
  const tail = series.labels === '' ? '' : `{${series.labels}}`;
  if (kind !== 'histogram') return [`${name}${tail} ${toNumber(series.value)}`];
  const prefix = series.labels === '' ? '' : `${series.labels},`;
  let total = 0;
  const buckets = BUCKETS.map((bound, index) => {
    total += series.buckets[index] ?? 0;
    return `${name}_bucket{${prefix}le="${bound}"} ${total}`;
  });
  return [
    ...buckets,
    `${name}_bucket{${prefix}le="+Inf"} ${series.value}`,
    `${name}_sum${tail} ${toNumber(series.sum)}`,
    `${name}_count${tail} ${series.value}`,
  ];
}

function renderFamily([name, family]: [string, Family]): string[] {
  const help = metricHelp[name];
  return [
    ...(help === undefined ? [] : [`# HELP ${name} ${help}`]),
    `# TYPE ${name} ${family.kind}`,
    ...[...family.series.values()].flatMap((series) => renderSeries(name, family, series)),
  ];
}

/** An empty registry. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const find = (name: string, kind: Family['kind'], labels: Labels): Series => {
    let family = families.get(name);
    if (!family) families.set(name, (family = { kind, series: new Map(), quick: new Map() }));
    // The same call site gives the same labels in the same order: found without sorting them.
    let quick = '';
    for (const label in labels) quick += `${label}=${labels[label]}\n`;
    const known = family.quick.get(quick);
    if (known) return known;
    let text = toLabels(labels);
    if (family.series.size >= MAX_SERIES && !family.series.has(text)) text = 'overflow="true"';
    let series = family.series.get(text);
    if (!series) family.series.set(text, (series = { labels: text, value: 0, sum: 0, buckets: BUCKETS.map(() => 0) }));
    if (family.quick.size < MAX_SERIES) family.quick.set(quick, series);
    return series;
  };
  return {
    count: (name, labels = {}, by = 1) => {
      // One value that is no number would spoil the counter for good.
      if (by >= 0 && Number.isFinite(by)) find(name, 'counter', labels).value += by;
    },
    gauge: (name, value, labels = {}) => {
      find(name, 'gauge', labels).value = value;
    },
    observe: (name, value, labels = {}) => {
      const series = find(name, 'histogram', labels);
      series.value++;
      series.sum += value;
      const bucket = BUCKETS.findIndex((bound) => value <= bound);
      if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    },
    render: () =>
      [...families]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(renderFamily)
        .map((line) => `${line}\n`)
        .join(''),
  };
}
