// What an audio file says of itself: container, length and codec, read from its header before anything is spent on it.
import { CallerError } from '#shared/failures.ts';

export interface AudioFacts {
  /** As file endings are written: mp3, wav, m4a, webm, ogg, flac ... */
  readonly container: string;
  /** Content type for uploads. */
  readonly type: string;
  /** Seconds; null when the header does not tell. */
  readonly seconds: number | null;
}

/** Longer claims are faults of the header. */
const LONGEST_SECONDS = 48 * 3_600;

const wrong = (message: string): CallerError => new CallerError('invalid_request', message, { param: 'file' });

interface Signature {
  readonly container: string;
  readonly type: string;
  readonly matches: (bytes: Uint8Array) => boolean;
}

const text = (bytes: Uint8Array, from: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, Math.min(length, bytes.length - from))).toString(
    'latin1',
  );

/** Containers that providers take, by how their files begin. */
const signatures: readonly Signature[] = [
  { container: 'wav', type: 'audio/wav', matches: (b) => text(b, 0, 4) === 'RIFF' && text(b, 8, 4) === 'WAVE' },
  { container: 'flac', type: 'audio/flac', matches: (b) => text(b, 0, 4) === 'fLaC' },
  { container: 'ogg', type: 'audio/ogg', matches: (b) => text(b, 0, 4) === 'OggS' },
  { container: 'webm', type: 'audio/webm', matches: (b) => text(b, 0, 4) === '\x1a\x45\xdf\xa3' },
  { container: 'm4a', type: 'audio/mp4', matches: (b) => text(b, 4, 4) === 'ftyp' },
  {
    container: 'mp3',
    type: 'audio/mpeg',
    matches: (b) => text(b, 0, 3) === 'ID3' || (b[0] === 0xff && ((b[1] ?? 0) & 0xe6) === 0xe2),
  },
];

/** Seconds by going through the packets; undefined when they do not tell, null when there are none. */
async function measure(bytes: Uint8Array): Promise<number | undefined | null> {
  const { ALL_FORMATS, BufferSource, Input } = await import('mediabunny');
  try {
    const input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS });
    const track = await input.getPrimaryAudioTrack();
    return track === null ? null : await track.computeDuration();
  } catch {
    return null;
  }
}

/** Reads the header. Throws CallerError when the file is empty, no audio, or damaged. */
export async function readAudioHeader(bytes: Uint8Array, name: string): Promise<AudioFacts> {
  if (bytes.length === 0) throw wrong(`The file "${name}" is empty.`);
  const found = signatures.find(({ matches }) => matches(bytes));
  if (found === undefined)
    throw wrong(
      `The file "${name}" is no audio we know by its content, whatever its name says. Send mp3, wav, m4a, mp4, webm, ogg or flac.`,
    );
  const { parseBuffer } = await import('music-metadata');
  const { container, type } = found;
  const damaged = wrong(
    `The file "${name}" begins like ${container}, but its header can't be read: it may be cut or damaged.`,
  );
  const format = await parseBuffer(bytes, { mimeType: type, size: bytes.length }, { duration: true, skipCovers: true })
    .then((metadata) => metadata.format)
    .catch(() => null);
  // What browsers record has no length in its header, and what tells neither how fast nor how wide it is may have none at all.
  const isTold = format?.duration !== undefined || (format?.sampleRate !== undefined && container === 'wav');
  const duration = isTold ? format?.duration : await measure(bytes);
  if (duration === null) throw damaged;
  const isPcm = container === 'wav';
  if (duration === 0 || (isPcm && !((duration ?? 0) > 0)))
    throw wrong(`The file "${name}" holds no sound: its length is zero.`);
  const seconds = duration === undefined || !Number.isFinite(duration) ? null : duration;
  if (seconds !== null && seconds > LONGEST_SECONDS)
    throw wrong(`The header of "${name}" claims ${Math.round(seconds / 3_600)} hours of sound, which can't be right.`);
  return { container, type, seconds };
}
