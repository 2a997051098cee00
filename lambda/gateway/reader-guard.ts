// Keeps the demuxer from going in circles: where Matroska holds bytes that belong to nothing, mediabunny 1.61 looks for their end at one place for ever, and nothing else runs meanwhile.
import type { Input } from 'mediabunny';

/** The demuxer's own reader, of which its types say nothing. */
interface Reader {
  requestSliceRange(start: number, least: number, most: number): unknown;
}

/** Nobody who gets on asks for one place so often in a row. */
const MOST_IN_A_ROW = 100;

function guard(reader: Reader): void {
  const ask = reader.requestSliceRange.bind(reader);
  let last = -1;
  let times = 0;
  reader.requestSliceRange = (start, least, most) => {
    times = start === last ? times + 1 : 0;
    last = start;
    // As if the file ended there: every loop over it ends then.
    return times > MOST_IN_A_ROW ? null : ask(start, least, most);
  };
}

/** Guards the reader of this input as soon as there is one. */
export function guardReader(input: Input): void {
  input.on('source', () => {
    const { _reader: reader } = input as unknown as { readonly _reader?: Reader };
    if (reader?.requestSliceRange !== undefined) guard(reader);
  });
}
