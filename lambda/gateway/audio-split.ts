// Splits long audio into pieces where it is quiet, by copying packets: nothing is decoded or encoded again.
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type * as Media from 'mediabunny';
import type {
  AudioCodec,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedPacketSink,
  Input,
  InputAudioTrack,
  PacketRetrievalOptions,
} from 'mediabunny';
import { aacLoudness } from './aac-loudness.ts';
import type { AudioFacts } from './audio-header.ts';
import { openJoined, ROOM, SAME_SECONDS, type OneRecording, type PieceWriter } from './audio-joined.ts';
import { toWindow } from './audio-parts.ts';
import { openInput, watchSource, type AudioSource } from './audio-source.ts';
import { mp3Loudness } from './mp3-loudness.ts';
import { createOpusLoudness } from './opus-loudness.ts';
import { isSamples, pcmLoudness } from './pcm-loudness.ts';
import { findPieceFormat } from './piece-format.ts';
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
/** Encoders begin so much before the first moment, at most. What lies further back was cut off by whoever trimmed the recording. */
const LEAD_SECONDS = 0.1;
/** No packet is shorter. */
const LEAST_SECONDS = 0.001;
/** It is told after so many packets that the work gets on. */
const PACKETS_PER_SIGN = 5_000;
/** Together, packets are no larger than their file, but for what some leave out of each because all have it. */
const MOST_UNPACKED = 2;

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
    // Encoders begin a little before the first moment.
    const start = Math.max(0, at[first] ?? 0);
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

/** Codecs whose packets must be looked into to know how loud they are; of others the size tells, since silence takes less. */
const isHeard = (codec: AudioCodec): boolean => isSamples(codec) || ['mp3', 'aac', 'opus'].includes(codec);

/** Loudness of the packets of one recording, in their order, on a scale of its codec. */
function createLoudness(codec: AudioCodec): (packet: EncodedPacket) => number {
  // By what they take in a second: some are a tenth as long as others.
  if (!isHeard(codec)) return ({ byteLength, duration }) => byteLength / Math.max(LEAST_SECONDS, duration);
  if (codec === 'mp3') return ({ data }) => mp3Loudness(data);
  if (codec === 'aac') return ({ data }) => aacLoudness(data);
  if (isSamples(codec)) return ({ data }) => pcmLoudness(data, codec);
  const loudness = createOpusLoudness();
  return ({ data }) => loudness(data);
}

interface Opened {
  readonly track: InputAudioTrack;
  readonly codec: AudioCodec;
  readonly sink: EncodedPacketSink;
  /** Bytes of the recording. */
  readonly size: number;
  /** Seconds; null when unknown. */
  readonly seconds: number | null;
  readonly alive: () => void;
}

/** The packets from one on, in their order. Throws when they are more than the recording can hold. */
async function* packetsOf(
  { sink, size, alive }: Opened,
  from: EncodedPacket | null,
  options: PacketRetrievalOptions = {},
): AsyncGenerator<EncodedPacket> {
  let bytes = 0;
  let count = 0;
  for (let packet = from; packet !== null; packet = await sink.getNextPacket(packet, options)) {
    bytes += packet.byteLength;
    if (bytes > size * MOST_UNPACKED) throw new Error('the recording goes in circles');
    if (++count % PACKETS_PER_SIGN === 0) alive();
    yield packet;
  }
}

/** Where a span begins to be heard: what an encoder puts before the first moment belongs to the first one. */
async function firstPacket({ sink }: Opened, start: number, options: PacketRetrievalOptions = {}) {
  const from = start < SAME_SECONDS ? -LEAD_SECONDS : start + SAME_SECONDS;
  return (await sink.getPacket(from, options)) ?? sink.getFirstPacket(options);
}

async function readTable(opened: Opened, within: Span | undefined): Promise<PacketTable> {
  const { track, codec } = opened;
  const at: number[] = [];
  const loudness: number[] = [];
  const size: number[] = [];
  const loudnessOf = createLoudness(codec);
  const options = { metadataOnly: !isHeard(codec) };
  const first = await firstPacket(opened, within?.start ?? 0, options);
  for await (const packet of packetsOf(opened, first, options)) {
    // What lies behind the end was trimmed off.
    if (packet.timestamp >= (within?.end ?? opened.seconds ?? Infinity) - SAME_SECONDS) break;
    at.push(packet.timestamp);
    loudness.push(loudnessOf(packet));
    size.push(packet.byteLength);
  }
  return {
    at: Float64Array.from(at),
    loudness: Float64Array.from(loudness),
    size: Float64Array.from(size),
    end: within?.end ?? opened.seconds ?? (await track.computeDuration()),
  };
}

const unsplittable = (container: string): CallerError =>
  new CallerError(
    'invalid_request',
    `This ${container} recording is longer than any provider here takes at once, and it can't be split. Send it as mp3, m4a, ogg, webm, flac or wav, or in parts.`,
    { param: 'file', reason: refused('unsplittable', { container }) },
  );

const damaged = (container: string): CallerError =>
  new CallerError(
    'invalid_request',
    `This ${container} recording is damaged, so that it can't be split into pieces. Save it anew, for example as mp3, m4a or wav.`,
    { param: 'file', reason: refused('recording_damaged') },
  );

async function openTrack(input: Input, media: typeof Media, container: string) {
  const track = await input.getPrimaryAudioTrack();
  if (!track?.codec) throw unsplittable(container);
  return { track, codec: track.codec, sink: new media.EncodedPacketSink(track) };
}

/** A file into which packets of one codec are written. */
interface PacketWriter extends PieceWriter {
  readonly packets: EncodedAudioPacketSource;
}

/** Whatever must be the same for packets to go into one file. */
const toSort = ({ codec, numberOfChannels, sampleRate, description }: AudioDecoderConfig): string => {
  const told = description === undefined ? '' : Buffer.from(description as Uint8Array).toString('base64');
  return `${codec} ${numberOfChannels} ${sampleRate} ${told}`;
};

/** Opens one recording to be taken apart. */
async function openOne(
  given: AudioSource,
  { container, seconds }: Pick<AudioFacts, 'container' | 'seconds'>,
  alive: () => void,
): Promise<OneRecording<PacketWriter>> {
  const media = await import('mediabunny');
  const { source, failure } = watchSource(given);
  /** In damaged bytes the reader fails with words of its own. */
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw error instanceof CallerError ? error : (failure() ?? damaged(container));
    }
  };
  const input = await openInput(source);
  const opened = { ...(await told(() => openTrack(input, media, container))), size: source.size, seconds, alive };
  const { track, codec } = opened;
  const decoderConfig = await told(() => track.getDecoderConfig());
  const kind = findPieceFormat(media, container, codec);
  if (!decoderConfig || !kind) throw unsplittable(container);
  const begin = async (): Promise<PacketWriter> => {
    const target = new media.BufferTarget();
    const output = new media.Output({ format: kind.format, target });
    const packets = new media.EncodedAudioPacketSource(codec);
    output.addAudioTrack(packets);
    await output.start();
    const finish: PacketWriter['finish'] = async (length) => {
      await output.finalize();
      const bytes = new Uint8Array(target.buffer ?? new ArrayBuffer(0));
      return { bytes, name: `audio.${kind.container}`, type: kind.type, seconds: length };
    };
    return { packets, finish };
  };
  const feed = ({ packets }: PacketWriter, { start, end }: Span, at: number): Promise<void> =>
    told(async () => {
      for await (const packet of packetsOf(opened, await firstPacket(opened, start))) {
        if (packet.timestamp >= end - SAME_SECONDS) break;
        await packets.add(packet.clone({ timestamp: at + Math.max(0, packet.timestamp - start) }), { decoderConfig });
      }
    });
  return {
    sort: toSort(decoderConfig),
    begin,
    feed,
    split: (bounds, within) => told(async () => toSpans(await readTable(opened, within), bounds)),
    cut: (span) =>
      told(async () => {
        const writer = await begin();
        await feed(writer, span, 0);
        return writer.finish(span.end - span.start);
      }),
    close: () => input.dispose(),
  };
}

/** Opens a recording to be taken apart; `alive` is called as long as that gets on. Throws CallerError when it can't be. */
export async function openSplit(
  given: AudioSource,
  { container, seconds, parts }: Pick<AudioFacts, 'container' | 'seconds' | 'parts'>,
  alive: () => void = () => undefined,
): Promise<SplitAudio> {
  if (parts === undefined) return openOne(given, { container, seconds }, alive);
  return openJoined(parts, (part) =>
    openOne(toWindow(given, part.from, part.to), { container, seconds: part.seconds }, alive),
  );
}
