// What recordings and transcription jobs stand on: who reads them, the book of jobs, where recordings wait, and work that goes on after its request was answered.
import { randomBytes } from 'node:crypto';
import type { Platform } from './deps.ts';
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
function openJobBook(store: Store): JobBook {
  let opening: Promise<JobBook> | null = null;
  const load = async (): Promise<JobBook> => (await import('./store/transcription-jobs.ts')).createJobBook(store);
  const open = (): Promise<JobBook> => (opening ??= load());
  return {
    get: async (...given) => (await open()).get(...given),
    list: async (personId) => (await open()).list(personId),
    create: async (job) => (await open()).create(job),
    enlist: async (job) => (await open()).enlist(job),
    open: async () => (await open()).open(),
    close: async (ref) => (await open()).close(ref),
    change: async (...given) => (await open()).change(...given),
    remove: async (job) => (await open()).remove(job),
    writePiece: async (...given) => (await open()).writePiece(...given),
    readPieces: async (...given) => (await open()).readPieces(...given),
  };
}

/** Who reads recordings, loaded with the first one. */
function openAudio(): () => Promise<AudioDesk> {
  let opening: Promise<AudioDesk> | null = null;
  return () => (opening ??= import('./gateway/audio-desk.ts').then(({ createAudioDesk }) => createAudioDesk()));
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
