// How loud a packet of Opus is, without decoding it: by the gain of speech (RFC 6716, 4.2.7.4), and by the energy of the lowest bands of other sound (4.3.2.1), both of which stand at its beginning.
import { toOpusFrames, type OpusFrames } from './opus-frames.ts';
import { RangeDecoder } from './range-decoder.ts';

/** Shorter frames hold no sound: nobody was speaking, so that nothing was sent. */
const LEAST_BYTES = 2;

/** A speech frame is of one of these kinds: quiet, unvoiced, or voiced; and how loud each is, as a rule. */
const INACTIVE_KINDS = [26, 230];
const ACTIVE_KINDS = [24, 74, 148, 10];
const COARSE_GAINS = [
  [32, 112, 68, 29, 12, 1, 1, 1],
  [2, 17, 45, 60, 62, 47, 19, 4],
  [1, 3, 26, 71, 94, 50, 9, 2],
] as const;
const FINE_GAINS = Array.from({ length: 8 }, () => 1);
/** What two channels share, before the first of them. */
const STEREO_PAIRS = [7, 2, 1, 1, 1, 10, 24, 8, 1, 1, 3, 23, 92, 23, 3, 1, 1, 8, 24, 10, 1, 1, 1, 2, 7];
const STEREO_STEPS = [
  [85, 86, 85],
  [51, 51, 52, 51, 51],
] as const;
const MIDDLE_ONLY = [192, 64];
const BIT = [1, 1];
/** Which frames are kept twice, where a packet holds several. */
const KEPT_TWICE: Readonly<Record<number, readonly number[]>> = { 2: [53, 53, 150], 3: [41, 20, 29, 41, 15, 28, 82] };
/** Steps of the gain in which loudness doubles: each is 1.37 dB. */
const DOUBLE = 4.4;
/** The gain is that of what the filters of a voice leave over: a voice is so much louder than the same gain without one. */
const VOICED = 4;

interface Flags {
  readonly active: boolean;
  readonly twice: boolean;
}

/** Whether anybody speaks in one channel, and whether a frame before is kept there once more. */
function readFlags(decoder: RangeDecoder, frames: number): Flags {
  let active = false;
  for (let one = 0; one < frames; one++) active = decoder.symbol(BIT) === 1 || active;
  return { active, twice: decoder.symbol(BIT) === 1 };
}

function skipStereo(decoder: RangeDecoder, isMiddleOnly: boolean): void {
  decoder.symbol(STEREO_PAIRS);
  for (const _ of BIT) for (const steps of STEREO_STEPS) decoder.symbol(steps);
  if (isMiddleOnly) decoder.symbol(MIDDLE_ONLY);
}

/** Of several frames the first one tells the gain, and all whether anybody speaks. */
function speechLoudness(frame: Uint8Array, { ms, channels }: OpusFrames): number {
  const decoder = new RangeDecoder(frame);
  const frames = Math.max(1, ms / 20);
  const middle = readFlags(decoder, frames);
  const side = channels === 2 ? readFlags(decoder, frames) : null;
  for (const flags of [middle, side]) if (flags?.twice) decoder.symbol(KEPT_TWICE[frames] ?? [1]);
  if (side !== null) skipStereo(decoder, !side.active);
  const active = middle.active || middle.twice;
  // Two of each kind, which differ in what does not matter here.
  const kind = active ? 1 + (decoder.symbol(ACTIVE_KINDS) >> 1) : (decoder.symbol(INACTIVE_KINDS), 0);
  const gain = decoder.symbol(COARSE_GAINS[kind] ?? COARSE_GAINS[0]) * 8 + decoder.symbol(FINE_GAINS);
  return 2 ** (gain / DOUBLE) * (middle.active ? VOICED : 1);
}

/** Bands up to 1.6 kHz: there a voice is loud, and what rustles is not. Their means, as powers of two. */
const MEANS = [6.4375, 6.25, 5.75, 5.3125, 5.0625, 4.8125, 4.5, 4.375];
const SILENT = -28;
const LOWEST = -9;
/** No sound is louder; what is damaged may say so. */
const HIGHEST = 24;

/** How frames of one length tell energies: the chance that a band is as foreseen, and how fast the others fall off; and how much of the frame before stays. */
interface Model {
  readonly inter: readonly number[];
  readonly intra: readonly number[];
  readonly kept: number;
  readonly leak: number;
}
const INTRA_LEAK = 4_915 / 32_768;
const models: Readonly<Record<number, Model>> = {
  10: {
    inter: [61, 90, 93, 60, 105, 42, 107, 41, 110, 45, 116, 38, 113, 38, 112, 38],
    intra: [21, 178, 59, 110, 71, 86, 75, 85, 84, 83, 91, 66, 88, 73, 87, 72],
    kept: 21_248 / 32_768,
    leak: 12_124 / 32_768,
  },
  20: {
    inter: [42, 121, 96, 66, 108, 43, 111, 40, 117, 44, 123, 32, 120, 36, 119, 33],
    intra: [22, 178, 63, 114, 74, 82, 84, 83, 92, 82, 103, 62, 96, 72, 96, 67],
    kept: 0.5,
    leak: 6_554 / 32_768,
  },
};

const TOTAL = 2 ** 15;
/** Every step has a chance, however small. */
const LEAST_CHANCES = 32;

/** A step up or down from what was foreseen. `zero`: how likely none is, of 32,768; `decay`: of 16,384. */
function readStep(decoder: RangeDecoder, zero: number, decay: number): number {
  const place = decoder.look(TOTAL);
  let [low, share, step] = [0, zero, 0];
  if (place >= zero) {
    step = 1;
    low = zero;
    share = Math.floor(((TOTAL - LEAST_CHANCES - zero) * (16_384 - decay)) / TOTAL) + 1;
    while (share > 1 && place >= low + 2 * share) {
      low += 2 * share;
      share = Math.floor(((2 * share - 2) * decay) / TOTAL) + 1;
      step++;
    }
    if (share <= 1) {
      const more = (place - low) >> 1;
      step += more;
      low += 2 * more;
    }
    // Of each step, the way down lies before the way up.
    if (place < low + share) step = -step;
    else low += share;
  }
  decoder.take(low, Math.min(low + share, TOTAL), TOTAL);
  return step;
}

/** Skips what is said of a voice's pitch. */
function skipPitch(decoder: RangeDecoder): void {
  if (decoder.symbol(BIT) === 0) return;
  decoder.symbol([1, 1, 1, 1, 1, 1]);
  // The rest of it stands at the other end of the frame, but for the last.
  decoder.symbol([2, 1, 1]);
}

/** Loudness of the packets of one recording, in their order, on a scale of its own. */
export function createOpusLoudness(): (packet: Uint8Array) => number {
  /** Energies of the frame before, by band and channel. */
  let before = new Float64Array(MEANS.length * 2).fill(SILENT);
  const soundLoudness = (frame: Uint8Array, { ms, channels }: OpusFrames): number => {
    const model = models[ms];
    if (model === undefined) return frame.length;
    const decoder = new RangeDecoder(frame);
    if (decoder.symbol([TOTAL - 1, 1]) === 1) {
      before.fill(SILENT);
      return 0;
    }
    skipPitch(decoder);
    decoder.symbol([7, 1]);
    const isIntra = decoder.symbol([7, 1]) === 1;
    const chances = isIntra ? model.intra : model.inter;
    const [kept, leak] = isIntra ? [0, INTRA_LEAK] : [model.kept, model.leak];
    const carried = [0, 0];
    let sum = 0;
    const next = new Float64Array(before);
    for (const [band, mean] of MEANS.entries())
      for (let channel = 0; channel < channels; channel++) {
        const at = band * 2 + channel;
        const step = readStep(decoder, (chances[band * 2] ?? 0) * 128, (chances[band * 2 + 1] ?? 0) * 64);
        const foreseen = Math.max(LOWEST, before[at] ?? 0) * kept + (carried[channel] ?? 0);
        const energy = Math.min(HIGHEST, foreseen + step);
        carried[channel] = (carried[channel] ?? 0) + step * (1 - leak);
        next[at] = energy;
        sum += 2 ** (energy + mean);
      }
    before = next;
    return sum / channels;
  };
  return (packet) => {
    const parts = toOpusFrames(packet);
    const told = parts.frames.filter(({ length }) => length >= LEAST_BYTES);
    const sum = told.reduce(
      (all, frame) => all + (parts.mode === 'celt' ? soundLoudness(frame, parts) : speechLoudness(frame, parts)),
      0,
    );
    return sum / Math.max(1, parts.frames.length);
  };
}
