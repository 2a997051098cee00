// One transcription under way, which outlives the page: the recording and its job lie on this device, the work is done by the server.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { JobView } from '#shared/api/transcriptions.ts';
import { ApiError, useApi, type Api } from '../../lib/api.ts';
import { declare, look, lookPatiently, pause, readResult, remove, start, upload } from './job.ts';
import type { Shelf } from './shelf.ts';
import { transcriptSchema, type Transcript } from './transcript.ts';

/** A finished transcription, and who made it. */
export interface Done {
  /** null: it was one request, which nobody can ask about again. */
  readonly jobId: string | null;
  readonly transcript: Transcript;
  readonly routes: readonly string[];
  readonly attempts: number;
}

export type WorkState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'uploading'; readonly sent: number }
  /** The server works on it, or has put it down: the job says which. */
  | { readonly kind: 'job'; readonly job: JobView }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly done: Done };

export interface Work {
  readonly state: WorkState;
  /** `whole`: in one request, where recordings can't be uploaded. */
  readonly start: (file: File, language: string, whole: boolean) => Promise<void>;
  /** Takes up a job that the page has known before. */
  readonly resume: (file: File, jobId: string) => Promise<void>;
  readonly pause: () => Promise<void>;
  readonly goOn: (pieces?: number[]) => Promise<void>;
  /** Shows what there is, with gaps. */
  readonly settle: () => Promise<void>;
  readonly cancel: () => Promise<void>;
  readonly reset: () => void;
}

const LOOK_MS = 700;

function toDone(job: JobView, transcript: Transcript): Done {
  const routes = job.pieces.map(({ route }) => route).filter((route) => route !== null);
  return {
    jobId: job.id,
    transcript,
    routes: [...new Set(routes)],
    attempts: job.pieces.reduce((sum, { attempts }) => sum + attempts, 0),
  };
}

interface Course {
  readonly api: Api;
  readonly file: File;
  readonly signal: AbortSignal;
  readonly show: (state: WorkState) => void;
}

/** One request for all of it, which bears no more than a few megabytes. */
async function sendWhole({ api, file, signal }: Course, language: string): Promise<Done> {
  const form = new FormData();
  form.append('file', file);
  form.append('model', 'auto');
  form.append('response_format', 'verbose_json');
  form.append('timestamp_granularities[]', 'segment');
  if (language !== '') form.append('language', language);
  const reply = await api.open({ path: '/v1/audio/transcriptions', form, signal });
  const transcript = transcriptSchema.parse(await reply.json());
  const route = reply.headers.get('x-freeway-route');
  const attempts = Number(reply.headers.get('x-freeway-attempts') ?? 1);
  return { jobId: null, transcript, routes: route === null ? [] : [route], attempts };
}

/** Looks at the job until it has come to an end. */
async function follow({ api, signal, show }: Course, id: string): Promise<void> {
  for (;;) {
    const job = await lookPatiently(api, id, signal);
    if (signal.aborted) return;
    if (job.status === 'done') return show({ kind: 'done', done: toDone(job, await readResult(api, id, false)) });
    show({ kind: 'job', job });
    if (job.status !== 'running') return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function carry(course: Course, job: JobView): Promise<void> {
  const { api, file, signal, show } = course;
  if (job.status === 'uploading') {
    await upload(job, file, { signal, onSent: (sent) => show({ kind: 'uploading', sent }) });
    show({ kind: 'job', job: await start(api, job.id) });
  }
  await follow(course, job.id);
}

/** Runs one course at a time; what goes wrong is told in words. */
function useCourse(): {
  readonly state: WorkState;
  readonly run: (file: File, course: (course: Course) => Promise<void>) => Promise<void>;
  /** Ends what is under way. */
  readonly stop: () => void;
} {
  const api = useApi();
  const [state, setState] = useState<WorkState>({ kind: 'idle' });
  const aborter = useRef<AbortController | null>(null);
  useEffect(() => () => aborter.current?.abort(), []);
  const run = useCallback(
    async (file: File, course: (course: Course) => Promise<void>): Promise<void> => {
      aborter.current?.abort();
      const { signal } = (aborter.current = new AbortController());
      const show = (next: WorkState): void => {
        if (!signal.aborted) setState(next);
      };
      try {
        await course({ api, file, signal, show });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        show({ kind: 'failed', message: error.message });
      }
    },
    [api],
  );
  const stop = useCallback(() => {
    aborter.current?.abort();
    setState({ kind: 'idle' });
  }, []);
  return { state, run, stop };
}

/** The recording that the server knows of, and the language it was declared in; null when the page did not declare it. */
interface Known {
  readonly file: File;
  readonly id: string;
  readonly language: string | null;
}

/** What can be gone on with, rather than begun anew and paid for twice. Rejects when the server does not say. */
async function findBegun(api: Api, { id }: Known): Promise<JobView | null> {
  const job = await look(api, id).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  });
  return job?.status === 'failed' || job?.status === 'cancelled' ? null : job;
}

export function useWork(shelf: Shelf): Work {
  const api = useApi();
  const { state, run, stop } = useCourse();
  const known = useRef<Known | null>(null);
  const resume = useCallback(
    (file: File, id: string): Promise<void> => {
      known.current = { file, id, language: null };
      return run(file, async (course) => {
        course.show({ kind: 'sending' });
        await carry(course, await look(course.api, id));
      });
    },
    [run],
  );
  const send = async (course: Course, language: string): Promise<void> => {
    const { file } = course;
    const { current } = known;
    // What broke off goes on where it was, be it the upload or the page's view of the work.
    const isSame = current?.file === file && (current.language ?? language) === language;
    const job = (isSame ? await findBegun(api, current) : null) ?? (await declare(api, file, language));
    known.current = { file, id: job.id, language };
    await shelf.write({ file, jobId: job.id }).catch(() => undefined);
    await carry(course, job);
  };
  const withJob = async (what: (course: Course, id: string) => Promise<void>): Promise<void> => {
    const { current } = known;
    if (current !== null) await run(current.file, (course) => what(course, current.id));
  };
  const withChange = (change: (id: string) => Promise<JobView>): Promise<void> =>
    withJob(async (course, id) => {
      course.show({ kind: 'job', job: await change(id) });
      await follow(course, id);
    });
  return {
    state,
    resume,
    start: (file, language, whole) =>
      run(file, async (course) => {
        course.show({ kind: 'sending' });
        if (whole) course.show({ kind: 'done', done: await sendWhole(course, language) });
        else await send(course, language);
      }),
    pause: () => withChange((id) => pause(api, id)),
    goOn: (pieces) => withChange((id) => start(api, id, pieces)),
    settle: () =>
      withJob(async ({ show }, id) =>
        show({ kind: 'done', done: toDone(await look(api, id), await readResult(api, id, true)) }),
      ),
    cancel: async () => {
      const { current } = known;
      known.current = null;
      stop();
      // Whatever cannot be deleted now is gone after a day.
      if (current !== null) await remove(api, current.id).catch(() => undefined);
    },
    reset: () => {
      known.current = null;
      stop();
    },
  };
}
