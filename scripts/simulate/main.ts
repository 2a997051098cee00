// npm run simulate: plays days against simulated providers, prints what came of it, and fails when a bound does not hold.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readArguments, runCommand, UsageError } from '../arguments.ts';
import { toJobs, withComparisons, type Job, type Report } from './job.ts';
import { drawDays } from './picture.ts';
import { tellReports } from './table.ts';

const usage = `npm run simulate [-- options]
  --short        minutes instead of a day
  --only <text>  only runs whose name contains it
  --seeds <n>    each run n times, each with another random seed; baselines run only once
  --out <folder> where simulation.json and simulation.svg go (default .bench)`;

function runInThread(job: Job): Promise<Report> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: job });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Runs with much to be refused and waited for take longest: they begin first, so that no processor idles at the end. */
const weightOf = ({ scenario, baseline }: Job): number =>
  baseline === null ? Number.parseFloat(scenario) + (scenario.includes('trace') ? 100 : 0) : 0;

/** All jobs, as many at a time as there are processors. */
async function runAll(jobs: readonly Job[]): Promise<Report[]> {
  const reports: Report[] = [];
  const waiting = [...jobs.entries()].sort(([, a], [, b]) => weightOf(b) - weightOf(a));
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, job] = next;
      const report = await runInThread(job);
      reports[index] = report;
      console.error(
        `${report.faults.length === 0 ? 'ok  ' : 'FAIL'} ${report.figures.name}${report.job.seed === undefined ? '' : `, seed ${report.job.seed}`} (${(report.tookMs / 1000).toFixed(1)} s)`,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, lane));
  return reports;
}

/** What is to be played. Throws UsageError. */
function choose(): { jobs: readonly Job[]; out: string } {
  const { values } = readArguments(usage, {
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      seeds: { type: 'string', default: '1' },
      out: { type: 'string', default: '.bench' },
    },
  });
  const { short, only, out } = values;
  if (!/^[1-9]\d*$/.test(values.seeds))
    throw new UsageError(`--seeds is "${values.seeds}", but must be a whole number, 1 or more.`, usage);
  const seeds = Number(values.seeds);
  const all = toJobs(short);
  const chosen = all.filter(({ scenario, baseline }) => `${scenario} ${baseline ?? ''}`.includes(only));
  if (chosen.length === 0) {
    const known = [...new Set(all.map(({ scenario }) => scenario))].join('; ');
    throw new UsageError(`No run contains "${only}". Known: ${known}.`, usage);
  }
  const jobs = chosen.flatMap((job): Job[] =>
    job.baseline === null && seeds > 1 ? Array.from({ length: seeds }, (_, seed) => ({ ...job, seed })) : [job],
  );
  return { jobs, out };
}

function write(folder: string, reports: readonly Report[]): void {
  mkdirSync(folder, { recursive: true });
  const told = reports.map(({ bins, ...rest }) => ({
    ...rest,
    bins: bins.map(({ waits, ...bin }) => ({ ...bin, requests: waits.length })),
  }));
  writeFileSync(join(folder, 'simulation.json'), JSON.stringify(told, null, 1));
  writeFileSync(
    join(folder, 'simulation.svg'),
    drawDays(reports.map(({ figures, bins }) => ({ name: figures.name, bins }))),
  );
  console.log(`\nWritten: ${join(folder, 'simulation.json')}, ${join(folder, 'simulation.svg')}`);
}

async function main(): Promise<number> {
  const { jobs, out } = choose();
  const reports = withComparisons(await runAll(jobs));
  console.log(tellReports(reports));
  write(out, reports);
  return reports.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

await runCommand(main);
process.exit();
