// WAV files out of nothing, for tests: one channel.

interface WavData {
  readonly data: Uint8Array;
  /** 1: whole numbers, 3: floating point, 6: A-law, 7: µ-law. */
  readonly tag: number;
  /** Samples a second. */
  readonly rate: number;
  /** Of one sample. */
  readonly bytes: number;
}

/** One channel of samples of any kind, with their header. */
export function toWavFile({ data, tag, rate, bytes }: WavData): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(tag, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * bytes, 28);
  head.writeUInt16LE(bytes, 32);
  head.writeUInt16LE(bytes * 8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** 16-bit samples with their header. `sample` answers a height from -1 to 1; absent: a tone. */
export function toWav(
  seconds: number,
  rate = 8_000,
  sample = (index: number): number => Math.sin(index / 5) / 4,
): Buffer {
  const data = Buffer.alloc(Math.round(seconds * rate) * 2);
  for (let i = 0; i < data.length / 2; i++) data.writeInt16LE(Math.round(sample(i) * 32_767), i * 2);
  return toWavFile({ data, tag: 1, rate, bytes: 2 });
}
