// The boxes of an MP4 (ISO 14496-12, 4.2): each tells its length and its kind, and some hold others.
import type { Peek } from './audio-source.ts';

/** From one place up to, without, another. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A box that begins at `at`, and what it holds. */
export interface Box extends Range {
  readonly type: string;
  readonly at: number;
}

const SHORT_BYTES = 8;
const LONG_BYTES = 16;
/** A day in fragments of half a second has fewer. */
const MOST_BOXES = 1_000_000;

/** The boxes of a range, one behind the other; one that tells no length goes on to the end, and behind one that tells nonsense there are none. */
export async function* boxesIn(peek: Peek, { from, to }: Range): AsyncGenerator<Box> {
  for (let [at, count] = [from, 0]; at + SHORT_BYTES <= to && count < MOST_BOXES; count++) {
    const head = await peek(at, LONG_BYTES);
    const short = head.readUInt32BE(0);
    const isLong = short === 1 && head.length === LONG_BYTES;
    const length = isLong ? Number(head.readBigUInt64BE(SHORT_BYTES)) : short === 0 ? to - at : short;
    const begin = isLong ? LONG_BYTES : SHORT_BYTES;
    if (length < begin) return;
    yield { type: head.toString('latin1', 4, 8), at, from: at + begin, to: Math.min(to, at + length) };
    at += length;
  }
}

/** The first box that this path leads to; null where there is none. */
export async function findBox(peek: Peek, within: Range, path: readonly string[]): Promise<Box | null> {
  const [type, ...rest] = path;
  for await (const box of boxesIn(peek, within))
    if (box.type === type) return rest.length === 0 ? box : findBox(peek, box, rest);
  return null;
}
