// What recordings and transcription jobs stand on: who reads them, the book of jobs, where recordings wait, and work that goes on after its request was answered.
import { randomBytes } from 'node:crypto';
import { loadOnce } from '#shared/load-once.ts';
import type { Platform } from './deps.ts';
import { toLater } from './deps-later.ts';
import type { ApiDeps } from './endpoints/api/route.ts';
import type { AudioDesk } from './gateway/audio-desk.ts';
import type { Store } from './ports.ts';
import type { Background, JobBook } from './ports-transcription.ts';

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

/** The book of jobs, loaded when somebody first asks for one: what it keeps is described by many schemas. */
const openJobBook = (store: Store): JobBook =>
  toLater(async () => (await import('./store/transcription-jobs.ts')).createJobBook(store), {
    get: true,
    list: true,
    create: true,
    enlist: true,
    open: true,
    close: true,
    change: true,
    remove: true,
    writePiece: true,
    readPieces: true,
  });

/** Who reads recordings, loaded with the first one. */
function openAudio(): () => Promise<AudioDesk> {
  const open = loadOnce(async () => (await import('./gateway/audio-desk.ts')).createAudioDesk());
  return async () => open();
}

type JobDeps = Pick<ApiDeps, 'audio' | 'jobs' | 'recordings' | 'background' | 'freezes' | 'newSecretId'>;

/** Opens it over the platform, with the way to end what goes on in the background. */
export function openJobs({ store, recordings, freezes }: Platform): JobDeps & { readonly stop: () => Promise<void> } {
  const { stop, ...background } = createBackground();
  return {
    audio: openAudio(),
    jobs: openJobBook(store),
    recordings: recordings ?? null,
    background,
    freezes: freezes ?? false,
    newSecretId: () => randomBytes(15).toString('base64url'),
    stop,
  };
}
