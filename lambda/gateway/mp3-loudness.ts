// How loud a frame of MP3 is, without decoding it: by the gain that its side information tells (ISO 11172-3, 2.4.1.7). At a constant bitrate its size says nothing.

const HEADER_BYTES = 4;
const CRC_BYTES = 2;
/** Steps of the gain in which loudness doubles. */
const DOUBLE = 4;
/** Where the gain stands in what is told of a granule and channel, and how much is told of each, bits. */
const GAIN_AT = 21;
const GAIN_BITS = 8;
const SIZE_BITS = 12;

function readBits(data: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let bit = at; bit < at + count; bit++) value = value * 2 + (((data[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  return value;
}

/** Mean loudness of a frame, on a scale of its own; 0 for silence, and for what is no frame. */
export function mp3Loudness(frame: Uint8Array): number {
  const [first = 0, second = 0, , fourth = 0] = frame;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return 0;
  const isFull = ((second >> 3) & 3) === 3;
  const channels = fourth >> 6 === 3 ? 1 : 2;
  const granules = isFull ? 2 : 1;
  const told = isFull ? 59 : 63;
  const privateBits = isFull ? (channels === 1 ? 5 : 3) : channels;
  let at = (HEADER_BYTES + ((second & 1) === 0 ? CRC_BYTES : 0)) * 8;
  at += (isFull ? 9 : 8) + privateBits + (isFull ? 4 * channels : 0);
  let sum = 0;
  for (let one = 0; one < granules * channels; one++, at += told) {
    const isSilent = readBits(frame, at, SIZE_BITS) === 0;
    if (!isSilent) sum += 2 ** (readBits(frame, at + GAIN_AT, GAIN_BITS) / DOUBLE);
  }
  return sum / (granules * channels);
}
