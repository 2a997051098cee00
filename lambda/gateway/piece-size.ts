// How large the pieces of a recording are, and how they become smaller when somebody finds them too large.
import type { Span, SplitBounds } from './audio-split.ts';

/** Pieces under way at once: enough to use several pools, few enough to keep memory small. */
export const PIECES_AT_ONCE = 4;
/** Pieces are no longer than this, so that several providers work at once and little is lost by a fault. */
const PIECE_SECONDS = 600;
/** Nor larger, since they are in memory while they are sent. Everybody known takes so much: 14 MB are the least (Gemini). */
const PIECE_BYTES = 12 * 1024 * 1024;
/** Estimates of length may be a little short. */
const SECONDS_ROOM = 0.95;
/** Whoever refuses so little does not mean its size. */
const SHORTEST_SECONDS = 4;

/** The pieces for a provider of these bounds. */
export const toPieceBounds = ({ seconds, bytes }: SplitBounds): SplitBounds => ({
  seconds: Math.min(PIECE_SECONDS, seconds * SECONDS_ROOM),
  bytes: Math.min(PIECE_BYTES, bytes),
});

/** Whether it makes sense to take a piece apart. */
export const mayHalve = ({ start, end }: Span): boolean => end - start >= 2 * SHORTEST_SECONDS;

/** What nobody has objected to. */
export const UNBOUNDED: SplitBounds = { seconds: Infinity, bytes: Infinity };

/** Of a piece that was too large, so much is tried next: a little more than half, so that a quiet place near the middle leaves two and not three. */
const NEXT_SHARE = 0.6;

/** The bounds after a piece of this size was too large: a share of it, or what they were when that is less. */
export const halve = (bounds: SplitBounds, { bytes, seconds }: SplitBounds): SplitBounds => ({
  bytes: Math.min(bounds.bytes, bytes * NEXT_SHARE),
  seconds: Math.min(bounds.seconds, seconds * NEXT_SHARE),
});
