// Everything one run of the bench has found, as it is written to a file and printed.
import { cpus, release, type } from 'node:os';
import type { ChoiceTime } from './choice.ts';
import type { DecisionTime } from './decision.ts';
import type { Estimates } from './estimates.ts';
import type { Growth } from './growth.ts';
import type { Inits } from './inits.ts';
import type { Invocations } from './invocations.ts';
import type { Series } from './paired.ts';
import type { Throughput } from './slices.ts';
import type { Starts } from './starts.ts';
import { estimateMedian, estimateRatio, median, percentile, type Estimate } from './stats.ts';
import type { StoreCalls } from './store-calls.ts';

/** One target in one paired scenario. Times in us. */
export interface PairedRow {
  readonly scenario: string;
  readonly target: string;
  readonly rounds: number;
  readonly waitedP50Us: number;
  /** Over `direct`. */
  readonly addedP50Us: Estimate;
  readonly addedP99Us: number;
  /** Added p50 in units of the reference's; null for `direct` and the reference itself. */
  readonly ratio: Estimate | null;
  /** Per event from provider to driver; null for JSON. */
  readonly transitP50Us: number | null;
  readonly transitP99Us: number | null;
  readonly failed: number;
}

/** Resident memory of a target. */
export interface Memory {
  readonly target: string;
  /** Some seconds after its start. */
  readonly idleMb: number | null;
  /** When the last of all loads has ended. */
  readonly afterMb: number | null;
  /** When nobody has asked it for a while after that. */
  readonly restedMb: number | null;
}

export interface Board {
  readonly startedAt: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly system: string; readonly node: string };
  readonly pinned: boolean;
  /** Share of processor time taken by other guests of the host while the bench ran; null when unknown. */
  readonly stolenShare: number | null;
  readonly paired: readonly PairedRow[];
  readonly throughput: readonly Throughput[];
  readonly memory: readonly Memory[];
  /** null when it was not measured. */
  readonly growth: Growth | null;
  readonly decisions: readonly DecisionTime[];
  readonly choices: readonly ChoiceTime[];
  readonly estimates: Estimates;
  readonly storeCalls: StoreCalls | null;
  readonly invocations: Invocations | null;
  readonly starts: Starts | null;
  /** null when the function could not be started. */
  readonly inits: Inits | null;
  /** What was not run, and why. */
  readonly notRun: readonly string[];
}

export const toMachine = (): Board['machine'] => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  system: `${type()} ${release()}`,
  node: process.version,
});

const spread = (values: readonly number[], share: number): number | null =>
  values.length === 0 ? null : percentile(values, share);

/** The rows of one scenario. `direct` comes first and the reference second. */
export function toPairedRows(scenario: string, series: readonly Series[]): PairedRow[] {
  const unit = series[1]?.addedUs ?? [];
  return series.map(({ target, waitedUs, addedUs, transitUs, failed }, index) => ({
    scenario,
    target,
    rounds: addedUs.length,
    waitedP50Us: median(waitedUs),
    addedP50Us: estimateMedian(addedUs),
    addedP99Us: percentile(addedUs, 0.99),
    ratio: index < 2 ? null : estimateRatio(addedUs, unit),
    transitP50Us: spread(transitUs, 0.5),
    transitP99Us: spread(transitUs, 0.99),
    failed,
  }));
}
