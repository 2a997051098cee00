// A recording as the parts in which it is uploaded: which there are, and which of their bytes a range of the recording lies in.
import type { RecordingRef } from '../ports-transcription.ts';

/** Small enough to be taken into memory where we take it in ourselves, and to be sent again when a line breaks. */
export const PART_BYTES = 8 * 1024 * 1024;

export interface Part {
  readonly number: number;
  readonly start: number;
  readonly bytes: number;
}

/** All parts of a recording, in order. */
export function toParts({ sizeBytes }: RecordingRef): Part[] {
  const count = Math.ceil(sizeBytes / PART_BYTES);
  return Array.from({ length: count }, (_, number) => {
    const start = number * PART_BYTES;
    return { number, start, bytes: Math.min(PART_BYTES, sizeBytes - start) };
  });
}

export interface Slice {
  readonly number: number;
  /** Within the part, without `end`. */
  readonly start: number;
  readonly end: number;
}

/** Where the bytes from `start` up to, without, `end` lie. */
export function toSlices(recording: RecordingRef, start: number, end: number): Slice[] {
  return toParts(recording)
    .filter((part) => part.start < end && part.start + part.bytes > start)
    .map((part) => ({
      number: part.number,
      start: Math.max(0, start - part.start),
      end: Math.min(part.bytes, end - part.start),
    }));
}
