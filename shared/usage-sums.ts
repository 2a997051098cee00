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

function add(sum: UsageSum, record: UsageRecord): UsageSum {
  const answered = record.route !== null;
  const isFree = answered && record.tier !== 'paid';
  return {
    requests: sum.requests + 1,
    free: sum.free + (isFree ? 1 : 0),
    failed: sum.failed + (record.outcome === 'ok' ? 0 : 1),
    // What failed on the way to an answer was never seen by its caller.
    absorbed: sum.absorbed + (answered ? record.attempts.length : 0),
    input_tokens: sum.input_tokens + (record.input_tokens ?? 0),
    output_tokens: sum.output_tokens + (record.output_tokens ?? 0),
    audio_seconds: sum.audio_seconds + (record.audio_seconds ?? 0),
    cost_usd: sum.cost_usd + (record.cost_usd ?? 0),
    saved_usd: sum.saved_usd + (isFree ? (record.list_usd ?? 0) : 0),
    wait_ms: sum.wait_ms + record.wait_ms,
    duration_ms: sum.duration_ms + record.duration_ms,
  };
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
export function sumUsage(
  records: Iterable<UsageRecord>,
  by: UsageGroup,
): { total: UsageSum; groups: ({ name: string } & UsageSum)[] } {
  let total = nothing;
  const groups = new Map<string, UsageSum>();
  for (const record of records) {
    const name = names[by](record);
    total = add(total, record);
    groups.set(name, add(groups.get(name) ?? nothing, record));
  }
  const sorted = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { total, groups: sorted.map(([name, sum]) => ({ name, ...sum })) };
}
