// Base64: numbers as embeddings carry them, little-endian 32-bit floats, both ways; and text.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NONE = 255;
/** What each sign stands for, by its code. */
const values = new Uint8Array(128).fill(NONE);
for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;

/** The floats in base64. */
export function encodeFloats(floats: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(floats.length * 4));
  floats.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return encode(view);
}

/** A text of nothing but ASCII in base64. */
export function encodeAscii(text: string): string {
  const view = new DataView(new ArrayBuffer(text.length));
  for (let at = 0; at < text.length; at++) view.setUint8(at, text.charCodeAt(at));
  return encode(view);
}

function encode(view: DataView): string {
  const pieces: string[] = [];
  for (let at = 0; at < view.byteLength; at += 3) {
    const left = view.byteLength - at;
    const bits =
      (view.getUint8(at) << 16) |
      ((left > 1 ? view.getUint8(at + 1) : 0) << 8) |
      (left > 2 ? view.getUint8(at + 2) : 0);
    const four = [bits >> 18, (bits >> 12) & 63, (bits >> 6) & 63, bits & 63].map((value) => alphabet[value]).join('');
    pieces.push(left > 2 ? four : `${four.slice(0, left + 1)}${'='.repeat(3 - left)}`);
  }
  return pieces.join('');
}

/** Tells the bytes that base64 stands for one by one. False when it is none. */
function decode(bare: string, take: (byte: number) => void): boolean {
  let bits = 0;
  let count = 0;
  for (let index = 0; index < bare.length; index++) {
    const value = values[bare.charCodeAt(index)] ?? NONE;
    if (value === NONE) return false;
    bits = ((bits << 6) | value) & 0xff_ff_ff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    take((bits >> count) & 255);
  }
  return true;
}

/** The floats that base64 stands for; null when it is none, or not whole floats. */
export function decodeFloats(text: string): number[] | null {
  const bare = text.replace(/=+$/, '');
  const size = Math.floor((bare.length * 3) / 4);
  if (size % 4 !== 0) return null;
  const view = new DataView(new ArrayBuffer(size));
  let at = 0;
  const isWhole = decode(bare, (byte) => {
    if (at < size) view.setUint8(at++, byte);
  });
  return isWhole ? Array.from({ length: size / 4 }, (_, index) => view.getFloat32(index * 4, true)) : null;
}

/** How many signs are put together at once. */
const PIECE = 4_096;
/** The least sign that takes so many further bytes; less would be another spelling of a shorter one. */
const leasts = [0, 0x80, 0x8_00, 0x1_00_00] as const;

/** How many bytes follow the first one of a sign; -1 where none begins so. */
function followers(lead: number): number {
  if (lead < 0x80) return 0;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

/** The text whose UTF-8 stands in base64; null when it is none. */
export function decodeText(text: string): string | null {
  let told = '';
  let signs: number[] = [];
  let left = 0;
  let least = 0;
  let sign = 0;
  let isText = true;
  const isWhole = decode(text.replace(/=+$/, ''), (byte) => {
    if (left > 0) {
      isText &&= (byte & 0xc0) === 0x80;
      sign = (sign << 6) | (byte & 0x3f);
      left--;
    } else {
      const more = followers(byte);
      isText &&= more >= 0;
      left = Math.max(0, more);
      least = leasts[left] ?? 0;
      sign = left === 0 ? byte : byte & (0x3f >> left);
    }
    if (left > 0) return;
    isText &&= sign >= least && sign <= 0x10_ff_ff && (sign < 0xd8_00 || sign > 0xdf_ff);
    if (!isText) return;
    signs.push(sign);
    if (signs.length < PIECE) return;
    told += String.fromCodePoint(...signs);
    signs = [];
  });
  return isWhole && isText && left === 0 ? told + String.fromCodePoint(...signs) : null;
}
