// A recording whose words are known: each is a burst of tone that carries its number, with pauses between sentences; and an ear that reads it back.
import type { HeardWord } from './provider/audio.ts';
import { createRandom } from './random.ts';

export interface Speech {
  /** The recording, a WAV file. */
  readonly wav: Buffer;
  /** Every word with its true times. */
  readonly words: readonly HeardWord[];
}

/** Samples a second. */
const RATE = 8_000;
const HEAD = 44;
/** Samples that stand for the beginning and the end of a word; no tone is so high. */
const BEGIN = 32_000;
const END = -32_000;
const BASE = 10_000;

/** What the ear tells of a word that was cut through. */
export const CUT = '[cut]';

function toHead(bytes: number, rate: number): Buffer {
  const head = Buffer.alloc(HEAD);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(bytes, 40);
  return head;
}

const toName = (index: number): string => `w${index}`;

/** Says numbered words for so many seconds, in sentences of six to fourteen. */
export function synthesise(seconds: number, seed = 1): Speech {
  const random = createRandom(seed);
  const between = (least: number, most: number): number => least + (most - least) * random();
  const data = Buffer.alloc(seconds * RATE * 2);
  const samples = new Int16Array(data.buffer, data.byteOffset, data.length / 2);
  for (let at = 0; at < samples.length; at += 7) samples[at] = Math.round(between(-40, 40));
  const words: HeardWord[] = [];
  let at = Math.round(RATE * 0.4);
  let left = 10;
  for (;;) {
    const length = Math.round(RATE * between(0.18, 0.45));
    if (at + length + RATE > samples.length) break;
    const pitch = between(0.1, 0.6);
    for (let i = 0; i < length; i++) samples[at + i] = Math.round(Math.sin(i * pitch) * 7_000);
    const index = words.length;
    samples.set([BEGIN, Math.floor(index / BASE), index % BASE, length], at);
    samples[at + length - 1] = END;
    words.push({ word: toName(index), start: at / RATE, end: (at + length) / RATE });
    left -= 1;
    at += length + Math.round(RATE * (left > 0 ? between(0.04, 0.12) : between(0.5, 1.2)));
    if (left <= 0) left = Math.round(between(6, 14));
  }
  return { wav: Buffer.concat([toHead(data.length, RATE), data]), words };
}

/** What is said in a piece of such a recording. */
export function hearSpeech(wav: Uint8Array): HeardWord[] {
  const view = new DataView(wav.buffer, wav.byteOffset, wav.byteLength);
  const count = Math.floor((wav.byteLength - HEAD) / 2);
  const sample = (at: number): number => (at < count ? view.getInt16(HEAD + at * 2, true) : 0);
  const words: HeardWord[] = [];
  for (let at = 0; at < count; at++) {
    const height = sample(at);
    if (height === END) words.push({ word: CUT, start: 0, end: at / RATE });
    if (height !== BEGIN) continue;
    const length = sample(at + 3);
    const end = at + length - 1;
    const isWhole = sample(end) === END;
    words.push({
      word: isWhole ? toName(sample(at + 1) * BASE + sample(at + 2)) : CUT,
      start: at / RATE,
      end: Math.min(count, end + 1) / RATE,
    });
    at = isWhole ? end : at + 3;
  }
  return words;
}
