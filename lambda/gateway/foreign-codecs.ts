// What the sound of a file is that could not be read, as the file names it: whoever sent it learns what to save anew, and why.
import type { AudioSource } from './audio-source.ts';

/** Codecs are named near the beginning, and in the index of MP4, which may stand at the end. */
const HEAD_BYTES = 64 * 1024;
const TAIL_BYTES = 4 * 1024 * 1024;

/** Sound that is enciphered (ISO 14496-12, 8.12; before that by Apple). */
export const PROTECTED = 'protected';

const inMp4: Readonly<Record<string, string>> = {
  alac: 'ALAC (Apple Lossless)',
  samr: 'AMR',
  sawb: 'AMR',
  'dts ': 'DTS',
  enca: PROTECTED,
  drms: PROTECTED,
};
const inOgg = { '\x7fFLAC': 'FLAC in Ogg', 'Speex   ': 'Speex' };
/** By the number of RFC 2361. */
const inWav: Readonly<Record<number, string>> = {
  0x02: 'ADPCM',
  0x11: 'ADPCM',
  0x31: 'GSM',
  0x50: 'MPEG in WAV',
  0x55: 'MP3 in WAV',
};

/** From the head of a list of what samples are to the name of the first entry. */
const ENTRY_AT = 16;

function findInMp4(bytes: Buffer): string | null {
  for (let at = bytes.indexOf('stsd'); at >= 0; at = bytes.indexOf('stsd', at + 1)) {
    const found = inMp4[bytes.toString('latin1', at + ENTRY_AT, at + ENTRY_AT + 4)];
    if (found !== undefined) return found;
  }
  return null;
}

function findInWav(head: Buffer): string | null {
  const at = head.indexOf('fmt ');
  return at < 0 || at + 10 > head.length ? null : (inWav[head.readUInt16LE(at + 8)] ?? null);
}

const findInOgg = (head: Buffer): string | null =>
  Object.entries(inOgg).find(([begins]) => head.includes(begins, 0, 'latin1'))?.[1] ?? null;

/** The name of the codec; null for one that can be read, or that nobody knows. */
export async function findForeignCodec({ size, read }: AudioSource, container: string): Promise<string | null> {
  const head = Buffer.from(await read(0, Math.min(HEAD_BYTES, size)));
  if (container === 'wav') return findInWav(head);
  if (container === 'ogg') return findInOgg(head);
  if (container === 'webm') return /A_(ALAC|DTS|TRUEHD|TTA1|WAVPACK4|REAL)/.exec(head.toString('latin1'))?.[1] ?? null;
  if (container !== 'm4a') return null;
  return findInMp4(head) ?? findInMp4(Buffer.from(await read(Math.max(0, size - TAIL_BYTES), size)));
}
