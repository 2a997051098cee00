// How loud a packet of samples is: their mean height, whatever width and order of bytes they are written in.
import type { AudioCodec } from 'mediabunny';

type ReadSample = (view: DataView, at: number) => number;

/** A sample of G.711, 0 to about 32,000: seven bits stand for a step and a place on it. */
const toStep = (bits: number): number => (((bits & 0x0f) << 4) + 0x100) << (bits >> 4);

/** Bytes of one sample, and how to read it. Of wider ones the upper half tells enough. */
const samples: Readonly<Partial<Record<AudioCodec, readonly [bytes: number, read: ReadSample]>>> = {
  'pcm-u8': [1, (view, at) => view.getUint8(at) - 128],
  'pcm-s8': [1, (view, at) => view.getInt8(at)],
  'pcm-s16': [2, (view, at) => view.getInt16(at, true)],
  'pcm-s16be': [2, (view, at) => view.getInt16(at)],
  'pcm-s24': [3, (view, at) => view.getInt16(at + 1, true)],
  'pcm-s24be': [3, (view, at) => view.getInt16(at)],
  'pcm-s32': [4, (view, at) => view.getInt16(at + 2, true)],
  'pcm-s32be': [4, (view, at) => view.getInt16(at)],
  'pcm-f32': [4, (view, at) => view.getFloat32(at, true)],
  'pcm-f32be': [4, (view, at) => view.getFloat32(at)],
  'pcm-f64': [8, (view, at) => view.getFloat64(at, true)],
  'pcm-f64be': [8, (view, at) => view.getFloat64(at)],
  ulaw: [1, (view, at) => toStep(~view.getUint8(at) & 0x7f)],
  alaw: [1, (view, at) => toStep((view.getUint8(at) ^ 0x55) & 0x7f)],
};

/** Whether its packets are nothing but samples. */
export const isSamples = (codec: AudioCodec): boolean => samples[codec] !== undefined;

/** Mean height of the samples, in steps of the codec; 0 for what holds none. */
export function pcmLoudness(data: Uint8Array, codec: AudioCodec): number {
  const [bytes, read] = samples[codec] ?? [1, () => 0];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let sum = 0;
  let count = 0;
  // Every fifth sample tells enough, and lies in another channel than the one before.
  for (let at = 0; at + bytes <= data.byteLength; at += bytes * 5, count++) sum += Math.abs(read(view, at));
  return sum / Math.max(1, count);
}
