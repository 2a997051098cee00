// One run as a job that can be done anywhere: named in, figures and the course of the day out, all plain data.
import { baselines, playBaseline, type Baseline, type SimpleBaseline } from './baselines.ts';
import { playDay } from './day.ts';
import type { Day, Setting } from './scene.ts';
import type { Bin } from './measure.ts';
import {
  findDearness,
  findFaults,
  findStoreFaults,
  findWeakness,
  toScenarios,
  toStoreFigures,
  type Scenario,
  type StoreFigures,
} from './scenarios.ts';
import { toFigures, type Figures } from './verdict.ts';

export interface Job {
  readonly scenario: string;
  readonly baseline: Baseline | null;
  readonly short: boolean;
  /** Other than the usual one: the same run with other chances. */
  readonly seed?: number;
}

export interface Report {
  readonly job: Job;
  readonly figures: Figures;
  readonly store: StoreFigures | null;
  readonly bins: readonly Bin[];
  readonly faults: readonly string[];
  readonly instances: number;
  readonly killed: number;
  /** Refusals by model and limit. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly tookMs: number;
}

/** The run that baselines are compared on. */
const COMPARED = '120 %, trace';

/** The setting of a job. Throws when there is no such run. */
function toScenario({ scenario: name, short, seed }: Job): Scenario {
  const scenario = toScenarios(short).find(({ setting }) => setting.name === name);
  if (scenario === undefined) throw new Error(`there is no run "${name}"`);
  return seed === undefined ? scenario : { ...scenario, setting: { ...scenario.setting, seed } };
}

/** All jobs. */
export const toJobs = (short: boolean): Job[] => [
  ...toScenarios(short).map(({ setting }) => ({ scenario: setting.name, baseline: null, short })),
  ...baselines.map((baseline) => ({ scenario: COMPARED, baseline, short })),
];

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The reports, each run that others are compared with held to what it may cost, and to what hard prompts must have of it. */
export function withComparisons(reports: readonly Report[]): readonly Report[] {
  const figuresOf = (baseline: Baseline): Figures | undefined =>
    reports.find(({ job }) => job.baseline === baseline)?.figures;
  const [paid, plain] = [figuresOf('paid only'), figuresOf('lowest pressure')];
  return reports.map((report) => {
    const { job, figures, faults } = report;
    if (job.baseline !== null || job.scenario !== COMPARED) return report;
    return {
      ...report,
      faults: [
        ...faults,
        ...(paid === undefined ? [] : findDearness(figures.costUsd, paid.costUsd)),
        ...(plain === undefined ? [] : findWeakness(figures.strongShare, plain.strongShare)),
      ],
    };
  });
}

const playCompared = (setting: Setting, baseline: Baseline): Promise<Omit<Day, 'store'>> =>
  baseline === 'lowest pressure'
    ? playDay({ ...setting, name: baseline, plain: true })
    : playBaseline(setting, baseline satisfies SimpleBaseline);

/** Does one job. */
export async function runJob(job: Job): Promise<Report> {
  const startedMs = performance.now();
  const scenario = toScenario(job);
  const tookMs = (): number => Math.round(performance.now() - startedMs);
  const { baseline } = job;
  if (baseline !== null) {
    const day = await playCompared(scenario.setting, baseline);
    const refusals = countBy(day.network.refusals.map(({ limit }) => limit));
    return {
      job,
      figures: toFigures(day),
      store: null,
      bins: day.measure.bins,
      faults: [],
      instances: 1,
      killed: 0,
      refusals,
      tookMs: tookMs(),
    };
  }
  const day = await playDay(scenario.setting);
  const figures = toFigures(day);
  const { bounds } = scenario;
  const store = scenario.setting.hosting.kind === 'server' ? null : toStoreFigures(day);
  return {
    job,
    figures,
    store,
    bins: day.measure.bins,
    faults: [...findFaults(figures, bounds), ...(store === null ? [] : findStoreFaults(store, bounds))],
    instances: day.instances,
    killed: day.killed,
    refusals: countBy(day.network.refusals.map(({ model, limit }) => `${model} ${limit}`)),
    tookMs: tookMs(),
  };
}
