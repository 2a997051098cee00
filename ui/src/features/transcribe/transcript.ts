// A transcript as the server tells it and as it is kept, and the files it is exported as.
import * as z from 'zod/mini';

export const transcriptSchema = z.object({
  text: z.string(),
  language: z.optional(z.nullable(z.string())),
  duration: z.optional(z.nullable(z.number())),
  segments: z.optional(z.array(z.object({ start: z.number(), end: z.number(), text: z.string() }))),
});
export type Transcript = z.infer<typeof transcriptSchema>;
export type Segment = NonNullable<Transcript['segments']>[number];

/** A transcript as its person has it. */
export interface Kept {
  /** Its job's, or one of its own. */
  readonly id: string;
  /** At first that of the recording, without its ending. */
  readonly name: string;
  readonly createdAtMs: number;
  readonly transcript: Transcript;
  /** Who made it, in how many calls. */
  readonly routes: readonly string[];
  readonly attempts: number;
  /** Pieces are missing, which may still come. */
  readonly isPart: boolean;
  /** What was corrected, by the span of its segment. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Where a segment stands, also when others come in between. */
const toSpan = ({ start, end }: Segment): string => `${start}-${end}`;

const toHeard = ({ segments, duration, text }: Transcript): readonly Segment[] =>
  segments ?? [{ start: 0, end: duration ?? 0, text }];

/** The segments as they have been corrected. */
export const toSegments = ({ transcript, texts }: Kept): readonly Segment[] =>
  toHeard(transcript).map((segment) => ({ ...segment, text: texts[toSpan(segment)] ?? segment.text }));

/** With another text for one of its segments. */
export function toCorrected(kept: Kept, index: number, text: string): Kept {
  const segment = toHeard(kept.transcript)[index];
  return segment === undefined ? kept : { ...kept, texts: { ...kept.texts, [toSpan(segment)]: text } };
}

/** `1:02:03`, or `2:03`. */
export function toTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

function toClock(seconds: number, mark: ',' | '.'): string {
  const ms = Math.round(seconds * 1_000);
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  return `${pad(Math.floor(ms / 3_600_000))}:${pad(Math.floor(ms / 60_000) % 60)}:${pad(Math.floor(ms / 1_000) % 60)}${mark}${pad(ms % 1_000, 3)}`;
}

export const exportKinds = ['txt', 'srt', 'vtt', 'json'] as const;
export type ExportKind = (typeof exportKinds)[number];

export const exportTypes: Readonly<Record<ExportKind, string>> = {
  txt: 'text/plain',
  srt: 'application/x-subrip',
  vtt: 'text/vtt',
  json: 'application/json',
};

/** In captions, an empty line ends what is said. */
const toLines = (text: string): string => text.trim().replace(/\s*\n\s*/g, '\n');

/** The content of an exported file, with the segments as they have been corrected. */
export function toExport(kind: ExportKind, kept: Kept): string {
  const { text, language, duration } = kept.transcript;
  const segments = toSegments(kept);
  switch (kind) {
    case 'txt':
      return `${segments.length > 0 ? segments.map((segment) => segment.text.trim()).join('\n') : text}\n`;
    case 'srt':
      return segments
        .map(
          ({ start, end, text: said }, index) =>
            `${index + 1}\n${toClock(start, ',')} --> ${toClock(end, ',')}\n${toLines(said)}\n`,
        )
        .join('\n');
    case 'vtt':
      return `WEBVTT\n\n${segments.map(({ start, end, text: said }) => `${toClock(start, '.')} --> ${toClock(end, '.')}\n${toLines(said)}\n`).join('\n')}`;
    case 'json':
      return `${JSON.stringify({ language, duration, text: segments.map((segment) => segment.text.trim()).join(' ') || text, segments }, null, 2)}\n`;
  }
}
