// Compares the sides of an experiment by what is written down of their requests: never by what was said in them.
import type { ArmSum, ExperimentReport } from './api/rollout.ts';
import type { UsageRecord } from './api/usage.ts';
import { arms, type Arm } from './rollout.ts';

/** The value below which a share of all lies, by nearest rank; null of none. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

const known = (values: readonly (number | null | undefined)[]): number[] =>
  values.filter((value) => value !== null && value !== undefined).toSorted((a, b) => a - b);

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Normal quantile of a two-sided confidence of 95 %. */
const Z = 1.96;

/** Wilson's interval of a share: where it lies with 95 % confidence. Both ends null without trials. */
function wilson(hits: number, trials: number): { low: number | null; high: number | null } {
  if (trials === 0) return { low: null, high: null };
  const share = hits / trials;
  const scale = 1 + (Z * Z) / trials;
  const middle = share + (Z * Z) / (2 * trials);
  const half = Z * Math.sqrt((share * (1 - share)) / trials + (Z * Z) / (4 * trials * trials));
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}

function countBy(records: readonly UsageRecord[], name: (record: UsageRecord) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const record of records) counts[name(record)] = (counts[name(record)] ?? 0) + 1;
  return counts;
}

function toArmSum(records: readonly UsageRecord[]): ArmSum {
  const ok = records.filter(({ outcome }) => outcome === 'ok');
  const durations = known(ok.map(({ duration_ms: ms }) => ms));
  const firsts = known(ok.map(({ first_content_ms: ms }) => ms));
  const { low, high } = wilson(ok.length, records.length);
  return {
    requests: records.length,
    ok: ok.length,
    ok_low: low,
    ok_high: high,
    duration_p50_ms: quantile(durations, 0.5),
    duration_p95_ms: quantile(durations, 0.95),
    first_content_p50_ms: quantile(firsts, 0.5),
    first_content_p95_ms: quantile(firsts, 0.95),
    cost_mean_usd: mean(known(ok.map(({ cost_usd: usd }) => usd))),
    list_mean_usd: mean(known(ok.map(({ list_usd: usd }) => usd))),
    input_tokens_mean: mean(known(ok.map(({ input_tokens: tokens }) => tokens))),
    output_tokens_mean: mean(known(ok.map(({ output_tokens: tokens }) => tokens))),
    free: ok.filter(({ tier }) => tier !== 'paid').length,
    finishes: countBy(ok, ({ finish }) => finish ?? 'unknown'),
    routes: countBy(ok, ({ route }) => route ?? ''),
    outcomes: countBy(records, ({ outcome }) => outcome),
  };
}

/** Both sides of an experiment. */
export function sumExperiment(name: string, records: Iterable<UsageRecord>): ExperimentReport['arms'] {
  const sides: Record<Arm, UsageRecord[]> = { control: [], variant: [] };
  for (const record of records) {
    if (record.experiment === name && record.arm !== undefined) sides[record.arm].push(record);
  }
  return arms.map((arm) => ({ arm, ...toArmSum(sides[arm]) }));
}
