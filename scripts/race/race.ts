// Lets processes race for the shares of one pool over a store, and puts their moments together.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { judge, READY, skewOf, type RacePlan, type Verdict } from './plan.ts';
import type { RacerJob, RacerReport } from './racer.ts';

const racer = fileURLToPath(new URL('racer.ts', import.meta.url));

/** The store that is raced over, and the environment that leads to it. */
export interface Course {
  readonly sqlitePath: string | null;
  readonly table: string | null;
  readonly env: Readonly<Record<string, string>>;
}

export interface Result extends Verdict {
  readonly asked: number;
  readonly outrun: number;
  readonly away: number;
}

/** A process that stands at the start. */
interface Racer {
  /** Runs it until that moment, ms since the epoch. */
  readonly run: (untilMs: number) => Promise<RacerReport>;
}

function startRacer(job: RacerJob, env: Course['env']): Promise<Racer> {
  const child = fork(racer, { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((ready, fail) => {
    const reported = new Promise<RacerReport>((resolve, reject) => {
      let report: RacerReport | null = null;
      child.on('message', (message) => {
        if (message === READY) ready({ run });
        else report = message as RacerReport;
      });
      child.once('exit', (code) =>
        report === null ? reject(new Error(`a racer ended with ${code}`)) : resolve(report),
      );
    });
    const run = (untilMs: number): Promise<RacerReport> => {
      child.send(untilMs);
      return reported;
    };
    reported.catch(fail);
    child.send(job);
  });
}

/** Runs one race and judges it. */
export async function runRace(plan: RacePlan, { sqlitePath, table, env }: Course): Promise<Result> {
  const job: RacerJob = { plan, sqlitePath, table };
  const racers = await Promise.all(
    Array.from({ length: plan.processes }, (_, at) =>
      startRacer(job, { ...env, RACE_SKEW_MS: String(skewOf(plan, at)) }),
    ),
  );
  const untilMs = Date.now() + plan.forMs;
  const reports = await Promise.all(racers.map(({ run }) => run(untilMs)));
  const moments = reports.flatMap((report) => report.moments);
  // Windows are counted from the first share.
  const verdict = judge(moments, plan, Math.min(...moments));
  const sum = (of: (report: RacerReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const [asked, outrun, away] = [sum((one) => one.asked), sum((one) => one.outrun), sum((one) => one.away)];
  return { ...verdict, asked, outrun, away };
}
