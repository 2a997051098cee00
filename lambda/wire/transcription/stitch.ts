// Joins the transcripts of pieces into one, each moved to where its piece begins.
import type { Segment, Transcript } from './transcript.ts';

/** The transcript of a piece, and from where to where it went, seconds. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly transcript: Transcript;
}

/** Times never run backwards, nor out of the piece they were heard in. */
function place<T extends { readonly start: number; readonly end: number }>(
  items: readonly T[],
  { start, end }: Part,
): T[] {
  let earliest = start;
  return items.map((item) => {
    const from = Math.min(end, Math.max(earliest, start + item.start));
    earliest = from;
    return { ...item, start: from, end: Math.min(end, Math.max(from, start + item.end)) };
  });
}

/** A piece without times of its own is one segment. */
const segmentsOf = (part: Part): readonly Segment[] =>
  part.transcript.segments ?? [{ start: 0, end: part.end - part.start, text: part.transcript.text, speaker: null }];

/** One transcript of all parts, which must be in order. */
export function stitchTranscripts(parts: readonly Part[]): Transcript {
  const texts = parts.map(({ transcript }) => transcript.text).filter((text) => text !== '');
  const timed = parts.some(({ transcript }) => transcript.segments !== null);
  const worded = parts.every(({ transcript }) => transcript.words !== null);
  return {
    text: texts.join(' '),
    language: parts.find(({ transcript }) => transcript.language !== null)?.transcript.language ?? null,
    duration: parts.at(-1)?.end ?? null,
    segments: timed ? parts.flatMap((part) => place(segmentsOf(part), part)) : null,
    words: worded ? parts.flatMap((part) => place(part.transcript.words ?? [], part)) : null,
  };
}
