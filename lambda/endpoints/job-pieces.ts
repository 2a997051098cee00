// One piece of a transcription job: cut out of the recording, sent, and its transcript kept before anything else is written.
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { PieceSpan, TranscriptionJob } from '#shared/transcription-job.ts';
import type { AudioFacts } from '../gateway/audio-header.ts';
import type { AudioSource } from '../gateway/audio-source.ts';
import type { Span, SplitAudio, SplitBounds } from '../gateway/audio-split.ts';
import { halve, mayHalve, toPieceBounds, UNBOUNDED } from '../gateway/piece-size.ts';
import { toSent } from '../gateway/piece-format.ts';
import { toFitting, type AudioPiece } from '../gateway/transcribe.ts';
import { toDone, toFailed, toPlanned, toPutDown, toSmaller, toStepped } from '../gateway/transcription-job.ts';
import type { Exchange } from '../ports.ts';
import { RecordingGone, type Recordings } from '../ports-transcription.ts';
import { parseTranscriptionForm, type TranscriptionQuestion } from '../wire/transcription/question.ts';
import type { Caller } from '../gateway/answer.ts';
import { LONGEST_MS } from './ask.ts';
import { PATIENCE_MS } from './defaults.ts';
import type { ApiDeps } from './api/route.ts';
import type { Visit } from './endpoint.ts';
import { guardSound } from './guard.ts';
import { createTeller } from './tell.ts';
import { isTooLarge } from './pieces.ts';
import { toSetting, transcribePiece, type Setting } from './transcribe-piece.ts';

type Change = (job: TranscriptionJob) => TranscriptionJob;

/** A job under way, as its pieces see it. */
export interface JobWork {
  readonly deps: ApiDeps;
  /** Whoever asked for it, and what they may do by now. Rejects with CallerError when that is no longer this job. */
  readonly visit: () => Promise<Visit>;
  readonly job: TranscriptionJob;
  readonly change: (change: Change) => Promise<TranscriptionJob | null>;
  /** Until when a piece may take, ms since the epoch; null: as long as it needs. */
  readonly deadlineAtMs: number | null;
  /** Aborted when everything under way must be put down. */
  readonly cut: AbortSignal;
  /** Ms since it was last asked, for forecasts. */
  readonly workedMs: () => number;
}

/** The options as the form that says the same. Throws CallerError naming what is wrong. */
export function toJobQuestion({ options }: Pick<TranscriptionJob, 'options'>): TranscriptionQuestion {
  const { model, task, language, prompt, temperature, timestamps } = options;
  const times = { none: [], segment: ['segment'], word: ['segment', 'word'] }[timestamps];
  return parseTranscriptionForm(
    {
      model: [model],
      ...(language === null ? {} : { language: [language] }),
      ...(prompt === null ? {} : { prompt: [prompt] }),
      ...(temperature === null ? {} : { temperature: [String(temperature)] }),
      ...(times.length === 0 ? {} : { response_format: ['verbose_json'], 'timestamp_granularities[]': times }),
    },
    task,
  );
}

/** A request of this person as a job makes it by itself. */
export function toJobVisit(
  { principal }: Pick<Visit, 'principal'>,
  { headers }: TranscriptionJob,
  given: { requestId: string; nowMs: number },
): Visit {
  const nobody = (): never => {
    throw new Error('a job has nobody to answer');
  };
  const exchange: Exchange = {
    method: 'POST',
    path: '/api/transcriptions',
    query: '',
    headers,
    remoteAddress: null,
    deadlineAtMs: null,
    body: nobody,
    onGone: () => undefined,
    reply: nobody,
  };
  return { exchange, principal, requestId: given.requestId, refusal: null, params: {}, startedAtMs: given.nowMs };
}

/** `hypothetical`: only looked at. What is asked of providers are its pieces, and each of them counts. */
const jobSetting = async (
  deps: ApiDeps,
  visit: Visit,
  { job, hypothetical }: { job: Pick<TranscriptionJob, 'options'>; hypothetical: boolean },
): Promise<Setting> =>
  toSetting(deps, visit, {
    question: await guardSound(deps, visit, toJobQuestion(job)),
    controls: job.options.freeway ?? null,
    patienceMs: PATIENCE_MS,
    hypothetical,
  });

/** Rejects with CallerError when nobody here could do what is asked, whatever the recording. */
export async function checkJob(deps: ApiDeps, visit: Visit, job: TranscriptionJob): Promise<void> {
  const mine = toJobVisit(visit, job, { requestId: visit.requestId, nowMs: deps.clock.now() });
  const setting = await jobSetting(deps, mine, { job, hypothetical: true });
  const { question, meant, services } = setting;
  toFitting(meant, services.fleet, { question, piece: { bytes: 0, seconds: null }, nowMs: deps.clock.now() });
}

const toSource = (recordings: Recordings, job: TranscriptionJob): AudioSource => ({
  size: job.sizeBytes,
  own: true,
  read: (start, end) => recordings.read(job, start, end),
});

/** A recording that is opened when it is first needed, and once. */
export interface OpenRecording {
  /** Looks at the recording, and settles its pieces. Rejects with CallerError for what is wrong with it. */
  plan(): Promise<void>;
  /** Transcribes one piece. Never rejects with CallerError: what went wrong stands in the job then. */
  piece(span: PieceSpan, most: SplitBounds | null): Promise<void>;
  close(): void;
}

async function sizePieces(
  { deps, visit, job }: JobWork,
  source: AudioSource,
  facts: AudioFacts,
): Promise<readonly Span[]> {
  const setting = await jobSetting(deps, await visit(), { job, hypothetical: true });
  const size = { bytes: source.size, seconds: facts.seconds, container: toSent(facts.container) };
  const { question, meant, services } = setting;
  const { bounds } = toFitting(meant, services.fleet, { question, piece: size, nowMs: deps.clock.now() });
  const most = toPieceBounds(bounds ?? UNBOUNDED);
  const seconds = facts.seconds ?? 0;
  if (facts.asIs && size.bytes <= most.bytes && seconds <= most.seconds) return [{ start: 0, end: seconds }];
  const audio = (await deps.audio()).open(source, facts);
  try {
    return await audio.split(most);
  } finally {
    audio.close();
  }
}

/** The caller of one piece: nobody waits for it, but who is asked is written down, and it may be put down. */
function createPieceCaller({ cut, change }: JobWork, span: PieceSpan): Pick<Caller, 'gone' | 'onGone' | 'watch'> {
  return {
    get gone() {
      return cut.aborted;
    },
    onGone: (listener) => {
      cut.addEventListener('abort', listener);
      return () => cut.removeEventListener('abort', listener);
    },
    watch: (step) => {
      // Only told to whoever looks on; the books of providers are kept elsewhere.
      if (step.kind === 'asking') change(toStepped(span, step)).catch(() => undefined);
    },
  };
}

/** Sends a piece, and keeps its transcript before it is called done: whoever is killed in between does not pay for it again. */
async function send(work: JobWork, span: PieceSpan, piece: AudioPiece): Promise<void> {
  const { deps, visit, job, change, deadlineAtMs } = work;
  const nowMs = deps.clock.now();
  const mine = toJobVisit(await visit(), job, { requestId: deps.newRequestId(), nowMs });
  const teller = createTeller(deps, mine, 'transcription');
  teller.asks(toJobQuestion(job));
  try {
    const made = await transcribePiece(
      {
        deps,
        requestId: mine.requestId,
        setting: await jobSetting(deps, mine, { job, hypothetical: false }),
        caller: createPieceCaller(work, span),
        traceparent: teller.traceparent,
        deadlineAtMs: deadlineAtMs ?? nowMs + LONGEST_MS,
      },
      piece,
    );
    await deps.jobs.writePiece(job, span, made.transcript);
    await change(toDone(span, { costUsd: made.result.costUsd, workedMs: work.workedMs() }));
    teller.answered(made.result);
    await made.result.settled;
  } catch (error) {
    if (error instanceof CallerError) teller.failed(error);
    throw error;
  }
}

/** Opens the recording of a job. */
export function openRecording(work: JobWork, recordings: Recordings): OpenRecording {
  const { deps, job, change, cut } = work;
  const source = toSource(recordings, job);
  let audio: Promise<SplitAudio> | null = null;
  let facts: AudioFacts | null = job.facts;
  const open = (): Promise<SplitAudio> => {
    if (facts === null) throw new Error('the recording was not looked at');
    const known = facts;
    return (audio ??= deps.audio().then((desk) => desk.open(source, known)));
  };
  const isWhole = ({ start, end }: PieceSpan): boolean => start === 0 && end === facts?.seconds;
  const cutOut = async (span: PieceSpan): Promise<AudioPiece> => {
    if (facts === null || !isWhole(span) || !facts.asIs) return (await open()).cut(span);
    const { container, type, seconds } = facts;
    return { bytes: await source.read(0, source.size), name: `audio.${container}`, type, seconds };
  };
  const smaller = async (span: PieceSpan, bounds: SplitBounds): Promise<void> => {
    const parts = await (await open()).split(bounds, span);
    await change(toSmaller(span, parts, bounds));
  };
  const transcribe = async (span: PieceSpan, most: SplitBounds | null): Promise<void> => {
    const [kept] = await deps.jobs.readPieces(job, [span]);
    if (kept !== null && kept !== undefined) return void (await change(toDone(span, { costUsd: null, workedMs: 0 })));
    if (most !== null && span.end - span.start > most.seconds && mayHalve(span)) return smaller(span, most);
    const piece = await cutOut(span);
    try {
      await send(work, span, piece);
    } catch (error) {
      if (!isTooLarge(error) || !mayHalve(span) || cut.aborted) throw error;
      await smaller(span, halve(most ?? UNBOUNDED, { bytes: piece.bytes.length, seconds: span.end - span.start }));
    }
  };
  return {
    plan: async () => {
      facts = await (await deps.audio()).readHeader(source, job.name);
      await change(toPlanned(facts, await sizePieces(work, source, facts)));
    },
    piece: async (span, most) => {
      try {
        await transcribe(span, most);
      } catch (error) {
        if (cut.aborted) await change(toPutDown(span));
        else if (error instanceof CallerError) await change(toFailed(span, error, deps.clock.now()));
        else
          throw error instanceof RecordingGone
            ? new CallerError('not_found', error.message, { reason: refused('recording_gone') })
            : error;
      }
    },
    close: () => void audio?.then((opened) => opened.close()).catch(() => undefined),
  };
}
