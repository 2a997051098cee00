// Base64: numbers as embeddings carry them, little-endian 32-bit floats, both ways; and text.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Map([...alphabet].map((character, value) => [character.charCodeAt(0), value]));

/** The floats in base64. */
export function encodeFloats(floats: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(floats.length * 4));
  floats.forEach((value, index) => view.setFloat32(index * 4, value, true));
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
    const value = values.get(bare.charCodeAt(index));
    if (value === undefined) return false;
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

/** The text whose UTF-8 stands in base64; null when it is none. */
export function decodeText(text: string): string | null {
  let escaped = '';
  const isWhole = decode(text.replace(/=+$/, ''), (byte) => (escaped += `%${byte.toString(16).padStart(2, '0')}`));
  try {
    return isWhole ? decodeURIComponent(escaped) : null;
  } catch {
    return null;
  }
}
