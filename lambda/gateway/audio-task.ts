// What the thread that reads recordings and those who asked for it tell each other.
import type { Reason } from '#shared/api/reason.ts';
import type { CallerErrorCode } from '#shared/failures.ts';
import type { AudioFacts } from './audio-header.ts';
import type { CutPiece, Span, SplitBounds } from './audio-split.ts';

/** What is to be done with a recording. */
export type AudioTask =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'split'; readonly facts: AudioFacts; readonly bounds: SplitBounds; readonly within?: Span }
  | { readonly kind: 'cut'; readonly facts: AudioFacts; readonly span: Span };

/** What comes of it, by its kind. */
export interface AudioAnswers {
  readonly header: AudioFacts;
  readonly split: readonly Span[];
  readonly cut: CutPiece;
}
export type AudioAnswer = AudioAnswers[keyof AudioAnswers];

/** To the thread. `key` stands for a recording; one task is under way at a time. */
export type ToThread =
  | { readonly kind: 'do'; readonly key: number; readonly size: number; readonly task: AudioTask }
  /** What was asked for by `read`; null: it could not be read. */
  | { readonly kind: 'bytes'; readonly id: number; readonly bytes: Uint8Array | null }
  | { readonly kind: 'close'; readonly key: number };

/** From the thread. */
export type FromThread =
  | { readonly kind: 'read'; readonly id: number; readonly key: number; readonly start: number; readonly end: number }
  /** It gets on, although it reads nothing new. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'done'; readonly answer: AudioAnswer }
  /** A CallerError: the recording is at fault. */
  | {
      readonly kind: 'refused';
      readonly code: CallerErrorCode;
      readonly message: string;
      readonly param: string | null;
      readonly reason: Reason | null;
    }
  /** The recording could not be read, or the fault is ours. */
  | { readonly kind: 'failed'; readonly message: string };
