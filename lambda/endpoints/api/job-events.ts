// The events of a transcription job: how it stands, whenever that has changed, until it has come to an end or nobody looks any more.
import type { JobView } from '#shared/api/transcriptions.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import type { Clock } from '../../ports.ts';
import type { Visit } from '../endpoint.ts';
import type { JobRunner } from '../job-runner.ts';

export interface Watching {
  readonly clock: Clock;
  readonly visit: Visit;
  readonly runner: JobRunner;
  /** The job as it stands now; null when it was deleted. */
  readonly again: () => Promise<TranscriptionJob | null>;
  readonly toView: (job: TranscriptionJob) => Promise<JobView>;
}

/** How often it is looked. */
const LOOK_MS = 700;
/** A word now and then, so that nobody on the way takes the connection for dead. */
const WORD_MS = 15_000;
/** Before the runtime stops us. */
const RESERVE_MS = 3_000;

/** Frames of server-sent events. Watching makes the job go on. */
export async function* watchJob({ clock, visit, runner, again, toView }: Watching): AsyncGenerator<string> {
  const untilMs = (visit.exchange.deadlineAtMs ?? Infinity) - RESERVE_MS;
  let told = '';
  let toldAtMs = clock.now();
  let work: Promise<void> = Promise.resolve();
  let working = false;
  for (;;) {
    const job = await again();
    if (job === null) return;
    if (job.status === 'running' && !working) {
      working = true;
      work = runner.goOn(visit, job).finally(() => (working = false));
    }
    const text = JSON.stringify(await toView(job));
    if (text !== told) yield `event: job\ndata: ${text}\n\n`;
    else if (clock.now() - toldAtMs > WORD_MS) yield ': still here\n\n';
    if (text !== told || clock.now() - toldAtMs > WORD_MS) toldAtMs = clock.now();
    told = text;
    if (job.status !== 'running' || clock.now() > untilMs) break;
    await clock.sleep(LOOK_MS);
  }
  // Where this request does the work, it ends with it.
  await work;
}
