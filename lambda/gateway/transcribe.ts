// The transcription of one piece of audio as an operation of the loop: who can take it, what is sent, how the reply is read.
import type { Model } from '#shared/catalog.ts';
import { CallerError } from '#shared/failures.ts';
import type { Headers } from '../ports.ts';
import type { Policy } from '../routing/policy.ts';
import type { Selector } from '../routing/selector.ts';
import { parseTranscript } from '../wire/transcription/reply.ts';
import type { TranscriptionQuestion } from '../wire/transcription/question.ts';
import type { Transcript } from '../wire/transcription/transcript.ts';
import type { Dialect } from '../wire/types.ts';
import type { Purse } from './budget.ts';
import type { SplitBounds } from './audio-split.ts';
import type { Fleet } from './fleet.ts';
import type { Operation, OutgoingCall, ReaderContext, ReplyReader } from './operation.ts';
import { createWholeBody } from './read-whole.ts';
import { createRescue } from './rescue.ts';
import { toFailure } from './send.ts';

/** A piece of audio as it is sent. */
export interface AudioPiece {
  readonly bytes: Uint8Array;
  /** File name with its ending, by which providers know the container. */
  readonly name: string;
  readonly type: string;
  /** Seconds; null when unknown. */
  readonly seconds: number | null;
}

export interface TranscribeInput {
  readonly requestId: string;
  readonly question: TranscriptionQuestion;
  readonly piece: AudioPiece;
  /** Candidates that can take the piece, as `toFitting` found them. */
  readonly selector: Selector;
  readonly policy: Policy;
  readonly purse: Purse | null;
  readonly deadlineAtMs: number;
  /** Header by which providers join the request's trace; null when nothing is traced. */
  readonly traceparent: string | null;
  readonly fleet: Fleet;
  readonly dialectOf: (index: number) => Dialect;
  readonly onTranscript: (transcript: Transcript) => void;
}

/** What is asked of a model beyond plain text. */
function lacksFeature({ features, formats }: Model, { task, words, segments }: TranscriptionQuestion): boolean {
  const has = (feature: NonNullable<Model['features']>[number]): boolean => features?.includes(feature) ?? false;
  // Models that say nothing of themselves are custom ones: their owner knows.
  if (features === undefined && formats === undefined) return false;
  if (task === 'translate' && !has('translate')) return true;
  if (words && !has('words')) return true;
  return segments && !has('segments') && !(formats?.includes('verbose_json') ?? false);
}

/** The most a candidate takes at once: by its own bounds, and by the limits that count seconds of sound. */
function boundsOf(fleet: Fleet, index: number): SplitBounds {
  const model = fleet.models[index];
  const pools = fleet.candidates[index]?.pools.filter(({ unit }) => unit === 'audio_seconds') ?? [];
  return {
    bytes: model?.maxBytes ?? Infinity,
    seconds: Math.min(model?.maxSeconds ?? Infinity, ...pools.map(({ max }) => max)),
  };
}

export interface Fitting {
  readonly selector: Selector;
  /** It has to go in pieces: what one candidate takes at once. null when it goes whole. */
  readonly bounds: SplitBounds | null;
}

/** How large a recording or a piece of it is. */
export interface AudioSize {
  readonly bytes: number;
  /** null when unknown. */
  readonly seconds: number | null;
}

interface Asked {
  readonly question: TranscriptionQuestion;
  readonly piece: AudioSize;
}

function refuseFeature({ task, words }: TranscriptionQuestion): CallerError {
  const what = task === 'translate' ? 'Translating' : words ? 'Times of single words' : 'Times of segments';
  return new CallerError(
    'no_candidate',
    `${what} is not what any of the models meant offers. Ask for less, or for model "auto".`,
    { param: task === 'translate' ? 'model' : 'timestamp_granularities' },
  );
}

/** Of the candidates meant, those that can take the piece. Throws CallerError `no_candidate` when nobody can, whatever its length. */
export function toFitting(selector: Selector, fleet: Fleet, { question, piece }: Asked): Fitting {
  const meant = [...(selector.among ?? fleet.candidates.keys())].filter(
    (index) => fleet.candidates[index]?.kind === 'transcription',
  );
  if (meant.length === 0)
    throw new CallerError(
      'no_candidate',
      'No credential here can transcribe. Add one that can, for example a free key of a provider with a Whisper model.',
      { param: 'model' },
    );
  const able = meant.filter((index) => {
    const model = fleet.models[index];
    return model !== undefined && !lacksFeature(model, question);
  });
  if (able.length === 0) throw refuseFeature(question);
  const fits = able.filter((index) => takes(boundsOf(fleet, index), piece));
  const isFree = (index: number): boolean => fleet.candidates[index]?.tier !== 'paid';
  const free = able.filter(isFree);
  // Whoever is free may need it in pieces; only to send it whole, nobody is paid.
  if (fits.some(isFree) || (fits.length > 0 && free.length === 0))
    return { selector: { ...selector, among: fits }, bounds: null };
  const among = free.length > 0 ? free : able;
  return {
    selector: { ...selector, among: able },
    bounds: widest(
      among.map((index) => boundsOf(fleet, index)),
      piece,
    ),
  };
}

const takes = ({ bytes, seconds }: SplitBounds, piece: AudioSize): boolean =>
  piece.bytes <= bytes && (piece.seconds ?? 0) <= seconds;

/** Of the bounds of single candidates, those by which it falls into the fewest pieces. */
function widest(bounds: readonly SplitBounds[], piece: AudioSize): SplitBounds {
  const pieces = ({ bytes, seconds }: SplitBounds): number =>
    Math.max(piece.bytes / bytes, (piece.seconds ?? 0) / seconds);
  return bounds.reduce((best, one) => (pieces(one) < pieces(best) ? one : best));
}

const encoder = new TextEncoder();

/** The form as providers of the OpenAI audio format take it. */
function toForm(fields: readonly (readonly [string, string])[], piece: AudioPiece, boundary: string): Uint8Array {
  const head = fields
    .map(([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('');
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${piece.name}"\r\ncontent-type: ${piece.type}\r\n\r\n`;
  return Buffer.concat([encoder.encode(head + file), piece.bytes, encoder.encode(`\r\n--${boundary}--\r\n`)]);
}

function toFields(question: TranscriptionQuestion, model: Model | undefined, modelId: string): [string, string][] {
  const { language, prompt, temperature, words, segments, task } = question;
  const timed = words || segments;
  // The richer format also tells the language and how much was heard; who names no formats takes at least the plain one.
  const verbose = model?.formats?.includes('verbose_json') ?? timed;
  return [
    ['model', modelId],
    ['response_format', verbose ? 'verbose_json' : 'json'],
    ...(language !== null && task === 'transcribe' ? [['language', language] as [string, string]] : []),
    ...(prompt === null ? [] : [['prompt', prompt] as [string, string]]),
    ...(temperature === null ? [] : [['temperature', String(temperature)] as [string, string]]),
    ...(words && verbose ? [['timestamp_granularities[]', 'word'] as [string, string]] : []),
    ...(verbose && (segments || words) ? [['timestamp_granularities[]', 'segment'] as [string, string]] : []),
  ];
}

const paths = { transcribe: '/audio/transcriptions', translate: '/audio/translations' } as const;
/** A provider takes its time by the length of the audio. */
const FIRST_MS = 60_000;
const PER_SECOND_MS = 250;
const USUAL_MS = 20_000;

/** Reads a whole reply: a transcript, or a fault. */
function createTranscriptReader(input: TranscribeInput, dialect: Dialect, context: ReaderContext): ReplyReader {
  const body = createWholeBody();
  let head: { readonly status: number; readonly headers: Headers } | null = null;
  const finish: ReaderContext['finish'] = (outcome) => context.finish(outcome);
  const none = { committed: false, usage: null, seenTokens: 0 } as const;
  return {
    onHead: (status, headers) => {
      head = { status, headers };
    },
    onData: (chunk) => body.add(Uint8Array.from(chunk)),
    onEnd: () => {
      const text = body.bytes()?.toString('utf8') ?? '';
      const reply = { status: head?.status ?? 0, headers: head?.headers ?? {}, body: text };
      const limits = dialect.parseLimits(reply, context.nowMs());
      if (reply.status < 200 || reply.status > 299)
        return finish({ ...none, failure: dialect.parseFailure(reply, context.nowMs()), limits });
      const { transcript, failure } = parseTranscript(text, input.piece.seconds);
      if (failure !== null) return finish({ ...none, failure, limits });
      const seconds = input.piece.seconds ?? transcript.duration;
      const usage = seconds === null ? {} : { audioSeconds: seconds };
      input.onTranscript(transcript);
      context.commit('application/json', usage).end();
      finish({ failure: null, committed: true, usage, seenTokens: 0, limits });
    },
    onError: (error) => finish({ ...none, failure: toFailure(error), limits: [] }),
  };
}

/** Builds the operation. */
export function createTranscribeOperation(input: TranscribeInput): Operation {
  const { question, piece, fleet } = input;
  const boundary = `freeway-${input.requestId.replace(/[^\w-]/g, '')}`;
  const prepare = (index: number): OutgoingCall => {
    const candidate = fleet.candidates[index];
    const credential = fleet.credentials[index];
    if (!candidate || !credential) throw new Error('no such candidate');
    const model = fleet.models[index];
    return {
      path: model?.path ?? credential.provider.paths['transcriptions'] ?? paths[question.task],
      headers: {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        accept: 'application/json',
        ...(input.traceparent === null ? {} : { traceparent: input.traceparent }),
      },
      body: toForm(toFields(question, model, candidate.modelId), piece, boundary),
      firstContentTimeoutMs: FIRST_MS + (piece.seconds ?? 600) * PER_SECOND_MS,
      usualContentMs: USUAL_MS + (piece.seconds ?? 600) * PER_SECOND_MS,
      idleTimeoutMs: FIRST_MS + (piece.seconds ?? 600) * PER_SECOND_MS,
    };
  };
  return {
    name: 'transcription',
    requestId: input.requestId,
    streamed: false,
    selector: input.selector,
    profile: {
      kind: 'transcription',
      needs: 0,
      classification: null,
      inputTokens: 0,
      outputTokens: 0,
      maxOutputTokens: null,
      audioSeconds: piece.seconds,
    },
    policy: input.policy,
    purse: input.purse,
    rescue: createRescue(fleet.candidates, false),
    deadlineAtMs: input.deadlineAtMs,
    prepare,
    read: (index, context) => createTranscriptReader(input, input.dialectOf(index), context),
  };
}
