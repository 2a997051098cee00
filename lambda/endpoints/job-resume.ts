// Goes on with the transcription jobs that whoever worked on them has left, without anybody looking.
import { CallerError } from '#shared/failures.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import { toRefused } from '../gateway/transcription-job.ts';
import type { ApiDeps } from './api/route.ts';
import { toJobVisit } from './job-pieces.ts';
import type { JobRunner } from './job-runner.ts';
import { toEnd } from './job-standing.ts';

async function resumeOne(deps: ApiDeps, runner: JobRunner, job: TranscriptionJob): Promise<void> {
  const { identity, jobs, clock, newRequestId } = deps;
  if (job.asker === undefined || runner.isAt(job.id)) return;
  try {
    const principal = await identity.renew({ personId: job.personId, ...job.asker });
    await runner.goOn(toJobVisit({ principal }, job, { requestId: newRequestId(), nowMs: clock.now() }), job);
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    const end = toRefused(toEnd(error));
    await jobs.change(job.personId, job.id, (now) => (now.status === 'running' ? end(now) : now));
  }
}

/** Meant to be called again and again. Never rejects. */
export async function resumeJobs(deps: ApiDeps, runner: JobRunner): Promise<void> {
  const { jobs, log } = deps;
  const tell = (what: string, error: unknown): void =>
    log.error('transcription.job_failed', { what, ...deps.describe(error) });
  try {
    for (const ref of await jobs.open())
      // One that can't be read, such as of a later version, keeps none of the others waiting.
      try {
        const job = await jobs.get(ref.personId, ref.id);
        await (job?.status === 'running' ? resumeOne(deps, runner, job) : jobs.close(ref));
      } catch (error) {
        tell(ref.id, error);
      }
  } catch (error) {
    tell('resume', error);
  }
}
