// What the index of an MP4 recording claims, held against its bytes before the demuxer follows it: in four bytes it may claim four thousand million samples, each of which would be walked. Pure.

/** So many samples with times of their own fill a day of film. */
const MOST_TIMED = 4_000_000;
/** Where a packet lies is found by walking its chunk: an hour of sound in a single one takes a quarter of these steps. */
const MOST_STEPS = 1e11;
/** Chunks that a careless writer may name beyond those there are. */
const SPARE_CHUNKS = 16;
/** Bits of a run of samples that tell each of them something of its own. */
const OWN_FIELDS = 0xf_00;
const NAME_BYTES = 4;
const NUMBER_BYTES = 4;
const BOX_BYTES = 8;

/** Where the content of every box of this name begins, wherever it stands: the demuxer takes it anywhere. `least`: bytes it has. */
function* findBoxes(bytes: Buffer, name: string, least: number): Generator<number> {
  for (let at = bytes.indexOf(name, 0, 'latin1'); at >= 0; at = bytes.indexOf(name, at + 1, 'latin1'))
    if (at + NAME_BYTES + least <= bytes.length) yield at + NAME_BYTES;
}

/** The first two numbers of each row of the tables of this name. One that does not fit is none: reading it fails by itself. */
function* findRows(bytes: Buffer, name: string, columns: number): Generator<readonly [number, number]> {
  // Behind the version and flags stands how many rows there are.
  for (const at of findBoxes(bytes, name, 2 * NUMBER_BYTES)) {
    const rowBytes = columns * NUMBER_BYTES;
    const end = at + 2 * NUMBER_BYTES + bytes.readUInt32BE(at + NUMBER_BYTES) * rowBytes;
    if (end > bytes.length) continue;
    for (let row = at + 2 * NUMBER_BYTES; row < end; row += rowBytes)
      yield [bytes.readUInt32BE(row), bytes.readUInt32BE(row + NUMBER_BYTES)];
  }
}

/** A look at one part of an index, which ends when the tables have more rows together than there is room for: then they lie over each other. */
interface Look {
  readonly bytes: Buffer;
  rowsLeft: number;
}

function* rowsOf(look: Look, name: string, columns: number): Generator<readonly [number, number]> {
  for (const row of findRows(look.bytes, name, columns)) {
    if (look.rowsLeft-- <= 0) return;
    yield row;
  }
}

function sumOf(look: Look, name: string): number {
  let sum = 0;
  for (const [count] of rowsOf(look, name, 2)) sum += count;
  return sum;
}

/** How many numbers the boxes of this name count, so far behind the beginning of their content. */
function countIn(bytes: Buffer, name: string, behind: number): number {
  let count = 0;
  for (const at of findBoxes(bytes, name, behind + NUMBER_BYTES)) count += bytes.readUInt32BE(at + behind);
  return count;
}

/** How many sizes of samples are listed one by one; those of one size are not. */
function countListed(bytes: Buffer): number {
  let count = countIn(bytes, 'stz2', 2 * NUMBER_BYTES);
  for (const at of findBoxes(bytes, 'stsz', 3 * NUMBER_BYTES))
    if (bytes.readUInt32BE(at + NUMBER_BYTES) === 0) count += bytes.readUInt32BE(at + 2 * NUMBER_BYTES);
  return count;
}

/** Whether chunks are named that are not there, or so many samples in one that finding them would take for ever. */
function claimsChunks(look: Look): boolean {
  const { bytes } = look;
  let [named, largest, before] = [0, 0, 0];
  for (const [first, samples] of rowsOf(look, 'stsc', 3)) {
    named += Math.max(0, first - before);
    largest = Math.max(largest, samples);
    before = first;
  }
  const there = countIn(bytes, 'stco', NUMBER_BYTES) + countIn(bytes, 'co64', NUMBER_BYTES);
  if (named > 2 * Math.min(there, bytes.length) + SPARE_CHUNKS) return true;
  const listed = Math.min(countListed(bytes), 2 * bytes.length);
  return listed > 0 && (largest > 2 * bytes.length || largest * listed > MOST_STEPS);
}

/** Whether one part of an index, as a rule a track, claims more than `most` samples with times of their own, or chunks that can't be. */
function claimsSamples(bytes: Buffer, most: number): boolean {
  const look: Look = { bytes, rowsLeft: bytes.length / NUMBER_BYTES };
  const moved = sumOf(look, 'ctts');
  // Where nothing is moved, samples are counted and not walked.
  const timed = bytes.includes('ctts', 0, 'latin1') ? Math.max(moved, sumOf(look, 'stts')) : 0;
  return timed > most || claimsChunks(look) || look.rowsLeft < 0;
}

/** How many samples runs claim for which they spend no byte. `bytes`: a fragment, or what may hold one. */
export function countFreeSamples(bytes: Buffer): number {
  // Runs count in fragments only; elsewhere they are the beginning of some word.
  const from = bytes.indexOf('moof', 0, 'latin1');
  if (from < 0) return 0;
  const fragment = bytes.subarray(from);
  let count = 0;
  for (const at of findBoxes(fragment, 'trun', 2 * NUMBER_BYTES))
    if ((fragment.readUInt32BE(at) & OWN_FIELDS) === 0) count += fragment.readUInt32BE(at + NUMBER_BYTES);
  return count;
}

/** Whether an index claims more than a recording of `size` bytes can hold, or than anybody could walk. `boxes`: those that stand in it, one behind the other. */
export function claimsTooMuch(boxes: Buffer, size: number): boolean {
  const most = Math.min(size, MOST_TIMED);
  if (countFreeSamples(boxes) > most) return true;
  for (let at = 0; at + BOX_BYTES <= boxes.length;) {
    const told = boxes.readUInt32BE(at);
    const isLarge = told === 1 && at + 2 * BOX_BYTES <= boxes.length;
    const length = isLarge ? Number(boxes.readBigUInt64BE(at + BOX_BYTES)) : told;
    // The demuxer reads no further, either.
    if (length < BOX_BYTES) return false;
    if (claimsSamples(boxes.subarray(at, at + length), most)) return true;
    at += length;
  }
  return false;
}
