// Keeps the demuxer from work without end and from vain work: from going in circles, from following an index that claims what can't be, and from copying what it does not look at.
import type { Input } from 'mediabunny';
import { claimsTooMuch, countFreeSamples } from './index-claims.ts';

/** Bytes of the recording as the demuxer has them; new ones begin at `bufferPos`. */
interface Slice {
  readonly bytes: Uint8Array;
  readonly bufferPos: number;
  readonly length: number;
}
type Asked = Slice | null | Promise<Slice | null>;

/** The demuxer's own reader, of which its types say nothing. */
interface Reader {
  requestSlice(start: number, length: number): Asked;
  requestSliceRange(start: number, least: number, most: number): Asked;
}

/** Nobody who gets on asks for one place so often in a row. */
const MOST_IN_A_ROW = 100;

/** Of MP3, 64 KB are asked for at every frame, of which four bytes are read: copying them takes ten times as long as all the rest. */
const LOOKED_FOR_BYTES = 4;
const ENOUGH_BYTES = 1_024;

/** Where Matroska holds bytes that belong to nothing, mediabunny 1.61 looks for their end at one place for ever. */
function guardRanges(reader: Reader): void {
  const ask = reader.requestSliceRange.bind(reader);
  let last = -1;
  let times = 0;
  reader.requestSliceRange = (start, least, most) => {
    times = start === last ? times + 1 : 0;
    last = start;
    // As if the file ended there: every loop over it ends then.
    return times > MOST_IN_A_ROW
      ? null
      : ask(start, least, least <= LOOKED_FOR_BYTES ? Math.min(most, ENOUGH_BYTES) : most);
  };
}

/** A box of MP4 begins with its length and name, at most so long. */
const SHORT_HEAD_BYTES = 8;
const HEAD_BYTES = 16;
/** Boxes that tell where samples are. */
const INDEXES: ReadonlySet<string> = new Set(['moov', 'moof', 'mfra']);

/** MP4: the demuxer reads the head of a box, and then what stands in it; an index is looked at between the two. */
function guardIndex(reader: Reader, size: number): void {
  const ask = reader.requestSlice.bind(reader);
  let indexAt = -1;
  const freeAt = new Map<number, number>();
  let free = 0;
  const look = ({ bytes, bufferPos, length }: Slice, start: number): void => {
    const read = Buffer.from(bytes.buffer, bytes.byteOffset + bufferPos, length);
    if (length >= SHORT_HEAD_BYTES && length <= HEAD_BYTES && INDEXES.has(read.toString('latin1', 4, 8)))
      indexAt = start;
    if (length <= HEAD_BYTES || indexAt < 0 || start < indexAt || start > indexAt + HEAD_BYTES) return;
    if (!freeAt.has(start)) {
      freeAt.set(start, countFreeSamples(read));
      free += freeAt.get(start) ?? 0;
    }
    if (free > size || claimsTooMuch(read, size)) throw new Error('the index claims more than the recording can hold');
  };
  reader.requestSlice = (start, length) => {
    const asked = ask(start, length);
    const looked = (slice: Slice | null): Slice | null => {
      if (slice !== null) look(slice, start);
      return slice;
    };
    return asked instanceof Promise ? asked.then(looked) : looked(asked);
  };
}

/** Guards the reader of this input, a recording of `size` bytes, as soon as there is one. */
export function guardReader(input: Input, size: number): void {
  input.on('source', () => {
    const { _reader: reader } = input as unknown as { readonly _reader?: Reader };
    if (reader?.requestSliceRange === undefined) return;
    guardRanges(reader);
    guardIndex(reader, size);
  });
}
