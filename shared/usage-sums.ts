// Adds up usage records.
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
  saved_usd: 0,
  wait_ms: 0,
  duration_ms: 0,
};

function add(sum: UsageSum, record: UsageRecord): void {
  const answered = record.route !== null;
  const isFree = answered && record.tier !== 'paid';
  sum.requests++;
  if (isFree) sum.free++;
  if (record.outcome !== 'ok') sum.failed++;
  // What failed on the way to an answer was never seen by its caller.
  if (answered) sum.absorbed += record.attempts.length;
  sum.input_tokens += record.input_tokens ?? 0;
  sum.output_tokens += record.output_tokens ?? 0;
  sum.audio_seconds += record.audio_seconds ?? 0;
  sum.cost_usd += record.cost_usd ?? 0;
  if (isFree) sum.saved_usd += record.list_usd ?? 0;
  sum.wait_ms += record.wait_ms;
  sum.duration_ms += record.duration_ms;
}

const names: Readonly<Record<UsageGroup, (record: UsageRecord) => string>> = {
  day: ({ at }) => at.slice(0, 10),
  // An instant, as which the hour can be shown in any zone.
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

/** Sums that records are added to as they come, so that not all of them need be there at once. */
export function createUsageSums(by: UsageGroup): { add(records: Iterable<UsageRecord>): void; result(): UsageSums } {
  const total = { ...nothing };
  const groups = new Map<string, UsageSum>();
  return {
    add: (records) => {
      for (const record of records) {
        const name = names[by](record);
        const group = groups.get(name) ?? { ...nothing };
        add(total, record);
        add(group, record);
        groups.set(name, group);
      }
    },
    result: () => {
      const sorted = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return { total: { ...total }, groups: sorted.map(([name, sum]) => ({ name, ...sum })) };
    },
  };
}

/** The sums of records that are all there. */
export function sumUsage(records: Iterable<UsageRecord>, by: UsageGroup): UsageSums {
  const sums = createUsageSums(by);
  sums.add(records);
  return sums.result();
}
