// What a codec of transcriptions is: pure conversions between our question and the calls and replies of one provider format.
import type { AudioField, Model, WireId } from '#shared/catalog.ts';
import type { ProviderFailure } from '#shared/failures.ts';
import type { TranscriptionQuestion } from './question.ts';
import type { Transcript } from './transcript.ts';

/** The formats in which recordings are transcribed. */
export const transcriptionWireIds = [
  'audio-form',
  // Who speaks the OpenAI chat format takes recordings in the OpenAI form.
  'openai-chat',
  'audio-raw',
  'audio-base64',
  'audio-steps',
  'audio-upload-job',
  'audio-form-upload-job',
  'audio-form-job',
] as const satisfies readonly WireId[];
export type TranscriptionWireId = (typeof transcriptionWireIds)[number];

const spoken: ReadonlySet<WireId> = new Set(transcriptionWireIds);
/** Whether a recording can be transcribed in this format. */
export const isTranscriptionWire = (id: WireId): id is TranscriptionWireId => spoken.has(id);

/** What a format calls each field by itself; null: it can't carry it. */
export type FieldNames = Readonly<Record<AudioField, string | null>>;

/** One question to one model. */
export interface TranscriptionAsk {
  readonly question: TranscriptionQuestion;
  readonly model: Model;
  /** Paths of the provider behind its base URL, by its own keys (`transcriptions`, `translations`, `uploads`). */
  readonly paths: Readonly<Record<string, string>>;
  /** File name with its ending, by which providers know the container. */
  readonly name: string;
  /** Content type of the recording. */
  readonly type: string;
  /** Seconds; null when unknown. */
  readonly seconds: number | null;
  /** Fields that this provider and model were found to refuse, by their own names. */
  readonly stripped: readonly string[];
  /** Separates the parts of forms; must not occur in the recording. */
  readonly boundary: string;
}

/** A piece of a body: text, or the recording as it is or in base64. Who sends it fills it in, from wherever it lies. */
export type BodyPart = string | { readonly audio: 'raw' | 'base64' };

/** A call to the provider, but for the credential. */
export interface AudioCall {
  readonly method: 'POST' | 'GET' | 'DELETE';
  /** Behind the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly BodyPart[];
}

/** How far a question of several calls has come. `id` names the job; null before there is one. `asked`: how often it was looked at. */
export interface Stage {
  readonly step: string;
  readonly id: string | null;
  readonly asked: number;
}

/** What follows a good reply. */
export type NextStep =
  | { readonly kind: 'transcript'; readonly transcript: Transcript }
  | { readonly kind: 'failure'; readonly failure: ProviderFailure }
  /** May be right, or a fault: the second answer that is doubtful is believed. */
  | { readonly kind: 'doubt'; readonly failure: ProviderFailure; readonly transcript: Transcript }
  | {
      readonly kind: 'call';
      readonly call: AudioCall;
      readonly stage: Stage;
      /** Pause before it, ms. */
      readonly afterMs: number;
      /** What undoes the job when nobody waits for it any more; null when nothing does. */
      readonly undo: AudioCall | null;
    };

/** One format. */
export interface TranscriptionWire {
  readonly names: FieldNames;
  /** The first call. */
  begin(ask: TranscriptionAsk): AudioCall;
  /** What a reply with a good status means, at this stage (`firstStage` for the reply to the first call). */
  next(body: string, stage: Stage, ask: TranscriptionAsk): NextStep;
}

/** Where every question begins. */
export const firstStage: Stage = { step: 'begun', id: null, asked: 0 };

/** A reply that is not what the format promises, or `doubtful`. */
export const failed = (
  message: string,
  doubtful = false,
): { readonly kind: 'failure'; readonly failure: ProviderFailure } => ({
  kind: 'failure',
  failure: { kind: 'bad_reply', message, ...(doubtful ? { doubtful } : {}) },
});
