// /api/transcriptions: recordings of any length as jobs: declared, uploaded past this server, transcribed in pieces, watched, told in every format.
import type * as z from 'zod/mini';
import {
  allowanceSchema,
  jobSchema,
  jobsSchema,
  newJobSchema,
  resultQuerySchema,
  startJobSchema,
  type JobView,
} from '#shared/api/transcriptions.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import { toStarted, toStatus } from '../../gateway/transcription-job.ts';
import type { Recordings } from '../../ports-transcription.ts';
import { formatTypes } from '../../wire/transcription/transcript.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { checkJob } from '../job-pieces.ts';
import type { JobRunner } from '../job-runner.ts';
import { toControls } from '../own-request.ts';
import { readAllowance } from './allowance.ts';
import { watchJob } from './job-events.ts';
import { renderJob } from './job-result.ts';
import { toJobView } from './job-view.ts';
import { checkSize } from './recording-size.ts';
import { allow, missing, toRoute, type ApiCall, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

const DAY_MS = 86_400_000;
/** Of one person at a time: a recording may be large. */
const MAX_JOBS = 50;

/** What the routes share. */
interface Desk {
  readonly deps: ApiDeps;
  /** Throws CallerError where recordings can't be uploaded. */
  readonly recordings: () => Recordings;
  readonly runner: () => Promise<JobRunner>;
}

function openDesk(deps: ApiDeps): Desk {
  const recordings = (): Recordings => {
    if (deps.recordings !== null) return deps.recordings;
    throw new CallerError(
      'invalid_request',
      'Recordings can not be uploaded here: no bucket is set (FREEWAY_UPLOADS_BUCKET). Send clips of up to 4.4 MB to POST /v1/audio/transcriptions.',
      { reason: refused('no_uploads') },
    );
  };
  return { deps, recordings, runner: async () => deps.jobRunner(recordings()) };
}

/** A request about one job. */
type Call<Body = unknown, Query = unknown> = Pick<ApiCall<Body, Query>, 'visit' | 'params' | 'body' | 'query'>;

/** One's own job. Throws CallerError `not_found`, also for those of others. */
async function find({ deps }: Desk, { visit, params: { id = '' } }: Call): Promise<TranscriptionJob> {
  const job = await deps.jobs.get(principalOf(visit).id, id);
  if (job === null) throw missing('transcription; after a day they are deleted');
  allow(visit, 'read', { kind: 'transcription', ownerId: job.personId });
  return job;
}

async function view({ deps, recordings }: Desk, job: TranscriptionJob): Promise<JobView> {
  const nowMs = deps.clock.now();
  return toJobView(job, nowMs, job.status === 'uploading' ? await recordings().missing(job, job.expiresAtMs) : null);
}

async function create(desk: Desk, visit: Visit, body: z.output<typeof newJobSchema>): Promise<ApiReply> {
  const { deps } = desk;
  const { id: personId } = principalOf(visit);
  await checkSize(body.size_bytes, desk.recordings());
  const nowMs = deps.clock.now();
  const job: TranscriptionJob = {
    id: `tr_${deps.newSecretId()}`,
    personId,
    name: body.name,
    sizeBytes: body.size_bytes,
    options: body.options,
    headers: toControls(visit.exchange.headers),
    status: 'uploading',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + DAY_MS,
    error: null,
    facts: null,
    pieces: [],
    most: null,
    lease: null,
    pace: { workedMs: 0, seconds: 0 },
  };
  await checkJob(deps, visit, job);
  if ((await deps.jobs.list(personId)).length >= MAX_JOBS)
    throw new CallerError(
      'invalid_request',
      `There are ${MAX_JOBS} transcriptions already. Delete some of them first.`,
      { reason: refused('too_many_jobs', { max: MAX_JOBS }) },
    );
  await deps.jobs.create(job);
  return { status: 201, json: await view(desk, job) };
}

async function start(desk: Desk, call: Call<z.output<typeof startJobSchema>>): Promise<ApiReply> {
  const { deps } = desk;
  const { visit } = call;
  const job = await find(desk, call);
  if (job.status === 'uploading') {
    const parts = await desk.recordings().missing(job, job.expiresAtMs);
    if (parts.length > 0)
      throw new CallerError(
        'invalid_request',
        `${parts.length === 1 ? 'One part of the recording has' : `${parts.length} parts of the recording have`} not come yet. Upload what is missing, then start.`,
        { reason: refused('parts_missing', { count: parts.length }) },
      );
  }
  await checkJob(deps, visit, job);
  const { email, key } = principalOf(visit);
  const asker = { email, key: key === null ? null : { id: key.id, name: key.name } };
  const started = await deps.jobs.change(job.personId, job.id, toStarted(call.body.pieces, asker));
  if (started === null) throw missing('transcription');
  // Where requests do the work, those who watch do it.
  if (!deps.freezes) {
    await deps.jobs.enlist(started);
    await (await desk.runner()).goOn(visit, started, true);
  }
  return { json: await view(desk, started) };
}

async function change(desk: Desk, call: Call, status: 'paused' | 'cancelled'): Promise<ApiReply> {
  const { personId, id } = await find(desk, call);
  const changed = await desk.deps.jobs.change(personId, id, toStatus(status));
  if (changed === null) throw missing('transcription');
  if (status === 'cancelled') (await desk.runner()).putDown(id);
  return { json: await view(desk, changed) };
}

/** How it stands now; asking makes it go on, where it was left by whoever worked on it. */
async function look(desk: Desk, call: Call): Promise<TranscriptionJob> {
  const job = await find(desk, call);
  if (job.status !== 'running') return job;
  await (await desk.runner()).goOn(call.visit, job);
  return find(desk, call);
}

async function remove(desk: Desk, call: Call): Promise<ApiReply> {
  const job = await find(desk, call);
  (await desk.runner()).putDown(job.id);
  // What leads to the recording goes last: whoever is ended in the middle can be told to do it again.
  await desk.recordings().remove(job);
  await desk.deps.jobs.remove(job);
  return {};
}

async function tell(desk: Desk, call: Call<unknown, z.output<typeof resultQuerySchema>>): Promise<ApiReply> {
  const { query } = call;
  const job = await find(desk, call);
  if (job.status !== 'done' && query.partial === 'false')
    throw new CallerError(
      'invalid_request',
      `The transcript is not complete: the job is ${job.status}. Wait until it is done, or ask with partial=true.`,
      { reason: refused('job_incomplete') },
    );
  const text = await renderJob(desk.deps.jobs, job, query.format);
  return { text, headers: { 'content-type': formatTypes[query.format] } };
}

async function watch(desk: Desk, call: Call): Promise<ApiReply> {
  const { deps } = desk;
  const { personId, id } = await find(desk, call);
  return {
    events: watchJob({
      clock: deps.clock,
      visit: call.visit,
      runner: await desk.runner(),
      again: () => deps.jobs.get(personId, id),
      toView: (job) => view(desk, job),
    }),
  };
}

async function list({ deps }: Desk, { visit }: Call): Promise<ApiReply> {
  const jobs = await deps.jobs.list(principalOf(visit).id);
  const nowMs = deps.clock.now();
  const newest = jobs.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  return { json: { data: newest.map((job) => toJobView(job, nowMs, null)) } };
}

/** All of one's recordings, and new ones. */
function toCollectionRoutes(desk: Desk): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'GET',
      path: '/api/transcriptions/allowance',
      summary: 'How much sound can be transcribed now without paying.',
      access: ['create', 'transcription'],
      reply: allowanceSchema,
      handle: async ({ visit }) => ({ json: await readAllowance(desk.deps, visit) }),
    }),
    toRoute({
      method: 'GET',
      path: '/api/transcriptions',
      summary: 'Your transcriptions of the last day, newest first.',
      access: ['read', 'transcription'],
      reply: jobsSchema,
      handle: (call) => list(desk, call),
    }),
    toRoute({
      method: 'POST',
      path: '/api/transcriptions',
      summary: 'Declare a recording and how to transcribe it; answers where to upload its parts.',
      access: ['create', 'transcription'],
      body: newJobSchema,
      reply: jobSchema,
      handle: ({ visit, body }) => create(desk, visit, body),
    }),
  ];
}

/** One recording: how it stands, and what it says. */
function toReadRoutes(desk: Desk): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'GET',
      path: '/api/transcriptions/:id',
      summary:
        'How a transcription stands; while parts are missing, where they belong. Makes it go on where it was interrupted.',
      access: ['read', 'transcription'],
      reply: jobSchema,
      handle: async (call) => ({ json: await view(desk, await look(desk, call)) }),
    }),
    toRoute({
      method: 'GET',
      path: '/api/transcriptions/:id/events',
      summary: 'How a transcription stands, as events of a stream ("job"), as long as it goes on.',
      access: ['read', 'transcription'],
      texts: ['text/event-stream'],
      handle: (call) => watch(desk, call),
    }),
    toRoute({
      method: 'GET',
      path: '/api/transcriptions/:id/result',
      summary: 'The transcript as json, text, srt, vtt or verbose_json.',
      access: ['read', 'transcription'],
      query: resultQuerySchema,
      texts: [...new Set(Object.values(formatTypes).map((type) => type.replace(/;.*/, '')))],
      handle: (call) => tell(desk, call),
    }),
  ];
}

/** What can be done with it. */
function toActRoutes(desk: Desk): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'POST',
      path: '/api/transcriptions/:id/start',
      summary: 'Begin once all parts are uploaded, go on after a pause, or try failed pieces again.',
      access: ['change', 'transcription'],
      body: startJobSchema,
      reply: jobSchema,
      handle: (call) => start(desk, call),
    }),
    toRoute({
      method: 'POST',
      path: '/api/transcriptions/:id/pause',
      summary: 'Send no further pieces; those under way come to their end.',
      access: ['change', 'transcription'],
      reply: jobSchema,
      handle: (call) => change(desk, call, 'paused'),
    }),
    toRoute({
      method: 'POST',
      path: '/api/transcriptions/:id/cancel',
      summary: 'Put everything down. What is transcribed already is kept until the day is over.',
      access: ['change', 'transcription'],
      reply: jobSchema,
      handle: (call) => change(desk, call, 'cancelled'),
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/transcriptions/:id',
      summary: 'Delete the recording and its transcript.',
      access: ['delete', 'transcription'],
      handle: (call) => remove(desk, call),
    }),
  ];
}

/** The routes over their services. */
export function toTranscriptionRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const desk = openDesk(deps);
  return [...toCollectionRoutes(desk), ...toReadRoutes(desk), ...toActRoutes(desk)];
}
