// What batches and transcription jobs stand on: the app itself, which answers their requests, and their books; loaded by whoever first asks for one.
import { loadOnce } from '#shared/load-once.ts';
import { createApp, type AppDeps } from './app.ts';
import type { Batches } from './endpoints/batch-desk.ts';
import type { JobRunner } from './endpoints/job-runner.ts';

type Services = Omit<AppDeps, 'batchDesk' | 'jobRunner'>;

async function load(deps: AppDeps): Promise<Batches> {
  const [{ createBatches }, { createBatchBook, createFileBook }] = await Promise.all([
    import('./endpoints/batch-desk.ts'),
    import('./store/batches.ts'),
  ]);
  return createBatches({
    ...deps,
    files: createFileBook(deps.store),
    batches: createBatchBook(deps.store),
    appAs: (principalOf) => createApp({ ...deps, authenticate: principalOf }),
  });
}

interface Opened {
  readonly appDeps: AppDeps;
  /** Goes on with what was left unfinished. */
  readonly resume: () => Promise<void>;
}

/** The services with batches and jobs among them. */
export function openBatches(services: Services): Opened {
  const openDesk = loadOnce(() => load(appDeps));
  const loadRunner = loadOnce(() => import('./endpoints/job-runner.ts'));
  let runner: JobRunner | null = null;
  const appDeps: AppDeps = {
    ...services,
    batchDesk: async () => openDesk(),
    jobRunner: async (recordings) => {
      const { createJobRunner } = await loadRunner();
      return (runner ??= createJobRunner(appDeps, recordings));
    },
  };
  return { appDeps, resume: async () => (await import('./deps-resume.ts')).resumeLeft(appDeps) };
}
