// A transcript in our own words, and the ways to tell it: JSON, text, SRT, WebVTT, verbose and diarized JSON, and as a stream.
import { toSrt, toVtt, type Cue } from '#shared/captions.ts';

/** Times in seconds from the beginning of the audio; what has no times is no segment. */
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
  /** Who speaks; absent or null when it is not told. */
  readonly speaker?: string | null;
}

export interface Transcript {
  readonly text: string;
  /** As the provider names it; null when it does not. */
  readonly language: string | null;
  /** Seconds; null when unknown. */
  readonly duration: number | null;
  /** null when the times of any of them are unknown. */
  readonly segments: readonly Segment[] | null;
  readonly words: readonly Word[] | null;
  /** What the provider says it cost, US dollars; absent: it does not say. */
  readonly costUsd?: number;
}

export const transcriptFormats = ['json', 'text', 'srt', 'vtt', 'verbose_json', 'diarized_json'] as const;
export type TranscriptFormat = (typeof transcriptFormats)[number];

/** Content type by format. */
export const formatTypes: Readonly<Record<TranscriptFormat, string>> = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
  verbose_json: 'application/json',
  diarized_json: 'application/json',
};

const toCue = ({ start, end, text, speaker }: Segment): Cue => ({
  start,
  end,
  text: speaker === null ? text : `${speaker}: ${text.trim()}`,
});

export interface Rendering {
  readonly task: 'transcribe' | 'translate';
  readonly words: boolean;
  readonly segments: boolean;
}

const withSpeaker = (speaker: string | null | undefined): { speaker?: string } => (speaker ? { speaker } : {});

function toVerbose({ text, language, duration, segments, words }: Transcript, rendering: Rendering): string {
  return JSON.stringify({
    task: rendering.task,
    language,
    duration,
    text,
    ...(rendering.segments && segments !== null
      ? {
          segments: segments.map(({ start, end, text: said, speaker }, id) => ({
            id,
            start,
            end,
            text: said,
            ...withSpeaker(speaker),
          })),
        }
      : {}),
    ...(rendering.words && words !== null
      ? { words: words.map(({ word, start, end, speaker }) => ({ word, start, end, ...withSpeaker(speaker) })) }
      : {}),
  });
}

function toDiarized({ text, duration, segments }: Transcript): string {
  return JSON.stringify({
    task: 'transcribe',
    duration,
    text,
    segments: (segments ?? []).map(({ start, end, text: said, speaker }, index) => ({
      type: 'transcript.text.segment',
      id: `seg_${String(index + 1).padStart(3, '0')}`,
      start,
      end,
      text: said,
      speaker: speaker ?? 'A',
    })),
  });
}

/** The transcript in one piece. Formats with times need its segments: see `judgeTranscript`. */
export function renderTranscript(transcript: Transcript, format: TranscriptFormat, rendering: Rendering): string {
  switch (format) {
    case 'json':
      return JSON.stringify({ text: transcript.text });
    case 'text':
      return `${transcript.text}\n`;
    case 'srt':
      return toSrt((transcript.segments ?? []).map(toCue));
    case 'vtt':
      return toVtt((transcript.segments ?? []).map(toCue));
    case 'verbose_json':
      return toVerbose(transcript, rendering);
    case 'diarized_json':
      return toDiarized(transcript);
  }
}

const frame = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** The text in pieces that make up the whole, one for each segment; providers write segments with blanks of their own, or without any. */
export function toDeltas({ text, segments }: Pick<Transcript, 'text' | 'segments'>): readonly string[] {
  const ends: number[] = [];
  for (const segment of segments ?? []) {
    const words = segment.text.trim();
    const from = ends.at(-1) ?? 0;
    const at = text.indexOf(words, from);
    // Their words are not those of the whole: that is told at once.
    if (at < 0) return [text];
    if (words !== '') ends.push(at + words.length);
  }
  const starts = [0, ...ends];
  return [...ends, text.length].map((end, index) => text.slice(starts[index], end)).filter((part) => part !== '');
}

/** One piece of text of a stream. */
export const renderTranscriptDelta = (delta: string): string => frame({ type: 'transcript.text.delta', delta });

/** The end of a stream: the whole text. */
export const renderTranscriptDone = (text: string): string =>
  `${frame({ type: 'transcript.text.done', text })}data: [DONE]\n\n`;
