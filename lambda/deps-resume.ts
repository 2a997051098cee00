// Goes on with what others have left unfinished; loaded after the start, and the rest of it only where something is left.
import type { AppDeps } from './app.ts';
import { listOpen, type OpenList } from './store/open-work.ts';

/** Looks whether saved credentials can be opened, and goes on with batches and transcription jobs that nobody works on any more. Rejects where the lists of them can't be read. */
export async function resumeLeft(deps: AppDeps): Promise<void> {
  const { store, recordings, locks } = deps;
  // Whoever starts the server hears of it before anybody asks.
  await locks?.again();
  const isAny = async (list: OpenList): Promise<boolean> => (await listOpen(store, list)).length > 0;
  if (await isAny('batches-open')) await (await deps.batchDesk()).resume();
  if (recordings === null || !(await isAny('transcriptions-open'))) return;
  const { resumeJobs } = await import('./endpoints/job-resume.ts');
  await resumeJobs(deps, await deps.jobRunner(recordings));
}
