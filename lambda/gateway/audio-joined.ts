// Recordings that were joined into one file, taken apart as if they were one.
import type { AudioPart } from './audio-parts.ts';
import type { CutPiece, Span, SplitAudio } from './audio-split.ts';

/** A file that is being written. */
export interface PieceWriter {
  /** The file, which is so many seconds long. */
  finish(seconds: number): Promise<CutPiece>;
}

/** One of them, by its own times. */
export interface OneRecording<Writer extends PieceWriter> extends SplitAudio {
  /** What is of the same sort goes into one file. */
  readonly sort: string;
  begin(): Promise<Writer>;
  /** Writes the packets of a span into a file, so many seconds from its beginning. */
  feed(writer: Writer, span: Span, at: number): Promise<void>;
}

/** Sums of times differ by less; no packet is so short. */
export const SAME_SECONDS = 1e-6;
/** Less of a recording is none of it. */
const LEAST_SECONDS = 0.001;
/** One whose sound begins later than this does so in a piece of its own. */
const LATE_SECONDS = 0.1;
/** Containers write more than the packets; so much of the bound is kept free for that. */
export const ROOM = 0.95;

const endOf = ({ at, seconds }: AudioPart): number => at + seconds;

/** What lies in it of a span, by its own times. */
const within = ({ at, seconds }: AudioPart, { start, end }: Span): Span => ({
  start: Math.max(0, start - at),
  end: Math.min(seconds, end - at),
});

/** One of them is open at a time. */
export function openJoined<Writer extends PieceWriter>(
  parts: readonly AudioPart[],
  openOne: (part: AudioPart) => Promise<OneRecording<Writer>>,
): SplitAudio {
  let opened: { readonly part: AudioPart; readonly one: OneRecording<Writer> } | null = null;
  const close = (): void => {
    opened?.one.close();
    opened = null;
  };
  const open = async (part: AudioPart): Promise<OneRecording<Writer>> => {
    if (opened?.part === part) return opened.one;
    close();
    const one = await openOne(part);
    opened = { part, one };
    return one;
  };
  const findParts = ({ start, end }: Span): AudioPart[] =>
    parts.filter((part, index) => {
      const before = parts[index - 1];
      return endOf(part) > start + SAME_SECONDS && (before ? endOf(before) : 0) < end - SAME_SECONDS;
    });
  return {
    split: async (bounds, asked = { start: 0, end: Infinity }) => {
      const spans: Span[] = [];
      /** Short ones behind each other make one piece, the last one so far. */
      let group = { sort: '', bytes: 0 };
      for (const part of findParts(asked)) {
        const inside = within(part, asked);
        if (inside.end - inside.start < LEAST_SECONDS) continue;
        const isWhole = inside.start === 0 && inside.end === part.seconds;
        const { split, sort } = await open(part);
        const found = await split(bounds, isWhole ? undefined : inside);
        const isShort = isWhole && found.length === 1 && (found[0]?.start ?? 0) < LATE_SECONDS;
        const bytes = group.bytes + part.to - part.from;
        const last = spans.at(-1);
        const start = last?.start ?? 0;
        const fits = bytes <= bounds.bytes * ROOM && endOf(part) - start <= bounds.seconds;
        if (last && isShort && group.sort === sort && fits) {
          spans.splice(-1, 1, { start, end: endOf(part) });
          group = { sort, bytes };
          continue;
        }
        group = isShort ? { sort, bytes: part.to - part.from } : { sort: '', bytes: 0 };
        spans.push(...found.map((span) => ({ start: part.at + span.start, end: part.at + span.end })));
      }
      return spans;
    },
    cut: async (span) => {
      const [first, ...others] = findParts(span);
      if (first === undefined) throw new Error('there is nothing at this place of the recording');
      const one = await open(first);
      const writer = await one.begin();
      await one.feed(writer, within(first, span), 0);
      for (const part of others)
        await (await open(part)).feed(writer, within(part, span), Math.max(0, part.at - span.start));
      return writer.finish(span.end - span.start);
    },
    close,
  };
}
