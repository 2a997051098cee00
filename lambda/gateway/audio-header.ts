// What an audio file says of itself: container, codec and length, read from the file before anything is spent on it.
import { CallerError } from '#shared/failures.ts';
import { refused, type Refusal } from '#shared/refused.ts';
import type { EncodedPacketSink } from 'mediabunny';
import { findParts, MOST_PARTS, toWindow, type AudioPart } from './audio-parts.ts';
import { isTaken } from './piece-format.ts';
import { findEditedEnd } from './edit-list.ts';
import { findForeignCodec, PROTECTED } from './foreign-codecs.ts';
import { findForeign } from './foreign-files.ts';
import { openInput, watchSource, type AudioSource } from './audio-source.ts';
import { findSound } from './mp3-frames.ts';
import { findMissingLength } from './wav-length.ts';

export interface AudioFacts {
  /** As file endings are written: mp3, wav, m4a, aac, webm, ogg, flac. */
  readonly container: string;
  /** Content type for uploads. */
  readonly type: string;
  /** Seconds, as its packets tell; null when they do not. */
  readonly seconds: number | null;
  /** Whether it may be sent as it came; else it is cut out, and if in one piece. */
  readonly asIs: boolean;
  /** The recordings that were joined into it; absent: it is one, from its first byte to its last. */
  readonly parts?: AudioPart[] | undefined;
}

/**
 * Sound that begins later, as in films, is heard too early by whoever leaves out what comes before it. What lies further
 * before the beginning was trimmed off, and is still in the file.
 */
const LATE_SECONDS = 0.1;
/** Whoever holds less holds nothing. */
const LEAST_SECONDS = 0.01;
/** Longer recordings, and longer claims of headers, are taken for faults. */
const LONGEST_SECONDS = 48 * 3_600;
/** A header may be wrong by so much: some estimate. */
const WRONG_FACTOR = 2;
const WRONG_SECONDS = 60;
/** The container whose index tells where sound lies that may not be there. */
const INDEXED = 'm4a';
/** Enough to know a container by. */
const SIGNATURE_BYTES = 16;

/** What to do with sound that can't be read. */
const SAVE_AS = 'Save it as mp3, m4a (AAC), ogg or webm (Opus), flac or wav (PCM).';

const wrong = (message: string, what: Refusal): CallerError =>
  new CallerError('invalid_request', message, { param: 'file', reason: refused(what) });

interface Signature {
  readonly container: string;
  readonly type: string;
  readonly matches: (bytes: Uint8Array) => boolean;
}

const text = (bytes: Uint8Array, from: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, Math.min(length, bytes.length - from))).toString(
    'latin1',
  );

/** Containers that are taken, by how their files begin. */
const signatures: readonly Signature[] = [
  { container: 'wav', type: 'audio/wav', matches: (b) => /^(?:RIFF|RF64)....WAVE/s.test(text(b, 0, 12)) },
  { container: 'flac', type: 'audio/flac', matches: (b) => text(b, 0, 4) === 'fLaC' },
  { container: 'ogg', type: 'audio/ogg', matches: (b) => text(b, 0, 4) === 'OggS' },
  { container: 'webm', type: 'audio/webm', matches: (b) => text(b, 0, 4) === '\x1a\x45\xdf\xa3' },
  { container: 'm4a', type: 'audio/mp4', matches: (b) => text(b, 4, 4) === 'ftyp' },
  // The same beginning of a frame as of MP3, but for the layer, which is none.
  { container: 'aac', type: 'audio/aac', matches: (b) => b[0] === 0xff && ((b[1] ?? 0) & 0xf6) === 0xf0 },
  {
    container: 'mp3',
    type: 'audio/mpeg',
    matches: (b) => text(b, 0, 3) === 'ID3' || (b[0] === 0xff && ((b[1] ?? 0) & 0xe6) === 0xe2),
  },
];

interface Measured {
  /** null when the header claims nothing. */
  readonly claimed: number | null;
  readonly seconds: number;
  /** Whether there is nothing but sound in it that is to be heard, from its beginning to the end that it tells. */
  readonly pure: boolean;
  /** When its first packet is to be heard, seconds. */
  readonly begin: number;
}

function unknownFile(head: Uint8Array, name: string): CallerError {
  const kind = findForeign(head);
  const told =
    kind === null ? 'is no audio we know by its content' : `can't be read here: by its content it is ${kind}`;
  return wrong(
    `The file "${name}" ${told}, whatever its name says. Send mp3, wav, m4a, mp4, aac, webm, ogg or flac.`,
    'not_audio',
  );
}

const toHours = (seconds: number): string =>
  seconds < 7_200 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 3_600)} hours`;

/** Where the sound ends that is there, seconds: of a recording that broke off the index still tells of all there was. */
async function findEnd(sink: EncodedPacketSink, told: number): Promise<number> {
  if ((await sink.getPacket(told)) !== null) return told;
  let [end, there, missing] = [0, 0, told];
  while (missing - there > LEAST_SECONDS) {
    const middle = (there + missing) / 2;
    const packet = await sink.getPacket(middle);
    if (packet === null) missing = middle;
    else [end, there] = [packet.timestamp + packet.duration, middle];
  }
  return end;
}

/** Goes through the packets. Throws CallerError when there is no sound that could be read. */
async function measure(given: AudioSource, name: string, container: string): Promise<Measured> {
  const media = await import('mediabunny');
  const { source, failure } = watchSource(given);
  const input = await openInput(source);
  try {
    const track = await input.getPrimaryAudioTrack();
    if (track === null)
      throw wrong(
        `There is no sound that could be read in "${name}", a file of the kind ${container}: it has none, or of a codec not known here, or is cut or damaged. ${SAVE_AS}`,
        'no_sound',
      );
    if (track.codec === null)
      throw wrong(`The sound in "${name}" has a codec that can't be read here. ${SAVE_AS}`, 'codec_unknown');
    // Of sound without a packet the length is never found: the reader would look for it for ever.
    const sink = new media.EncodedPacketSink(track);
    const first = await sink.getFirstPacket({ metadataOnly: true });
    if (first === null) return { claimed: null, seconds: 0, pure: true, begin: 0 };
    const told = await track.computeDuration();
    const there = container === INDEXED ? await findEnd(sink, told) : told;
    const edited = container === INDEXED ? await findEditedEnd(source) : null;
    // What fills up the last packet is no sound to be missed.
    const isTrimmed = edited !== null && there - edited > LATE_SECONDS;
    const seconds = isTrimmed ? edited : there;
    const isFilm = (await input.getVideoTracks()).length > 0;
    return {
      // A film claims how long its pictures go on, of which sound may have but a part.
      claimed: isFilm ? null : await track.getDurationFromMetadata(),
      seconds,
      pure: Math.abs(first.timestamp) <= LATE_SECONDS && !isFilm && seconds === told,
      begin: first.timestamp,
    };
  } catch (error) {
    if (error instanceof CallerError) throw error;
    if (failure() !== null) throw failure();
    if (error instanceof Error && /unsupported .*codec/i.test(error.message))
      throw wrong(`The sound in "${name}" has a codec that can't be read here. ${SAVE_AS}`, 'codec_unknown');
    throw wrong(
      `The file "${name}" begins like ${container}, but its header can't be read: it may be cut or damaged.`,
      'recording_damaged',
    );
  } finally {
    input.dispose();
  }
}

/** Why sound that could not be read could not be, where the file itself tells; else null. */
async function nameCodec(source: AudioSource, name: string, container: string): Promise<CallerError | null> {
  const codec = await findForeignCodec(source, container);
  if (codec === null) return null;
  if (codec === PROTECTED)
    return wrong(
      `"${name}" is protected against copying, so that its sound can't be read. Send one that is not, saved as mp3, m4a or wav.`,
      'recording_protected',
    );
  return wrong(`The sound in "${name}" is ${codec}, a codec that can't be read here. ${SAVE_AS}`, 'codec_unknown');
}

/** What kind of file it is, and where it begins to be one. Throws CallerError for what is none that is read here. */
async function findContainer(source: AudioSource, name: string): Promise<Signature & { readonly from: number }> {
  const head = await source.read(0, Math.min(SIGNATURE_BYTES, source.size));
  const found = signatures.find(({ matches }) => matches(head));
  if (found !== undefined) return { ...found, from: 0 };
  const from = findForeign(head) === null ? await findSound(source) : null;
  const mp3 = signatures.find(({ container }) => container === 'mp3');
  if (from === null || mp3 === undefined) throw unknownFile(head, name);
  return { ...mp3, from };
}

/** One that goes on where those before it end counts on from them. */
const goesOn = (begin: number, total: number): boolean => begin > LATE_SECONDS && Math.abs(begin - total) < 1;

/** Reads what the file says of itself. Throws CallerError when it is empty, no audio, damaged, or of a codec nobody takes. */
export async function readAudioHeader(source: AudioSource, name: string, alive?: () => void): Promise<AudioFacts> {
  if (source.size === 0) throw wrong(`The file "${name}" is empty.`, 'recording_empty');
  const { container, type, from: start } = await findContainer(source, name);
  const sound = start === 0 ? source : toWindow(source, start);
  const parts: AudioPart[] = [];
  let [total, isPure] = [0, true];
  const ranges = await findParts(sound, container);
  alive?.();
  if (ranges.length > MOST_PARTS)
    throw wrong(
      `"${name}" is more than ${MOST_PARTS} recordings, one behind the other. Save it anew as one, or send it in parts.`,
      'recording_damaged',
    );
  for (const { from, to } of ranges) {
    const part = toWindow(sound, from, to);
    const measured = await measure(part, name, container).catch(async (error: unknown) => {
      throw error instanceof CallerError ? ((await nameCodec(part, name, container)) ?? error) : error;
    });
    checkLength(measured, name);
    const { seconds, pure, begin } = measured;
    const at = goesOn(begin, total) ? 0 : total;
    total = at + seconds;
    isPure &&= pure;
    if (seconds > LEAST_SECONDS) parts.push({ from: start + from, to: start + to, at, seconds });
    alive?.();
  }
  if (!(total > LEAST_SECONDS)) throw wrong(`The file "${name}" holds no sound: its length is zero.`, 'no_sound');
  const isOne = parts.length === 1 && parts[0]?.from === 0 && parts[0].to === source.size;
  const asIs = isOne && isPure && isTaken(container) && (await findMissingLength(source)) === null;
  return { container, type, seconds: total, asIs, ...(isOne ? {} : { parts }) };
}

/** Throws CallerError for a length that can't be right. */
function checkLength({ seconds, claimed }: Measured, name: string): void {
  const longest = Math.max(seconds, claimed ?? 0);
  if (longest > LONGEST_SECONDS)
    throw wrong(
      `The header of "${name}" claims ${toHours(longest)} of sound, which can't be right.`,
      'length_impossible',
    );
  if (claimed !== null && claimed > seconds * WRONG_FACTOR + WRONG_SECONDS)
    throw wrong(
      `The header of "${name}" claims ${toHours(claimed)} of sound, but the file holds ${toHours(seconds)}: it is cut or damaged. Save it anew.`,
      'recording_damaged',
    );
}
