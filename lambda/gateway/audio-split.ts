// Splits long audio into pieces where it is quiet, by copying packets: nothing is decoded or encoded again.
import { CallerError } from '#shared/failures.ts';
import type { EncodedPacket, EncodedPacketSink, InputAudioTrack, OutputFormat } from 'mediabunny';
import type { AudioFacts } from './audio-header.ts';
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

export interface SplitAudio {
  readonly spans: readonly Span[];
  /** Cuts one piece out, when it is its turn: only as many as are under way are in memory. */
  cut(span: Span): Promise<AudioPiece>;
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

/** Mean loudness of the packets from `from` for the length of a pause. */
function quietness({ at, loudness }: PacketTable, from: number): number {
  let sum = 0;
  let index = from;
  const until = (at[from] ?? 0) + QUIET_SECONDS;
  for (; index < at.length && (at[index] ?? 0) < until; index++) sum += loudness[index] ?? 0;
  return sum / Math.max(1, index - from);
}

/** The packet at whose beginning to cut, for a piece that begins at `first` and must end before `last`. */
function findCut(table: PacketTable, first: number, last: number): number {
  const { at } = table;
  const [start, end] = [at[first] ?? 0, at[last] ?? table.end];
  const from = end - Math.min(LOOK_BACK_SECONDS, (end - start) * LOOK_BACK_SHARE);
  let best = last;
  let least = Infinity;
  for (let index = last; index > first && (at[index] ?? 0) >= from; index--) {
    const mean = quietness(table, index);
    // Of equally quiet places the latest: fewer pieces.
    if (mean < least) [best, least] = [index, mean];
  }
  // The middle of the pause, so that words keep what belongs to them on both sides.
  const middle = (at[best] ?? 0) + QUIET_SECONDS / 2;
  while (best < last && (at[best + 1] ?? Infinity) <= middle) best++;
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

/** Loudness of a packet: of samples their mean height, of compressed sound its size, since silence takes less. */
function loudnessOf({ data, byteLength }: EncodedPacket, isSamples: boolean): number {
  if (!isSamples) return byteLength;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let sum = 0;
  let count = 0;
  // Every fourth sample tells enough.
  for (let at = 0; at + 1 < data.byteLength; at += 8, count++) sum += Math.abs(view.getInt16(at, true));
  return sum / Math.max(1, count);
}

async function readTable(sink: EncodedPacketSink, track: InputAudioTrack): Promise<PacketTable> {
  const isSamples = track.codec === 'pcm-s16';
  const at: number[] = [];
  const loudness: number[] = [];
  const size: number[] = [];
  for await (const packet of sink.packets(undefined, undefined, { metadataOnly: !isSamples })) {
    at.push(packet.timestamp);
    loudness.push(loudnessOf(packet, isSamples));
    size.push(packet.byteLength);
  }
  return {
    at: Float64Array.from(at),
    loudness: Float64Array.from(loudness),
    size: Float64Array.from(size),
    end: await track.computeDuration(),
  };
}

const unsplittable = (container: string): CallerError =>
  new CallerError(
    'invalid_request',
    `This ${container} recording is longer than any provider here takes at once, and it can't be split. Send it as mp3, m4a, ogg, webm, flac or wav, or in parts.`,
    { param: 'file' },
  );

/** Finds the pieces. Throws CallerError when the file can't be taken apart. */
export async function splitAudio(
  bytes: Uint8Array,
  { container, type }: AudioFacts,
  bounds: SplitBounds,
): Promise<SplitAudio> {
  const media = await import('mediabunny');
  const formats: Readonly<Record<string, () => OutputFormat>> = {
    mp3: () => new media.Mp3OutputFormat(),
    m4a: () => new media.Mp4OutputFormat({ fastStart: 'in-memory' }),
    ogg: () => new media.OggOutputFormat(),
    webm: () => new media.WebMOutputFormat(),
    flac: () => new media.FlacOutputFormat(),
    wav: () => new media.WavOutputFormat(),
  };
  const input = new media.Input({ source: new media.BufferSource(bytes), formats: media.ALL_FORMATS });
  const track = await input.getPrimaryAudioTrack().catch(() => null);
  const config = await track?.getDecoderConfig();
  const toFormat = formats[container];
  if (!track?.codec || !config || !toFormat) throw unsplittable(container);
  const { codec } = track;
  const sink = new media.EncodedPacketSink(track);
  const spans = toSpans(await readTable(sink, track), bounds);
  const cut = async ({ start, end }: Span): Promise<AudioPiece> => {
    const target = new media.BufferTarget();
    const output = new media.Output({ format: toFormat(), target });
    const source = new media.EncodedAudioPacketSource(codec);
    output.addAudioTrack(source);
    await output.start();
    let packet = await sink.getPacket(start);
    while (packet !== null && packet.timestamp < end) {
      const moved = packet.clone({ timestamp: Math.max(0, packet.timestamp - start) });
      await source.add(moved, { decoderConfig: config });
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
  return { spans, cut };
}
