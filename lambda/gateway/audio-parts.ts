// Where the recordings begin that were joined into one file by putting one behind the other (`cat a.webm b.webm`): readers of every kind stop behind the first, and tell nobody.
import { createPeek, type AudioSource } from './audio-source.ts';
import { findKindBehind, TAG } from './mp3-frames.ts';
import { boxesIn } from './mp4-boxes.ts';
import { sizeOfPage } from './ogg-pages.ts';

/** One recording of those in a file. */
export interface AudioPart {
  /** Its bytes, up to, without, `to`. */
  readonly from: number;
  readonly to: number;
  /** What its times are counted from, seconds from the beginning of all. */
  readonly at: number;
  /** Where it ends by its own count, seconds. */
  readonly seconds: number;
}

/** The bytes of a file from one place up to, without, another. */
export const toWindow = ({ size, own = false, read }: AudioSource, from: number, to = size): AudioSource => ({
  size: to - from,
  own,
  read: (start, end) => read(from + start, Math.min(to, from + end)),
});

const SCAN_BYTES = 1024 * 1024;
/** By chance, and by whoever joined them, there are fewer places that look like a beginning; each costs a read. */
const MOST_LOOKS = 2_000;
/** What is looked at where a recording seems to begin. */
const HEAD_BYTES = 512;

/** Every place from `from` on where these bytes stand. */
async function* findAll({ size, read }: AudioSource, mark: Buffer, from: number): AsyncGenerator<number> {
  let count = 0;
  for (let at = from; at + mark.length <= size; at += SCAN_BYTES) {
    const bytes = Buffer.from(await read(at, Math.min(size, at + SCAN_BYTES + mark.length - 1)));
    for (let hit = bytes.indexOf(mark); hit >= 0; hit = bytes.indexOf(mark, hit + 1)) {
      if (++count > MOST_LOOKS) return;
      yield at + hit;
    }
  }
}

type Find = (source: AudioSource) => AsyncGenerator<number>;

/** MP4: each recording begins with a box that names its kind. */
async function* inBoxes(source: AudioSource): AsyncGenerator<number> {
  for await (const { type, at } of boxesIn(createPeek(source), { from: 0, to: source.size }))
    if (at > 0 && type === 'ftyp') yield at;
}

/** A WAV's head, and behind it the chunk in which one that may be longer than 4 GB tells its length. */
const RIFF_BYTES = 28;

/** What a WAV tells to follow its first eight bytes; 0: nothing, null: these are not the head of one. */
function readRiffLength(head: Buffer): number | null {
  const kind = /^(RIFF|RF64)....WAVE/s.exec(head.toString('latin1', 0, 12))?.[1];
  if (kind === undefined) return null;
  if (kind === 'RIFF') return head.readUInt32LE(4);
  const isTold = head.length === RIFF_BYTES && head.toString('latin1', 12, 16) === 'ds64';
  return isTold ? Number(head.readBigUInt64LE(20)) : 0;
}

/** WAV tells its length; one of a recorder that was killed tells none, and goes on to the end. */
async function* inRiffs({ size, read }: AudioSource): AsyncGenerator<number> {
  for (let at = 0; at + 12 <= size;) {
    const length = readRiffLength(Buffer.from(await read(at, Math.min(size, at + RIFF_BYTES))));
    if (length === null) return;
    if (at > 0) yield at;
    if (length === 0) return;
    at += 8 + length + (length % 2);
  }
}

const EBML = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]);
const SEGMENT = Buffer.from([0x18, 0x53, 0x80, 0x67]);

/** Where the segment ends whose head stands in these bytes; null when it does not say. */
function findSegmentEnd(head: Buffer): number | null {
  const at = head.indexOf(SEGMENT) + SEGMENT.length;
  const first = head[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (at < SEGMENT.length || first === 0 || at + length > head.length) return null;
  const rest = [...head.subarray(at + 1, at + length)];
  const mask = (1 << (8 - length)) - 1;
  if ((first & mask) === mask && rest.every((byte) => byte === 0xff)) return null;
  return at + length + rest.reduce((sum, byte) => sum * 256 + byte, first & mask);
}

/** WebM and Matroska tell the length of a segment, but for those that are written while they are recorded: these are searched. */
async function* inSegments(source: AudioSource): AsyncGenerator<number> {
  const { size, read } = source;
  const headAt = async (at: number): Promise<Buffer> => Buffer.from(await read(at, Math.min(size, at + HEAD_BYTES)));
  let [at, end] = [0, findSegmentEnd(await headAt(0))];
  while (end !== null) {
    at += end;
    const head = at < size ? await headAt(at) : Buffer.alloc(0);
    if (head.indexOf(EBML) !== 0) return;
    yield at;
    end = findSegmentEnd(head);
  }
  for await (const hit of findAll(source, EBML, at + 1)) {
    const head = await headAt(hit);
    if (/webm|matroska/.test(head.toString('latin1', 0, 64))) yield hit;
  }
}

const PAGE = Buffer.from('OggS\0', 'latin1');
/** The first page of a stream: marked as such, at no time yet. */
const FIRST_PAGE = Buffer.concat([PAGE, Buffer.from([2]), Buffer.alloc(8)]);

/** Ogg: the streams of one recording begin together, those of the next behind their end. */
async function* inPages(source: AudioSource): AsyncGenerator<number> {
  const { size, read } = source;
  let behind = 0;
  for await (const at of findAll(source, FIRST_PAGE, 0)) {
    if (at !== behind) yield at;
    const page = Buffer.from(await read(at, Math.min(size, at + HEAD_BYTES)));
    behind = at + (sizeOfPage(page, 0) ?? 0);
  }
}

/** FLAC: the name, and the head of its first block, which is of one length always. */
async function* inFlac(source: AudioSource): AsyncGenerator<number> {
  const mark = Buffer.from('fLaC\0\0\0\x22', 'latin1');
  yield* findAll(source, mark, 1);
}

/** MP3 goes on behind a tag; only sound of another kind is not read on. */
async function* inFrames(source: AudioSource): AsyncGenerator<number> {
  let kind = await findKindBehind(source, 0);
  for await (const at of findAll(source, Buffer.from(TAG, 'latin1'), 1)) {
    const next = await findKindBehind(source, at);
    if (next === null || next === kind) continue;
    kind = next;
    yield at;
  }
}

const finders: Readonly<Record<string, Find>> = {
  m4a: inBoxes,
  wav: inRiffs,
  webm: inSegments,
  ogg: inPages,
  flac: inFlac,
  mp3: inFrames,
};

/** An hour of browsers that begin anew every five seconds has fewer; each costs a look. */
export const MOST_PARTS = 1_000;

/** From where to where each recording in a file goes: one, unless some were joined; no more than one too many are looked for. */
export async function findParts(source: AudioSource, container: string): Promise<Pick<AudioPart, 'from' | 'to'>[]> {
  const begins = [0];
  for await (const at of finders[container]?.(source) ?? []) if (begins.push(at) > MOST_PARTS) break;
  return begins.map((from, index) => ({ from, to: begins[index + 1] ?? source.size }));
}
