// Where the last whole page of an Ogg recording ends: one that broke off ends in the middle of a page, at which readers give up all of it.
import type { AudioSource } from './audio-source.ts';

const MARK = 'OggS';
const HEAD_BYTES = 27;
/** A page is no larger: its head, 255 lengths, and as many segments of 255 bytes. */
const PAGE_BYTES = HEAD_BYTES + 255 + 255 * 255;
/** Where a head says how many lengths follow it. */
const COUNT_AT = 26;

/** How long the page is that begins here; null when not even its head is whole. */
export function sizeOfPage(bytes: Buffer, at: number): number | null {
  const count = bytes[at + COUNT_AT];
  if (count === undefined || at + HEAD_BYTES + count > bytes.length) return null;
  const lengths = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + count);
  return HEAD_BYTES + count + lengths.reduce((sum, length) => sum + length, 0);
}

/** The recording as far as its pages are whole; anything but Ogg as it is. */
export async function toWholePages(source: AudioSource): Promise<AudioSource> {
  const head = await source.read(0, Math.min(MARK.length, source.size));
  if (Buffer.from(head).toString('latin1') !== MARK) return source;
  const from = Math.max(0, source.size - PAGE_BYTES);
  const tail = Buffer.from(await source.read(from, source.size));
  const at = tail.lastIndexOf(MARK, undefined, 'latin1');
  const size = at < 0 ? null : sizeOfPage(tail, at);
  if (at < 0 || (size !== null && at + size <= tail.length)) return source;
  return { size: from + at, read: (start, end) => source.read(start, Math.min(end, from + at)) };
}
