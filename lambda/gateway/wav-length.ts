// The length of a WAV recording whose recorder ended before it wrote one: it is zero, and the samples go on to the end of the file.
import type { AudioSource } from './audio-source.ts';

const RIFF_BYTES = 12;
const CHUNK_BYTES = 8;
const NAME_BYTES = 4;
/** What stands before the samples is no longer in such recordings. */
const HEAD_BYTES = 4_096;
const MOST_BYTES = 0xff_ff_ff_ff;

/** Where the length of the samples should stand; null where there is one, or no sample. */
export async function findMissingLength({ size, read }: AudioSource): Promise<number | null> {
  const head = Buffer.from(await read(0, Math.min(HEAD_BYTES, size)));
  if (!/^RIFF....WAVE/s.test(head.toString('latin1', 0, RIFF_BYTES))) return null;
  for (let at = RIFF_BYTES; at + CHUNK_BYTES + NAME_BYTES <= head.length;) {
    const lengthAt = at + NAME_BYTES;
    const length = head.readUInt32LE(lengthAt);
    if (head.toString('latin1', at, lengthAt) === 'data') {
      const next = head.toString('latin1', at + CHUNK_BYTES, at + CHUNK_BYTES + NAME_BYTES);
      // Where a name follows, there is nothing but what is told of a recording.
      return length === 0 && !/^[A-Za-z ]{4}$/.test(next) ? lengthAt : null;
    }
    // Chunks begin at even places.
    at += CHUNK_BYTES + length + (length % 2);
  }
  return null;
}

/** The recording with the length it has; whatever tells one as it is. */
export async function toKnownLength(source: AudioSource): Promise<AudioSource> {
  const lengthAt = await findMissingLength(source);
  if (lengthAt === null) return source;
  // Of the file, and of the samples.
  const lengths = new Map<number, number>();
  for (const at of [NAME_BYTES, lengthAt]) {
    const length = Buffer.alloc(NAME_BYTES);
    length.writeUInt32LE(Math.min(MOST_BYTES, source.size - at - NAME_BYTES));
    for (const [index, byte] of length.entries()) lengths.set(at + index, byte);
  }
  const read: AudioSource['read'] = async (start, end) => {
    const bytes = await source.read(start, end);
    if (start >= lengthAt + NAME_BYTES) return bytes;
    const told = Uint8Array.from(bytes);
    for (const [at, byte] of lengths) if (at >= start && at < end) told[at - start] = byte;
    return told;
  };
  return { size: source.size, read };
}
