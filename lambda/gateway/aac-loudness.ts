// How loud a packet of AAC is, without decoding it: by the gain of its first element (ISO 14496-3, 4.4.2) and its size. Encoders that keep a bitrate make loud packets coarser, not larger.

/** Kinds of elements: one channel, a pair of them, and filling. */
const SINGLE = 0;
const PAIR = 1;
const FILL = 6;
/** A window sequence of eight short windows tells its bands otherwise. */
const EIGHT_SHORT = 2;
/** Steps of the gain in which loudness doubles. */
const DOUBLE = 4;

type Read = (bits: number) => number;

function createReader(data: Uint8Array): Read {
  let at = 0;
  return (bits) => {
    let value = 0;
    for (const end = at + bits; at < end; at++) value = value * 2 + (((data[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
}

/** Skips what two channels have in common; false where it holds what no low-complexity stream does. */
function skipShared(read: Read): boolean {
  read(1);
  const isShort = read(2) === EIGHT_SHORT;
  read(1);
  const bands = read(isShort ? 4 : 6);
  // Each of seven bits that is not set begins a group of windows of its own.
  const groups = isShort ? 1 + read(7).toString(2).padStart(7, '0').replaceAll('1', '').length : 1;
  if (!isShort && read(1) === 1) return false;
  if (read(2) === 1) read(bands * groups);
  return true;
}

function readGain(data: Uint8Array): number | null {
  const read = createReader(data);
  let kind = read(3);
  for (let fills = 0; kind === FILL && fills < 4; fills++) {
    const bytes = read(4);
    for (let left = bytes < 15 ? bytes : bytes + read(8) - 1; left > 0; left--) read(8);
    kind = read(3);
  }
  if (kind !== SINGLE && kind !== PAIR) return null;
  read(4);
  if (kind === PAIR && read(1) === 1 && !skipShared(read)) return null;
  return read(8);
}

/** Loudness of a packet, on a scale of its own. */
export function aacLoudness(packet: Uint8Array): number {
  const gain = readGain(packet);
  return gain === null ? packet.length : packet.length * 2 ** (gain / DOUBLE);
}
