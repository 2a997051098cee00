// npm run simulate: plays days against simulated providers, prints what came of it, and fails when a bound does not hold.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { toJobs, withComparisons, type Job, type Report } from './job.ts';
import { drawDays } from './picture.ts';
import { tellReports } from './table.ts';

const usage = `npm run simulate [-- options]
  --short        minutes instead of a day
  --only <text>  only runs whose name contains it
  --seeds <n>    each run n times, with other chances; runs of others only once
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

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '1' },
    out: { type: 'string', default: '.bench' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const chosen = toJobs(values.short).filter(({ scenario, baseline }) =>
  `${scenario} ${baseline ?? ''}`.includes(values.only),
);
const seeds = Math.max(1, Math.round(Number(values.seeds)) || 1);
const jobs = chosen.flatMap((job): Job[] =>
  job.baseline === null && seeds > 1 ? Array.from({ length: seeds }, (_, seed) => ({ ...job, seed })) : [job],
);
if (jobs.length === 0) {
  console.error(
    `No run contains "${values.only}". Known: ${toJobs(values.short)
      .map(({ scenario }) => scenario)
      .join('; ')}`,
  );
  process.exit(1);
}
const reports = withComparisons(await runAll(jobs));
mkdirSync(values.out, { recursive: true });
writeFileSync(
  join(values.out, 'simulation.json'),
  JSON.stringify(
    reports.map(({ bins, ...rest }) => ({
      ...rest,
      bins: bins.map(({ waits, ...bin }) => ({ ...bin, requests: waits.length })),
    })),
    null,
    1,
  ),
);
writeFileSync(
  join(values.out, 'simulation.svg'),
  drawDays(reports.map(({ figures, bins }) => ({ name: figures.name, bins }))),
);
console.log(tellReports(reports));
console.log(`\nWritten: ${join(values.out, 'simulation.json')}, ${join(values.out, 'simulation.svg')}`);
process.exit(reports.some(({ faults }) => faults.length > 0) ? 1 : 0);
