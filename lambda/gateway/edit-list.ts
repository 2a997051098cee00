// Where the sound of an MP4 ends as it is to be heard (ISO 14496-12, 8.6.6): what was trimmed off at the end is still in the file, and its reader goes on to the last sample.
import type { AudioSource } from './audio-source.ts';

/** A box, by what it holds: its bytes up to, without, `to`. */
interface Box {
  readonly type: string;
  readonly from: number;
  readonly to: number;
}

const HEAD_BYTES = 16;
/** Whoever has more is damaged. */
const MOST_BOXES = 10_000;
const MOST_EDITS = 1_000;

async function readBytes({ read }: AudioSource, from: number, to: number): Promise<Buffer> {
  return Buffer.from(await read(from, to));
}

async function* boxesIn(source: AudioSource, { from, to }: Omit<Box, 'type'>): AsyncGenerator<Box> {
  for (let [at, count] = [from, 0]; at + 8 <= to && count < MOST_BOXES; count++) {
    const head = await readBytes(source, at, Math.min(to, at + HEAD_BYTES));
    const short = head.readUInt32BE(0);
    const isLong = short === 1 && head.length === HEAD_BYTES;
    const length = isLong ? Number(head.readBigUInt64BE(8)) : short === 0 ? to - at : short;
    if (length < 8) return;
    yield { type: head.toString('latin1', 4, 8), from: at + (isLong ? HEAD_BYTES : 8), to: Math.min(to, at + length) };
    at += length;
  }
}

async function findBox(source: AudioSource, within: Omit<Box, 'type'>, path: readonly string[]): Promise<Box | null> {
  const [type, ...rest] = path;
  for await (const box of boxesIn(source, within))
    if (box.type === type) return rest.length === 0 ? box : findBox(source, box, rest);
  return null;
}

/** Units of time in a second, of the whole file. */
async function readTimescale(source: AudioSource, { from, to }: Box): Promise<number> {
  const head = await readBytes(source, from, Math.min(to, from + 24));
  const at = head[0] === 1 ? 20 : 12;
  return head.length < at + 4 ? 0 : head.readUInt32BE(at);
}

/** How long what the list of edits lets be heard is, in units of the file's time; null where it is more than one piece, or goes on to the end. */
async function readLength(source: AudioSource, { from, to }: Box): Promise<number | null> {
  const head = await readBytes(source, from, Math.min(to, from + 8));
  if (head.length < 8) return null;
  const isLong = head[0] === 1;
  const bytes = isLong ? 20 : 12;
  const count = head.readUInt32BE(4);
  if (count > MOST_EDITS || from + 8 + count * bytes > to) return null;
  const list = await readBytes(source, from + 8, from + 8 + count * bytes);
  let [length, pieces] = [0, 0];
  for (let at = 0; at < list.length; at += bytes) {
    const own = isLong ? Number(list.readBigUInt64BE(at)) : list.readUInt32BE(at);
    const begin = isLong ? Number(list.readBigInt64BE(at + 8)) : list.readInt32BE(at + 4);
    // Those that begin nowhere are silence before the first piece.
    if (begin >= 0) pieces++;
    if (begin >= 0 && own === 0) return null;
    length += own;
  }
  return pieces === 1 ? length : null;
}

/** When the sound ends that is to be heard, seconds; null where nothing was trimmed, or the file does not say so plainly. */
export async function findEditedEnd(source: AudioSource): Promise<number | null> {
  const movie = await findBox(source, { from: 0, to: source.size }, ['moov']);
  const header = movie === null ? null : await findBox(source, movie, ['mvhd']);
  const timescale = header === null ? 0 : await readTimescale(source, header);
  if (movie === null || timescale === 0) return null;
  for await (const box of boxesIn(source, movie)) {
    if (box.type !== 'trak') continue;
    const kind = await findBox(source, box, ['mdia', 'hdlr']);
    const isSound = kind !== null && (await readBytes(source, kind.from, kind.to)).toString('latin1', 8, 12) === 'soun';
    if (!isSound) continue;
    const list = await findBox(source, box, ['edts', 'elst']);
    const length = list === null ? null : await readLength(source, list);
    // Of several tracks the first one is heard.
    return length === null ? null : length / timescale;
  }
  return null;
}
