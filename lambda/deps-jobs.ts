// What transcription jobs stand on: their book, where recordings wait, and work that goes on after its request was answered.
import { randomBytes } from 'node:crypto';
import type { Platform } from './deps.ts';
import type { ApiDeps } from './endpoints/api/route.ts';
import type { Background } from './ports-transcription.ts';
import { createJobBook } from './store/transcription-jobs.ts';

/** How long work under way may take to come to a good end once the process is told to stop. */
const GRACE_MS = 5_000;

/** Work in the background, with the way to end it: resolves when all of it has. */
function createBackground(): Background & { readonly stop: () => Promise<void> } {
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const cutting = new AbortController();
  return {
    stopping: stopping.signal,
    cutting: cutting.signal,
    add: (work) => {
      const done = work.finally(() => running.delete(done));
      running.add(done);
    },
    stop: async () => {
      stopping.abort();
      const timer = setTimeout(() => cutting.abort(), GRACE_MS);
      await Promise.allSettled(running);
      clearTimeout(timer);
    },
  };
}

type JobDeps = Pick<ApiDeps, 'jobs' | 'recordings' | 'background' | 'freezes' | 'newSecretId'>;

/** Opens it over the platform, with the way to end what goes on in the background. */
export function openJobs({ store, recordings, freezes }: Platform): JobDeps & { readonly stop: () => Promise<void> } {
  const { stop, ...background } = createBackground();
  return {
    jobs: createJobBook(store),
    recordings: recordings ?? null,
    background,
    freezes: freezes ?? false,
    newSecretId: () => randomBytes(15).toString('base64url'),
    stop,
  };
}
