// What kind of file a recording is sent as: the one it came in, or one that its codec fits into and that providers take.
import type * as media from 'mediabunny';
import type { AudioCodec, OutputFormat } from 'mediabunny';
import { isSamples } from './pcm-loudness.ts';

type Media = typeof media;

const formats: Readonly<Record<string, readonly [type: string, create: (media: Media) => OutputFormat]>> = {
  mp3: ['audio/mpeg', ({ Mp3OutputFormat }) => new Mp3OutputFormat()],
  m4a: ['audio/mp4', ({ Mp4OutputFormat }) => new Mp4OutputFormat({ fastStart: 'in-memory' })],
  ogg: ['audio/ogg', ({ OggOutputFormat }) => new OggOutputFormat()],
  webm: ['audio/webm', ({ WebMOutputFormat }) => new WebMOutputFormat()],
  flac: ['audio/flac', ({ FlacOutputFormat }) => new FlacOutputFormat()],
  wav: ['audio/wav', ({ WavOutputFormat }) => new WavOutputFormat()],
};

/** Bare AAC, as some phones record it, is a kind of file that few providers take: it goes in another one. */
const BARE = 'aac';

/** The kind of file in which a recording of this kind is sent, as file endings are written. */
export const toSent = (container: string): string => (container === BARE ? 'm4a' : container);

/** Whether providers take this kind of file. */
export const isTaken = (container: string): boolean => container !== BARE;

export interface PieceFormat {
  readonly container: string;
  readonly type: string;
  readonly format: OutputFormat;
}

/** The kind of file for pieces of a recording: its own where that holds the codec and everybody can read it. null: there is none. */
export function findPieceFormat(media: Media, container: string, codec: AudioCodec): PieceFormat | null {
  // Samples are in their place in WAV; Matroska holds codecs that WebM does not.
  const kinds = [...(isSamples(codec) ? ['wav'] : []), toSent(container), 'mp3', 'flac', 'm4a'];
  for (const kind of kinds) {
    const [type, create] = formats[kind] ?? [];
    const format = create?.(media);
    if (type !== undefined && format?.getSupportedCodecs().includes(codec)) return { container: kind, type, format };
  }
  return null;
}
