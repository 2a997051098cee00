// How loud packets of Opus are, by their beginning alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toOpusFrames } from '#lambda/gateway/opus-frames.ts';
import { createOpusLoudness } from '#lambda/gateway/opus-loudness.ts';

/** The first byte of a packet: how sound is written, two channels or one, and how its frames are told. */
const head = (config: number, frames: number, stereo = 0): number => config * 8 + stereo * 4 + frames;
const lengths = (...packet: readonly number[]): number[] =>
  toOpusFrames(Uint8Array.from(packet)).frames.map(({ length }) => length);

describe('frames of a packet', () => {
  it('are one, two of a length, two of any, or many', () => {
    expect(lengths(head(1, 0), 1, 2, 3)).toEqual([3]);
    expect(lengths(head(1, 1), 1, 2, 3, 4)).toEqual([2, 2]);
    expect(lengths(head(1, 2), 1, 9, 8, 8, 8)).toEqual([1, 3]);
    expect(lengths(head(1, 2), 252, 1, ...Array.from({ length: 259 }, () => 7))).toEqual([256, 3]);
    expect(lengths(head(1, 3), 3, 1, 2, 3, 4, 5, 6)).toEqual([2, 2, 2]);
    expect(lengths(head(1, 3), 0x80 + 3, 1, 2, 9, 8, 8, 7, 7, 7)).toEqual([1, 2, 3]);
    // Two bytes of padding.
    expect(lengths(head(1, 3), 0x40 + 2, 2, 9, 9, 0, 0)).toEqual([1, 1]);
  });

  it.each([
    [1, { mode: 'silk', ms: 20, channels: 1 }],
    [11, { mode: 'silk', ms: 60, channels: 1 }],
    [13, { mode: 'hybrid', ms: 20, channels: 1 }],
    [14, { mode: 'hybrid', ms: 10, channels: 1 }],
    [31, { mode: 'celt', ms: 20, channels: 1 }],
    [16, { mode: 'celt', ms: 2.5, channels: 1 }],
  ])('of configuration %i are known', (config, known) => {
    expect(toOpusFrames(Uint8Array.from([head(config, 0), 9]))).toMatchObject(known);
    expect(toOpusFrames(Uint8Array.from([head(config, 0, 1), 9]))).toMatchObject({ ...known, channels: 2 });
  });
});

describe('loudness', () => {
  it('is none where nothing was sent because nobody spoke', () => {
    const loudness = createOpusLoudness();
    expect(loudness(Uint8Array.from([head(1, 0)]))).toBe(0);
    expect(loudness(Uint8Array.from([head(1, 0), 0]))).toBe(0);
    expect(loudness(Uint8Array.from([head(31, 1), 0, 0]))).toBe(0);
    expect(loudness(Uint8Array.from([]))).toBe(0);
  });

  it('of speech is greater where the first bit says that somebody speaks', () => {
    const loudness = createOpusLoudness();
    const rest = [0x55, 0x55, 0x55, 0x55, 0x55];
    expect(loudness(Uint8Array.from([head(1, 0), 0xaa, ...rest]))).toBeGreaterThan(
      4 * loudness(Uint8Array.from([head(1, 0), 0x2a, ...rest])),
    );
  });

  it('is a number, whatever the bytes', () => {
    const loudness = createOpusLoudness();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (packet) => {
        const value = loudness(packet);
        expect(Number.isFinite(value)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
