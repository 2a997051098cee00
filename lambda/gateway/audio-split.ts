// Splits long audio into pieces where it is quiet, by copying packets: nothing is decoded or encoded again.
import { CallerError } from '#shared/failures.ts';
import type * as media from 'mediabunny';
import type { AudioCodec, EncodedPacket, EncodedPacketSink, Input, InputAudioTrack, OutputFormat } from 'mediabunny';
import type { AudioFacts } from './audio-header.ts';
import { openInput, type AudioSource } from './audio-source.ts';
import { mp3Loudness } from './mp3-loudness.ts';
import type { AudioPiece } from './transcribe.ts';

/** From where to where a piece goes, seconds. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface SplitBounds {
  readonly seconds: number;
  readonly bytes: number;
}

/** A piece that was cut out, in memory. */
export type CutPiece = AudioPiece & { readonly bytes: Uint8Array };

/** A recording that can be taken apart. */
export interface SplitAudio {
  /** Where to cut so that no piece is larger than the bounds: all of it, or what lies within one span. */
  split(bounds: SplitBounds, within?: Span): Promise<readonly Span[]>;
  /** Cuts one piece out, when it is its turn: only as many as are under way are in memory. */
  cut(span: Span): Promise<CutPiece>;
  /** Lets go of the recording. */
  close(): void;
}

/** How far before the end of a piece a quiet place is looked for: a share of it, and no more than this. */
const LOOK_BACK_SHARE = 0.2;
const LOOK_BACK_SECONDS = 30;
/** A pause is at least so long. */
const QUIET_SECONDS = 0.3;
/** Containers write more than the packets; so much of the bound is kept free for that. */
const ROOM = 0.95;

/** What is known of each packet, in columns: there are hundreds of thousands in an hour. */
export interface PacketTable {
  readonly at: Float64Array;
  readonly loudness: Float64Array;
  readonly size: Float64Array;
  /** Seconds. */
  readonly end: number;
}

/** Mean loudness from packet `from` on, in one direction, for half a pause, and of one packet at least: some last longer. */
function meanFrom({ at, loudness }: PacketTable, from: number, step: 1 | -1): number {
  let sum = 0;
  let count = 0;
  const origin = at[from] ?? 0;
  for (let index = from; index >= 0 && index < at.length; index += step) {
    if (count > 0 && Math.abs((at[index] ?? 0) - origin) >= QUIET_SECONDS / 2) break;
    sum += loudness[index] ?? 0;
    count++;
  }
  return sum / Math.max(1, count);
}

/** How loud it is at the beginning of a packet: as loud as on its louder side, so that a word is cut off neither before nor after it. */
const loudnessAt = (table: PacketTable, index: number): number =>
  Math.max(meanFrom(table, index - 1, -1), meanFrom(table, index, 1));

/** The packet at whose beginning to cut, for a piece that begins at `first` and must end before `last`. */
function findCut(table: PacketTable, first: number, last: number): number {
  const { at } = table;
  const [start, end] = [at[first] ?? 0, at[last] ?? table.end];
  const from = end - Math.min(LOOK_BACK_SECONDS, (end - start) * LOOK_BACK_SHARE);
  let best = last;
  let least = Infinity;
  for (let index = last; index > first && (at[index] ?? 0) >= from; index--) {
    const loudness = loudnessAt(table, index);
    // Of equally quiet places the latest: fewer pieces.
    if (loudness < least) [best, least] = [index, loudness];
  }
  return best;
}

/** Where to cut so that no piece is longer or larger than the bounds. */
export function toSpans(table: PacketTable, bounds: SplitBounds): Span[] {
  const { at, size, end } = table;
  const spans: Span[] = [];
  let first = 0;
  while (first < at.length) {
    const start = at[first] ?? 0;
    let bytes = 0;
    let last = first;
    const fits = (index: number): boolean =>
      (at[index + 1] ?? end) - start <= bounds.seconds && bytes + (size[index] ?? 0) <= bounds.bytes * ROOM;
    // One packet is a piece in any case.
    while (last < at.length && (last === first || fits(last))) bytes += size[last++] ?? 0;
    if (last >= at.length) {
      spans.push({ start, end });
      break;
    }
    const cut = Math.max(first + 1, findCut(table, first, last));
    spans.push({ start, end: at[cut] ?? end });
    first = cut;
  }
  return spans;
}

/** How high samples stand, by the codecs that are nothing but samples: bytes of one, and how to read it. */
const samples: Readonly<
  Partial<Record<AudioCodec, readonly [bytes: number, read: (view: DataView, at: number) => number]>>
> = {
  'pcm-s16': [2, (view, at) => view.getInt16(at, true)],
  'pcm-s24': [3, (view, at) => view.getInt16(at + 1, true)],
  'pcm-s32': [4, (view, at) => view.getInt16(at + 2, true)],
  'pcm-f32': [4, (view, at) => view.getFloat32(at, true)],
  'pcm-u8': [1, (view, at) => view.getUint8(at) - 128],
};

/** Loudness of a packet: of samples their mean height, of MP3 what its frames tell, of other compressed sound its size, since silence takes less. */
function loudnessOf({ data, byteLength }: EncodedPacket, codec: AudioCodec): number {
  if (codec === 'mp3') return mp3Loudness(data);
  const [bytes, read] = samples[codec] ?? [0, null];
  if (read === null) return byteLength;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let sum = 0;
  let count = 0;
  // Every fourth sample tells enough.
  for (let at = 0; at + bytes <= data.byteLength; at += bytes * 4, count++) sum += Math.abs(read(view, at));
  return sum / Math.max(1, count);
}

interface Opened {
  readonly track: InputAudioTrack;
  readonly codec: AudioCodec;
  readonly sink: EncodedPacketSink;
}

async function readTable({ track, codec, sink }: Opened, within: Span | undefined): Promise<PacketTable> {
  const at: number[] = [];
  const loudness: number[] = [];
  const size: number[] = [];
  const first = within === undefined ? undefined : await sink.getPacket(within.start);
  const metadataOnly = samples[codec] === undefined && codec !== 'mp3';
  for await (const packet of sink.packets(first ?? undefined, undefined, { metadataOnly })) {
    if (packet.timestamp >= (within?.end ?? Infinity)) break;
    at.push(packet.timestamp);
    loudness.push(loudnessOf(packet, codec));
    size.push(packet.byteLength);
  }
  return {
    at: Float64Array.from(at),
    loudness: Float64Array.from(loudness),
    size: Float64Array.from(size),
    end: within?.end ?? (await track.computeDuration()),
  };
}

const unsplittable = (container: string): CallerError =>
  new CallerError(
    'invalid_request',
    `This ${container} recording is longer than any provider here takes at once, and it can't be split. Send it as mp3, m4a, ogg, webm, flac or wav, or in parts.`,
    { param: 'file' },
  );

type Media = typeof media;

const formats: Readonly<Record<string, (media: Media) => OutputFormat>> = {
  mp3: ({ Mp3OutputFormat }) => new Mp3OutputFormat(),
  m4a: ({ Mp4OutputFormat }) => new Mp4OutputFormat({ fastStart: 'in-memory' }),
  ogg: ({ OggOutputFormat }) => new OggOutputFormat(),
  webm: ({ WebMOutputFormat }) => new WebMOutputFormat(),
  flac: ({ FlacOutputFormat }) => new FlacOutputFormat(),
  wav: ({ WavOutputFormat }) => new WavOutputFormat(),
};

async function openTrack(input: Input, media: Media, container: string): Promise<Opened> {
  const track = await input.getPrimaryAudioTrack().catch(() => null);
  if (!track?.codec || formats[container] === undefined) throw unsplittable(container);
  return { track, codec: track.codec, sink: new media.EncodedPacketSink(track) };
}

/** Opens a recording to be taken apart. Throws CallerError when it can't be. */
export async function openSplit(source: AudioSource, { container, type }: AudioFacts): Promise<SplitAudio> {
  const media = await import('mediabunny');
  const input = await openInput(source);
  const opened = await openTrack(input, media, container);
  const { track, codec, sink } = opened;
  const decoderConfig = await track.getDecoderConfig();
  const format = formats[container];
  if (!decoderConfig || !format) throw unsplittable(container);
  const cut = async ({ start, end }: Span): Promise<CutPiece> => {
    const target = new media.BufferTarget();
    const output = new media.Output({ format: format(media), target });
    const packets = new media.EncodedAudioPacketSource(codec);
    output.addAudioTrack(packets);
    await output.start();
    let packet = await sink.getPacket(start);
    while (packet !== null && packet.timestamp < end) {
      const moved = packet.clone({ timestamp: Math.max(0, packet.timestamp - start) });
      await packets.add(moved, { decoderConfig });
      packet = await sink.getNextPacket(packet);
    }
    await output.finalize();
    return {
      bytes: new Uint8Array(target.buffer ?? new ArrayBuffer(0)),
      name: `audio.${container}`,
      type,
      seconds: end - start,
    };
  };
  return {
    split: async (bounds, within) => toSpans(await readTable(opened, within), bounds),
    cut,
    close: () => input.dispose(),
  };
}
