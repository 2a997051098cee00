// A transcript in our own words, and the ways to tell it: JSON, text, SRT, WebVTT, verbose JSON, and as a stream.

/** Times in seconds from the beginning of the audio. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Who speaks; null when it is not told. */
  readonly speaker: string | null;
}

export interface Word {
  readonly start: number;
  readonly end: number;
  readonly word: string;
}

export interface Transcript {
  readonly text: string;
  /** As the provider names it; null when it does not. */
  readonly language: string | null;
  /** Seconds; null when unknown. */
  readonly duration: number | null;
  /** null when the provider gave no times. */
  readonly segments: readonly Segment[] | null;
  readonly words: readonly Word[] | null;
}

export const transcriptFormats = ['json', 'text', 'srt', 'vtt', 'verbose_json'] as const;
export type TranscriptFormat = (typeof transcriptFormats)[number];

/** Content type by format. */
export const formatTypes: Readonly<Record<TranscriptFormat, string>> = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
  verbose_json: 'application/json',
};

/** `00:01:02,345` or with a point. */
function toClock(seconds: number, mark: ',' | '.'): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(Math.floor(ms / 1000) % 60, 2)}${mark}${pad(ms % 1000, 3)}`;
}

/** What stands in captions: segments, or the whole as one when there are none. */
const toCues = ({ segments, text, duration }: Transcript): readonly Segment[] =>
  segments ?? [{ start: 0, end: duration ?? 0, text, speaker: null }];

const toLine = ({ text, speaker }: Segment): string => (speaker === null ? text.trim() : `${speaker}: ${text.trim()}`);

function toSrt(transcript: Transcript): string {
  return toCues(transcript)
    .map((cue, index) => `${index + 1}\n${toClock(cue.start, ',')} --> ${toClock(cue.end, ',')}\n${toLine(cue)}\n`)
    .join('\n');
}

function toVtt(transcript: Transcript): string {
  const cues = toCues(transcript).map(
    (cue) => `${toClock(cue.start, '.')} --> ${toClock(cue.end, '.')}\n${toLine(cue)}\n`,
  );
  return `WEBVTT\n\n${cues.join('\n')}`;
}

export interface Rendering {
  readonly task: 'transcribe' | 'translate';
  readonly words: boolean;
  readonly segments: boolean;
}

function toVerbose(transcript: Transcript, { task, words, segments }: Rendering): string {
  const { text, language, duration } = transcript;
  return JSON.stringify({
    task,
    language,
    duration,
    text,
    ...(segments && transcript.segments !== null
      ? {
          segments: transcript.segments.map(({ start, end, text: said, speaker }, id) => ({
            id,
            start,
            end,
            text: said,
            ...(speaker === null ? {} : { speaker }),
          })),
        }
      : {}),
    ...(words && transcript.words !== null ? { words: transcript.words } : {}),
  });
}

/** The transcript in one piece. */
export function renderTranscript(transcript: Transcript, format: TranscriptFormat, rendering: Rendering): string {
  switch (format) {
    case 'json':
      return JSON.stringify({ text: transcript.text });
    case 'text':
      return `${transcript.text}\n`;
    case 'srt':
      return toSrt(transcript);
    case 'vtt':
      return toVtt(transcript);
    case 'verbose_json':
      return toVerbose(transcript, rendering);
  }
}

const frame = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** One piece of text of a stream. */
export const renderTranscriptDelta = (delta: string): string => frame({ type: 'transcript.text.delta', delta });

/** The end of a stream: the whole text. */
export const renderTranscriptDone = (text: string): string =>
  `${frame({ type: 'transcript.text.done', text })}data: [DONE]\n\n`;
