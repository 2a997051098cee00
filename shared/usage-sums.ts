// Adds up what was used: records of requests to rows of days, and rows to sums.
import type { UsageGroup, UsageRecord, UsageSum } from './api/usage.ts';

const nothing: UsageSum = {
  requests: 0,
  free: 0,
  failed: 0,
  absorbed: 0,
  input_tokens: 0,
  output_tokens: 0,
  audio_seconds: 0,
  cost_usd: 0,
  estimated_usd: 0,
  saved_usd: 0,
  wait_ms: 0,
  duration_ms: 0,
};

/** What was used, by everything that sums are told apart by: of one request, or of many that have all of it in common. */
export interface UsageRow extends UsageSum {
  /** The instant of one request, or the day (UTC) of many. */
  readonly at: string;
  readonly person_id: string;
  readonly key_id: string | null;
  /** `provider/model` that answered; null when nobody did. */
  readonly route: string | null;
  readonly tier: UsageRecord['tier'];
  readonly operation: string;
  readonly outcome: string;
}

/** One request as a row. */
export function toUsageRow(record: UsageRecord): UsageRow {
  const { at, person_id, key_id, route, tier, operation, outcome } = record;
  const answered = route !== null;
  const isFree = answered && tier !== 'paid';
  return {
    at,
    person_id,
    key_id,
    route,
    tier,
    operation,
    outcome,
    requests: 1,
    free: isFree ? 1 : 0,
    failed: outcome === 'ok' ? 0 : 1,
    // What failed on the way to an answer was never seen by its caller.
    absorbed: answered ? record.attempts.length : 0,
    input_tokens: record.input_tokens ?? 0,
    output_tokens: record.output_tokens ?? 0,
    audio_seconds: record.audio_seconds ?? 0,
    cost_usd: record.cost_usd ?? 0,
    estimated_usd: record.cost_estimated === true ? (record.cost_usd ?? 0) : 0,
    saved_usd: isFree ? (record.list_usd ?? 0) : 0,
    wait_ms: record.wait_ms,
    duration_ms: record.duration_ms,
  };
}

const measures = Object.keys(nothing) as readonly (keyof UsageSum)[];

function add(sum: UsageSum, row: UsageSum): void {
  for (const measure of measures) sum[measure] += row[measure];
}

const amounts = [
  'audio_seconds',
  'cost_usd',
  'estimated_usd',
  'saved_usd',
] as const satisfies readonly (keyof UsageSum)[];

/** A sum as people add it up: fractions of numbers in binary leave a rest behind (0.1 + 0.2), far below a billionth of a dollar. */
function toDecimal(sum: UsageSum): UsageSum {
  return { ...sum, ...Object.fromEntries(amounts.map((name) => [name, Number(sum[name].toFixed(9))])) };
}

/** The rows of a day's records: as few as tell apart what sums can be told apart by, in order of when each was first met. */
export function toRowsOfDay(day: string, records: Iterable<UsageRecord>): UsageRow[] {
  const rows = new Map<string, UsageRow>();
  for (const record of records) {
    const row = toUsageRow(record);
    const { person_id: person, key_id: key, route, tier, operation, outcome } = row;
    const name = JSON.stringify([person, key, route, tier, operation, outcome]);
    const known = rows.get(name);
    if (known) add(known, row);
    else rows.set(name, { ...row, at: day });
  }
  return [...rows.values()];
}

const names: Readonly<Record<UsageGroup, (row: UsageRow) => string>> = {
  month: ({ at }) => at.slice(0, 7),
  day: ({ at }) => at.slice(0, 10),
  // An instant, as which the hour can be shown in any zone. Only rows of one request tell it.
  hour: ({ at }) => `${at.slice(0, 13)}:00:00Z`,
  provider: ({ route }) => (route === null ? '' : route.slice(0, route.indexOf('/'))),
  model: ({ route }) => route ?? '',
  person: ({ person_id: id }) => id,
  key: ({ key_id: id }) => id ?? '',
  tier: ({ tier }) => tier ?? '',
  operation: ({ operation }) => operation,
  outcome: ({ outcome }) => outcome,
};

/** The sum of all, and of each group in order of its name; an empty name stands for none. */
export interface UsageSums {
  readonly total: UsageSum;
  readonly groups: ({ name: string } & UsageSum)[];
}

/** Sums that rows are added to as they come, so that not all of them need be there at once. */
export function createUsageSums(by: UsageGroup): { add(rows: Iterable<UsageRow>): void; result(): UsageSums } {
  const total = { ...nothing };
  const groups = new Map<string, UsageSum>();
  return {
    add: (rows) => {
      for (const row of rows) {
        const name = names[by](row);
        const group = groups.get(name) ?? { ...nothing };
        add(total, row);
        add(group, row);
        groups.set(name, group);
      }
    },
    result: () => {
      const sorted = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return { total: toDecimal(total), groups: sorted.map(([name, sum]) => ({ name, ...toDecimal(sum) })) };
    },
  };
}
