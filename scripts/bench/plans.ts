// How much a run of the bench measures: rounds, slices, starts, and what comes before them.
import type { GrowthPlan } from './growth.ts';

/** How much of everything is measured. */
export interface Plan {
  /** Requests before the first scenario, until code is as fast as on a server that has been asked some thousand times; a start is timed by itself. */
  readonly firstWarmUps: number;
  /** Before each of the others. */
  readonly warmUps: number;
  readonly rounds: number;
  /** Rounds of the paced stream, each of which takes 80 ms and more. */
  readonly pacedRounds: number;
  readonly decisionRuns: number;
  readonly estimateRuns: number;
  readonly connections: readonly number[];
  /** Slices that are not measured come first, for so long: under load other code runs than for one request at a time. */
  readonly warmSliceMs: number;
  readonly sliceMs: number;
  readonly cycles: number;
  readonly starts: number;
  readonly inits: number;
  readonly invocations: number;
  readonly growth: GrowthPlan;
}

/** `--quick`: under five minutes. */
export const quick: Plan = {
  firstWarmUps: 3_000,
  warmUps: 800,
  rounds: 1_500,
  pacedRounds: 40,
  decisionRuns: 10_000,
  estimateRuns: 600,
  connections: [32],
  warmSliceMs: 2_500,
  sliceMs: 1_500,
  cycles: 3,
  starts: 5,
  inits: 7,
  invocations: 1_000,
  growth: { warmUps: 10_000, requests: 30_000 },
};

/** Without options. */
export const full: Plan = {
  firstWarmUps: 6_000,
  warmUps: 2_000,
  rounds: 4_000,
  pacedRounds: 300,
  decisionRuns: 40_000,
  estimateRuns: 3_000,
  connections: [1, 8, 32, 128],
  warmSliceMs: 5_000,
  sliceMs: 2_500,
  cycles: 5,
  starts: 15,
  inits: 15,
  invocations: 10_000,
  growth: { warmUps: 20_000, requests: 100_000 },
};
