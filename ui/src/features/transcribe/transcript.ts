// A transcript as the server tells it and as it is kept, and the files it is exported as.
import * as z from 'zod/mini';
import { toSrt, toVtt } from '#shared/captions.ts';

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

export const exportKinds = ['txt', 'srt', 'vtt', 'json'] as const;
export type ExportKind = (typeof exportKinds)[number];

export const exportTypes: Readonly<Record<ExportKind, string>> = {
  txt: 'text/plain',
  srt: 'application/x-subrip',
  vtt: 'text/vtt',
  json: 'application/json',
};

/** The content of an exported file, with the segments as they have been corrected. */
export function toExport(kind: ExportKind, kept: Kept): string {
  const { text, language, duration } = kept.transcript;
  const segments = toSegments(kept);
  switch (kind) {
    case 'txt':
      return `${segments.length > 0 ? segments.map((segment) => segment.text.trim()).join('\n') : text}\n`;
    case 'srt':
      return toSrt(segments);
    case 'vtt':
      return toVtt(segments);
    case 'json':
      return `${JSON.stringify({ language, duration, text: segments.map((segment) => segment.text.trim()).join(' ') || text, segments }, null, 2)}\n`;
  }
}
