// Where MP3 begins to be sound, and of what kind it is there: what stands before it may be a tag, or anything (ISO 11172-3, 2.4.1.3; id3.org, ID3v2.4, 3.1).
import type { AudioSource } from './audio-source.ts';

export const TAG = 'ID3';
const TAG_BYTES = 10;
const HEADER_BYTES = 4;
/** Sound is looked for in so many bytes; a picture of a page that was saved with it is smaller. */
const MOST_AHEAD_BYTES = 256 * 1024;
/** So many frames in a row are none by chance. */
const IN_A_ROW = 4;

/** Thousand bits a second by their code: MPEG 1, and those of half its rates. */
const FULL_KBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const HALF_KBITS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES = [44_100, 48_000, 32_000];

/** What must be the same in all frames that are read as one recording: version, layer, rate, and one channel or two. null: no frame begins here. */
export function findFrameKind(bytes: Uint8Array, at = 0): string | null {
  const [first, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + HEADER_BYTES);
  const isLayer3 = first === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08;
  const rate = (third >> 2) & 3;
  if (!isLayer3 || rate === 3 || third >> 4 === 15 || third >> 4 === 0) return null;
  return `${(second >> 3) & 3} ${rate} ${fourth >> 6 === 3 ? 1 : 2}`;
}

function sizeOfFrame(bytes: Uint8Array, at: number): number {
  const [, second = 0, third = 0] = bytes.subarray(at, at + HEADER_BYTES);
  const version = (second >> 3) & 3;
  const isFull = version === 3;
  const rate = (RATES[(third >> 2) & 3] ?? 1) / (isFull ? 1 : version === 2 ? 2 : 4);
  const kbits = (isFull ? FULL_KBITS : HALF_KBITS)[third >> 4] ?? 0;
  return Math.floor(((isFull ? 144_000 : 72_000) * kbits) / rate) + ((third >> 1) & 1);
}

/** Whether frames of one kind stand here, one behind the other. */
function isSound(bytes: Uint8Array, from: number): boolean {
  const kind = findFrameKind(bytes, from);
  if (kind === null) return false;
  for (let [at, count] = [from, 0]; count < IN_A_ROW; at += sizeOfFrame(bytes, at), count++)
    if (findFrameKind(bytes, at) !== kind) return false;
  return true;
}

/** How long the tag is that begins here; null when none does. */
function sizeOfTag(bytes: Uint8Array): number | null {
  const head = Buffer.from(bytes.subarray(0, TAG_BYTES));
  const lengths = [...head.subarray(6)];
  const isTag = head.toString('latin1', 0, TAG.length) === TAG && lengths.length === 4;
  const [, , , version = 0, revision = 0, flags = 0] = head;
  if (!isTag || version < 2 || version > 4 || revision === 0xff || (flags & 0x0f) !== 0) return null;
  if (lengths.some((byte) => byte >= 0x80)) return null;
  const content = lengths.reduce((sum, byte) => sum * 0x80 + byte, 0);
  return content + TAG_BYTES * ((flags & 0x10) === 0 ? 1 : 2);
}

/** Of what kind the sound is behind the tags that stand here; null when there is none right behind them. */
export async function findKindBehind({ size, read }: AudioSource, from: number): Promise<string | null> {
  for (let at = from; at + TAG_BYTES <= size;) {
    const head = await read(at, at + TAG_BYTES);
    const length = sizeOfTag(head);
    if (length === null) return findFrameKind(head);
    at += length;
  }
  return null;
}

/** Where MP3 begins in a file that begins with something else; null when none does soon. */
export async function findSound({ size, read }: AudioSource): Promise<number | null> {
  const bytes = await read(0, Math.min(MOST_AHEAD_BYTES, size));
  for (let at = 0; at + TAG_BYTES < bytes.length; at++) {
    const tag = sizeOfTag(bytes.subarray(at, at + TAG_BYTES));
    if (isSound(bytes, tag === null ? at : at + tag)) return at;
  }
  return null;
}
