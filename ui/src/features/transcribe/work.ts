// The transcription under way, which outlives the page: the recording, its job and what comes of it lie on this device, the work is done by the server.
import type { JobView } from '#shared/api/transcriptions.ts';
import { fromHeaderText } from '#shared/header-text.ts';
import { ApiError, type Api } from '../../lib/api.ts';
import { declare, look, lookPatiently, pause, readResult, remove, start, upload } from './job.ts';
import type { Library } from './library.ts';
import type { Shelf } from './shelf.ts';
import { transcriptSchema, type Kept, type Transcript } from './transcript.ts';

export type WorkState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'uploading'; readonly sent: number }
  /** The server works on it, or has put it down: the job says which. */
  | { readonly kind: 'job'; readonly job: JobView }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly kept: Kept };

/** What there is to see. A new object whenever something changed. */
export interface WorkView {
  /** The recording in hand. */
  readonly file: File | null;
  readonly state: WorkState;
}

export interface WorkDeps {
  readonly api: Api;
  readonly shelf: Shelf;
  readonly library: Library;
  readonly now: () => number;
  readonly newId: () => string;
}

const LOOK_MS = 700;

type Made = Pick<Kept, 'id' | 'transcript' | 'routes' | 'attempts' | 'isPart'>;

function toMade({ id, pieces }: JobView, transcript: Transcript, isPart: boolean): Made {
  const routes = pieces.map(({ route }) => route).filter((route) => route !== null);
  return {
    id,
    transcript,
    routes: [...new Set(routes)],
    attempts: pieces.reduce((sum, { attempts }) => sum + attempts, 0),
    isPart,
  };
}

interface Course {
  readonly file: File;
  readonly signal: AbortSignal;
  readonly show: (state: WorkState) => void;
}

/** One request for all of it, which bears no more than a few megabytes. */
async function sendWhole(api: Api, { file, signal }: Course, language: string): Promise<Omit<Made, 'id'>> {
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
  return { transcript, routes: route === null ? [] : [fromHeaderText(route)], attempts, isPart: false };
}

/** The recording that the server knows of, and the language it was declared in; null when this page did not declare it. */
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

/** The work of one person: one recording at a time. It goes on while they are on other pages. */
export class Work {
  readonly #deps: WorkDeps;
  readonly #listeners = new Set<() => void>();
  #view: WorkView = { file: null, state: { kind: 'idle' } };
  #aborter = new AbortController();
  #known: Known | null = null;

  constructor(deps: WorkDeps) {
    this.#deps = deps;
  }

  /** Calls the listener after every change. Answers what takes it off again. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  view = (): WorkView => this.#view;

  /** Takes up what an earlier page had in hand. */
  async restore(): Promise<void> {
    if (this.#view.file !== null) return;
    const { shelf, library, api } = this.#deps;
    const shelved = await shelf.read();
    if (shelved === null || this.view().file !== null) return;
    const { file, jobId, transcriptId = null } = shelved;
    this.#put({ file, state: { kind: 'idle' } });
    const kept = transcriptId === null ? null : await library.read(transcriptId);
    if (kept !== null) return this.#put({ file, state: { kind: 'done', kept } });
    if (jobId === null) return;
    this.#known = { file, id: jobId, language: null };
    await this.#run(async (course) => {
      course.show({ kind: 'sending' });
      await this.#carry(course, await look(api, jobId));
    });
  }

  choose(file: File): void {
    this.#put({ file, state: { kind: 'idle' } });
    const { shelf } = this.#deps;
    // Without room on this device it works all the same, but for reloads.
    void shelf
      .write({ file, jobId: null })
      .then(() => shelf.forget())
      .catch(() => undefined);
  }

  /** Puts the recording away. */
  drop(): void {
    this.#known = null;
    this.#aborter.abort();
    this.#put({ file: null, state: { kind: 'idle' } });
    void this.#deps.shelf.clear().catch(() => undefined);
  }

  /** `whole`: in one request, where recordings can't be uploaded. */
  start = (language: string, whole: boolean): Promise<void> =>
    this.#run(async (course) => {
      course.show({ kind: 'sending' });
      if (whole) {
        const made = await sendWhole(this.#deps.api, course, language);
        return this.#finish(course, { id: this.#deps.newId(), ...made });
      }
      await this.#send(course, language);
    });

  pause = (): Promise<void> => this.#change((id) => pause(this.#deps.api, id));

  goOn = (pieces?: number[]): Promise<void> => this.#change((id) => start(this.#deps.api, id, pieces));

  /** Shows what there is, with gaps. */
  settle = (): Promise<void> =>
    this.#withJob(async (course, id) => {
      const { api } = this.#deps;
      await this.#finish(course, toMade(await look(api, id), await readResult(api, id, true), true));
    });

  async cancel(): Promise<void> {
    const known = this.#known;
    this.close();
    this.#put({ ...this.#view, state: { kind: 'idle' } });
    // Whatever cannot be deleted now is gone after a day.
    if (known !== null) await remove(this.#deps.api, known.id).catch(() => undefined);
  }

  /** Keeps a transcript as somebody changed it, or brought it back. */
  async keep(kept: Kept): Promise<void> {
    const { state } = this.#view;
    if (state.kind === 'done' && state.kept.id === kept.id) this.#put({ ...this.#view, state: { kind: 'done', kept } });
    await this.#deps.library.write(kept);
  }

  /** Deletes a transcript. */
  async forget(id: string): Promise<void> {
    const { state } = this.#view;
    if (state.kind === 'done' && state.kept.id === id) this.drop();
    await this.#deps.library.remove(id);
  }

  /** Ends what is under way here. A job goes on without us. */
  close(): void {
    this.#known = null;
    this.#aborter.abort();
  }

  #put(view: WorkView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }

  /** Runs one course at a time; what goes wrong is told in words. */
  async #run(course: (course: Course) => Promise<void>): Promise<void> {
    const { file } = this.#view;
    if (file === null) return;
    this.#aborter.abort();
    const { signal } = (this.#aborter = new AbortController());
    const show = (state: WorkState): void => {
      if (!signal.aborted) this.#put({ file, state });
    };
    try {
      await course({ file, signal, show });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      show({ kind: 'failed', message: error.message });
    }
  }

  async #send(course: Course, language: string): Promise<void> {
    const { file } = course;
    const { api, shelf } = this.#deps;
    const known = this.#known;
    // What broke off goes on where it was, be it the upload or the page's view of the work.
    const isSame = known?.file === file && (known.language ?? language) === language;
    const job = (isSame ? await findBegun(api, known) : null) ?? (await declare(api, file, language));
    this.#known = { file, id: job.id, language };
    await shelf.write({ file, jobId: job.id }).catch(() => undefined);
    await this.#carry(course, job);
  }

  async #carry(course: Course, job: JobView): Promise<void> {
    const { file, signal, show } = course;
    if (job.status === 'uploading') {
      await upload(job, file, { signal, onSent: (sent) => show({ kind: 'uploading', sent }) });
      show({ kind: 'job', job: await start(this.#deps.api, job.id) });
    }
    await this.#follow(course, job.id);
  }

  /** Looks at the job until it has come to an end. */
  async #follow(course: Course, id: string): Promise<void> {
    const { api } = this.#deps;
    for (;;) {
      const job = await lookPatiently(api, id, course.signal);
      if (course.signal.aborted) return;
      if (job.status === 'done') return this.#finish(course, toMade(job, await readResult(api, id, false), false));
      course.show({ kind: 'job', job });
      if (job.status !== 'running') return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Keeps what has been made, with what was corrected in a part of it, and shows it. */
  async #finish({ file, signal, show }: Course, made: Made): Promise<void> {
    if (signal.aborted) return;
    const { library, shelf, now } = this.#deps;
    const before = await library.read(made.id).catch(() => null);
    const fresh = { name: file.name.replace(/\.\w+$/, ''), createdAtMs: now(), texts: {} };
    const kept: Kept = { ...fresh, ...before, ...made };
    const keep = async (): Promise<void> => {
      await library.write(kept);
      const jobId = this.#known?.id ?? null;
      await shelf.write({ file, jobId, transcriptId: made.isPart ? null : made.id });
    };
    // Without room on this device it is there as long as the page.
    await keep().catch(() => undefined);
    show({ kind: 'done', kept });
  }

  /** `what` with the job in hand. */
  async #withJob(what: (course: Course, id: string) => Promise<void>): Promise<void> {
    const known = this.#known;
    if (known !== null) await this.#run((course) => what(course, known.id));
  }

  #change(change: (id: string) => Promise<JobView>): Promise<void> {
    return this.#withJob(async (course, id) => {
      course.show({ kind: 'job', job: await change(id) });
      await this.#follow(course, id);
    });
  }
}
