// Where the sound of an MP4 ends as it is to be heard (ISO 14496-12, 8.6.6): what was trimmed off at the end is still in the file, and its reader goes on to the last sample.
import { createPeek, type AudioSource, type Peek } from './audio-source.ts';
import { boxesIn, findBox, type Range } from './mp4-boxes.ts';

/** Whoever has more is damaged. */
const MOST_EDITS = 1_000;

/** Units of time in a second, of the whole file. */
async function readTimescale(peek: Peek, { from, to }: Range): Promise<number> {
  const head = await peek(from, Math.min(to - from, 24));
  const at = head[0] === 1 ? 20 : 12;
  return head.length < at + 4 ? 0 : head.readUInt32BE(at);
}

/** How long what the list of edits lets be heard is, in units of the file's time; null where it is more than one piece, or goes on to the end. */
async function readLength(peek: Peek, { from, to }: Range): Promise<number | null> {
  const head = await peek(from, Math.min(to - from, 8));
  if (head.length < 8) return null;
  const isLong = head[0] === 1;
  const bytes = isLong ? 20 : 12;
  const count = head.readUInt32BE(4);
  if (count > MOST_EDITS || from + 8 + count * bytes > to) return null;
  const list = await peek(from + 8, count * bytes);
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
  const peek = createPeek(source);
  const movie = await findBox(peek, { from: 0, to: source.size }, ['moov']);
  const header = movie === null ? null : await findBox(peek, movie, ['mvhd']);
  const timescale = header === null ? 0 : await readTimescale(peek, header);
  if (movie === null || timescale === 0) return null;
  for await (const box of boxesIn(peek, movie)) {
    if (box.type !== 'trak') continue;
    const kind = await findBox(peek, box, ['mdia', 'hdlr']);
    if (kind === null || (await peek(kind.from, 12)).toString('latin1', 8) !== 'soun') continue;
    const list = await findBox(peek, box, ['edts', 'elst']);
    const length = list === null ? null : await readLength(peek, list);
    // Of several tracks the first one is heard.
    return length === null ? null : length / timescale;
  }
  return null;
}
