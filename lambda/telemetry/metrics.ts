// The one registry of counters, gauges and histograms, told as Prometheus text.
import type { Metrics } from '../ports-telemetry.ts';

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

/** A step on the way to a series: found by texts that exist already, since putting one together for each look would cost more than all the rest. */
interface Quick {
  series: Series | null;
  readonly next: Map<string, Quick>;
}

const toQuick = (): Quick => ({ series: null, next: new Map() });

/** The next step; null where there is none and none may be made. */
function step(quick: Quick | null, text: string, isFull: boolean): Quick | null {
  const known = quick?.next.get(text);
  if (known !== undefined || quick === null || isFull) return known ?? null;
  const made = toQuick();
  quick.next.set(text, made);
  return made;
}

interface Family {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly series: Map<string, Series>;
  /** Series by the names and values of their labels, one after the other, in the order in which they were given. */
  readonly quick: Quick;
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

function renderFamily([name, family]: [string, Family], help: string | undefined): string[] {
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
    if (!family) families.set(name, (family = { kind, series: new Map(), quick: toQuick() }));
    const isFull = family.series.size >= MAX_SERIES;
    // The same call site gives the same labels in the same order: found without sorting them.
    let quick: Quick | null = family.quick;
    for (const label in labels) quick = step(step(quick, label, isFull), labels[label] ?? '', isFull);
    if (quick?.series) return quick.series;
    let text = toLabels(labels);
    if (family.series.size >= MAX_SERIES && !family.series.has(text)) text = 'overflow="true"';
    let series = family.series.get(text);
    if (!series) family.series.set(text, (series = { labels: text, value: 0, sum: 0, buckets: BUCKETS.map(() => 0) }));
    if (quick !== null) quick.series = series;
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
    forgetGauges: () => {
      for (const [name, { kind }] of families) if (kind === 'gauge') families.delete(name);
    },
    observe: (name, given, labels = {}) => {
      // Less than nothing is what a clock makes of a time in which it was set back; a sum must not fall.
      const value = Math.max(0, given);
      const series = find(name, 'histogram', labels);
      series.value++;
      series.sum += value;
      let bucket = 0;
      while (bucket < BUCKETS.length && value > (BUCKETS[bucket] as number)) bucket++;
      if (bucket < BUCKETS.length) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    },
    render: (help = {}) =>
      [...families]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap((one) => renderFamily(one, help[one[0]]))
        .map((line) => `${line}\n`)
        .join(''),
  };
}
