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

/** What was heard in a piece without times of its own is known to lie in it. */
const segmentsOf = (part: Part): readonly Segment[] =>
  part.transcript.segments ?? [{ start: 0, end: part.end - part.start, text: part.transcript.text, speaker: null }];

const speakersOf = ({ transcript }: Part): boolean =>
  transcript.segments?.some(({ speaker }) => speaker !== null) ?? false;

/** Who is "A" in one piece need not be "A" in the next: where several pieces tell speakers, each has its own. */
function apart(parts: readonly Part[]): readonly Part[] {
  if (parts.filter(speakersOf).length < 2) return parts;
  const rename =
    (index: number) =>
    <T extends { readonly speaker?: string | null }>(item: T): T =>
      !item.speaker ? item : { ...item, speaker: `${index + 1}-${item.speaker}` };
  return parts.map(({ transcript, ...span }, index) => ({
    ...span,
    transcript: {
      ...transcript,
      segments: transcript.segments?.map(rename(index)) ?? null,
      words: transcript.words?.map(rename(index)) ?? null,
    },
  }));
}

/** One transcript of all parts, which must be in order. */
export function stitchTranscripts(given: readonly Part[]): Transcript {
  const parts = apart(given);
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
