// The transcription of one piece of audio as an operation of the loop: who can take it, what is sent, how the reply is read.
import type { Model } from '#shared/catalog.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { Policy } from '../routing/policy.ts';
import type { RequestProfile } from '../routing/profile.ts';
import { stillServed, type Selector } from '../routing/selector.ts';
import { findLack, type Lack } from '../wire/transcription/ask.ts';
import { transcriptionWireOf } from '../wire/transcription/index.ts';
import type { TranscriptionQuestion } from '../wire/transcription/question.ts';
import type { Transcript } from '../wire/transcription/transcript.ts';
import type { Dialect } from '../wire/types.ts';
import type { Admission } from './quotas.ts';
import type { SplitBounds } from './audio-split.ts';
import type { Fleet } from './fleet.ts';
import type { Operation } from './operation.ts';
import { toOtherKind } from './other-kind.ts';
import { createTranscriptReader } from './read-transcript.ts';
import { createRescue } from './rescue.ts';
import { toOutgoing, toTarget, type AudioTarget } from './transcribe-call.ts';

/** The bytes of a piece: in memory, or read from where they lie while they are sent. */
export type AudioBytes =
  | Uint8Array
  | { readonly length: number; read(start: number, end: number): Promise<Uint8Array> };

/** A piece of audio as it is sent. */
export interface AudioPiece {
  readonly bytes: AudioBytes;
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
  readonly admission: Admission | null;
  readonly deadlineAtMs: number;
  /** Header by which providers join the request's trace; null when nothing is traced. */
  readonly traceparent: string | null;
  readonly fleet: Fleet;
  readonly dialectOf: (index: number) => Dialect;
  readonly onTranscript: (transcript: Transcript) => void;
}

/** What of the question candidate `index` can't take; null when it takes all of it. */
function lackOf(fleet: Fleet, index: number, question: TranscriptionQuestion): Lack | null {
  const model = fleet.models[index];
  const provider = fleet.credentials[index]?.provider;
  const wire = model && provider && transcriptionWireOf(model, provider);
  if (!wire) throw new Error('no such candidate');
  return findLack(model, wire.names, question);
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

/** How large a recording or a piece of it is, and what kind of file. */
export interface AudioSize {
  /** As file endings are written; absent while it is not known. */
  readonly container?: string;
  readonly bytes: number;
  /** null when unknown. */
  readonly seconds: number | null;
}

interface Asked {
  readonly question: TranscriptionQuestion;
  readonly piece: AudioSize;
  /** ms since the epoch. */
  readonly nowMs: number;
}

/** What each lack is called, the field that asks for it, and what to do instead. */
const lacks: Readonly<Record<Lack, readonly [what: string, param: string, advice: string]>> = {
  translate: ['Translating', 'model', 'Transcribe, and translate the text'],
  words: ['Times of single words', 'timestamp_granularities', 'Ask for segments'],
  segments: ['Times of segments', 'response_format', 'Ask for response_format "json" or "text"'],
  speakers: ['Telling speakers apart', 'response_format', 'Ask for another response_format'],
  prompt: ['A prompt', 'prompt', 'Leave it out'],
  temperature: ['A temperature above 0', 'temperature', 'Leave it out'],
  language: ['Naming the language', 'language', 'Leave it out'],
  'no language': ['Finding out the language', 'language', 'Name it'],
};

function refuseFeature(found: readonly (Lack | null)[]): CallerError {
  const [what, param, advice] = lacks[found.find((lack) => lack !== null) ?? 'words'];
  const message = `${what} is not what any of the models meant offers. ${advice}, or ask for model "auto".`;
  return new CallerError('no_candidate', message, { param, reason: refused('nobody_offers', { what: param }) });
}

/** None of the models that were meant transcribes. */
function refuseMeant(selector: Selector, { candidates }: Fleet): CallerError {
  const isAble = candidates.some(({ kind }) => kind === 'transcription');
  if (isAble && !/^auto(?::|$)/i.test(selector.name)) return toOtherKind({ candidates, selector }, 'transcription');
  return new CallerError(
    'no_candidate',
    'No credential here can transcribe. Add one that can, for example a free key of a provider with a Whisper model.',
    { param: 'model', reason: refused('nobody_transcribes') },
  );
}

/** Of the candidates meant, those that can take the piece. Throws CallerError `no_candidate` when nobody can, whatever its length. */
export function toFitting(selector: Selector, fleet: Fleet, { question, piece, nowMs }: Asked): Fitting {
  const named = [...(selector.among ?? fleet.candidates.keys())].filter(
    (index) => fleet.candidates[index]?.kind === 'transcription',
  );
  const meant = stillServed(named, fleet.candidates, nowMs);
  if (meant.length === 0) throw refuseMeant(selector, fleet);
  const found = new Map(meant.map((index) => [index, lackOf(fleet, index, question)]));
  const able = meant.filter((index) => found.get(index) === null);
  if (able.length === 0) throw refuseFeature([...found.values()]);
  const reading = able.filter((index) => reads(fleet.models[index], piece));
  if (reading.length === 0) throw refuseContainer(piece);
  return fit({ ...selector, among: reading }, fleet, piece);
}

function reads(model: Model | undefined, { container }: AudioSize): boolean {
  return container === undefined || (model?.containers?.includes(container) ?? true);
}

const refuseContainer = ({ container }: AudioSize): CallerError =>
  new CallerError(
    'no_candidate',
    `None of the models meant takes ${container} files. Send it as mp3, or ask for model "auto".`,
    { param: 'file', reason: refused('nobody_takes', { container: container ?? '' }) },
  );

/** Of those who can take it, whoever takes it whole, or what they take at once. */
function fit(selector: Selector & { readonly among: readonly number[] }, fleet: Fleet, piece: AudioSize): Fitting {
  const { among: able } = selector;
  const fits = able.filter((index) => takes(boundsOf(fleet, index), piece));
  const isFree = (index: number): boolean => fleet.candidates[index]?.tier !== 'paid';
  const free = able.filter(isFree);
  // Whoever is free may need it in pieces; only to send it whole, nobody is paid.
  if (fits.some(isFree) || (fits.length > 0 && free.length === 0))
    return { selector: { ...selector, among: fits }, bounds: null };
  const among = free.length > 0 ? free : able;
  return {
    selector,
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

/** What routing must know of a piece. */
export const toSoundProfile = (seconds: number | null): RequestProfile => ({
  kind: 'transcription',
  needs: 0,
  classification: null,
  inputTokens: 0,
  outputTokens: 0,
  maxOutputTokens: null,
  audioSeconds: seconds,
});

/**
 * Two doubtful answers bear each other out, and the shorter one is believed: who hears words in silence makes them up. One that was paid for,
 * and one in whose place nobody else may be asked, is believed at once. null: it is not believed yet.
 */
function createJudgement({
  fleet,
  policy,
}: TranscribeInput): (index: number, doubted: Transcript) => Transcript | null {
  let before: Transcript | null = null;
  return (index, doubted) => {
    if (before !== null) return before.text.length < doubted.text.length ? before : doubted;
    before = doubted;
    return fleet.candidates[index]?.tier === 'paid' || !policy.failover ? doubted : null;
  };
}

/** Builds the operation. */
export function createTranscribeOperation(input: TranscribeInput): Operation {
  const { piece, fleet } = input;
  /** As they were asked last: further calls of an attempt ask alike. */
  const targets = new Map<number, AudioTarget>();
  const judge = createJudgement(input);
  return {
    name: 'transcription',
    requestId: input.requestId,
    streamed: false,
    selector: input.selector,
    profile: toSoundProfile(piece.seconds),
    policy: input.policy,
    admission: input.admission,
    rescue: createRescue(fleet.candidates, false),
    deadlineAtMs: input.deadlineAtMs,
    prepare: (index, stripped) => {
      const target = toTarget(input, index, stripped);
      targets.set(index, target);
      const { wire, ask } = target;
      return toOutgoing(wire.begin(ask), ask.model, input);
    },
    read: (index, context) =>
      createTranscriptReader({
        input,
        target: targets.get(index) ?? toTarget(input, index, []),
        dialect: input.dialectOf(index),
        context,
        believe: (doubted) => judge(index, doubted),
      }),
  };
}
