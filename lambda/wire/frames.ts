// What a wire whose streams are no server-sent events must know: how their bytes are cut into frames.
import type { ProviderFailure } from '#shared/failures.ts';
import type { SseFrame } from './types.ts';

/** Frames completed by a piece. After a `failure` the stream must be given up. */
export interface CutFrames {
  readonly frames: readonly SseFrame[];
  readonly failure: ProviderFailure | null;
}

/** A fold over the bytes of one stream, which it must be given in order and without gaps. */
export interface FrameCutter {
  feed(bytes: Uint8Array): CutFrames;
  /** The frames that were complete but for their last mark. */
  end(): readonly SseFrame[];
}

/** How the streams of a wire are cut. */
export interface Framing {
  /** The media type of such streams. */
  readonly contentType: string;
  /** Begins to cut one stream. `toText` decodes UTF-8. */
  open(toText: (bytes: Uint8Array) => string): FrameCutter;
}
