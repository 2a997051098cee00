// Files in which recordings stand one behind the other, and sound behind something else: all of it is there, at its time.
import { readFileSync } from 'node:fs';
import { MkvOutputFormat, Mp4OutputFormat } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { readAudioHeader } from '#lambda/gateway/audio-header.ts';
import { openInput, toMemorySource } from '#lambda/gateway/audio-source.ts';
import { openSplit } from '#lambda/gateway/audio-split.ts';
import { repack } from '../fakes/repack.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';

const read = (name: string): Buffer => readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url));

const secondsOf = async (bytes: Uint8Array): Promise<number> => {
  const track = await (await openInput(toMemorySource(bytes))).getPrimaryAudioTrack();
  return (await track?.computeDuration()) ?? 0;
};

/** All pieces of a file, of so many seconds at most. */
async function takeApart(file: Uint8Array, seconds: number) {
  const source = toMemorySource(file);
  const facts = await readAudioHeader(source, 'a');
  const audio = await openSplit(source, facts);
  const spans = await audio.split({ seconds, bytes: Infinity });
  const pieces = [];
  for (const span of spans) pieces.push({ ...span, ...(await audio.cut(span)) });
  audio.close();
  return { facts, pieces };
}

/** As programs write it in front of MP3. */
const tag = Buffer.from([...Buffer.from('ID3'), 3, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
/** Another rate than that of `ruby.mp3`: 32 frames at 8,000 samples a second, of nothing. */
const frame = Buffer.alloc(72);
frame.set([0xff, 0xe3, 0x18, 0xc0]);
const otherMp3 = Buffer.concat([tag, ...Array.from({ length: 32 }, () => frame)]);

/** A browser that writes while it records leaves the length of its segment open. */
function toLive(webm: Buffer): Buffer {
  const live = Buffer.from(webm);
  const at = live.indexOf(Buffer.from([0x18, 0x53, 0x80, 0x67])) + 4;
  const length = Math.clz32(live[at] ?? 0) - 23;
  live.fill(0xff, at, at + length);
  live[at] = (1 << (9 - length)) - 1;
  return live;
}

/** As recorders write what may grow beyond 4 GB: the lengths stand in a chunk of their own. */
function toRf64(wav: Buffer): Buffer {
  const ds64 = Buffer.alloc(36);
  ds64.write('ds64', 0, 'latin1');
  ds64.writeUInt32LE(28, 4);
  ds64.writeBigUInt64LE(BigInt(wav.length + ds64.length - 8), 8);
  const dataAt = wav.indexOf('data', 0, 'latin1');
  ds64.writeBigUInt64LE(BigInt(wav.readUInt32LE(dataAt + 4)), 16);
  const long = Buffer.concat([wav.subarray(0, 12), ds64, wav.subarray(12)]);
  long.write('RF64', 0, 'latin1');
  for (const at of [4, dataAt + ds64.length + 4]) long.writeUInt32LE(0xff_ff_ff_ff, at);
  return long;
}

const m4a = read('dd-transcription.m4a');
const libriVox = read('librivox-sense-0880.wav');

describe('recordings one behind the other', () => {
  it.each([
    ['m4a', [m4a, m4a]],
    ['webm', [read('opus-sound.webm'), read('opus-sound.webm')]],
    ['webm of browsers', [toLive(read('opus-sound.webm')), toLive(read('opus-sound.webm'))]],
    ['webm, one of a browser and one not', [read('opus-sound.webm'), read('browser-recording.webm')]],
    ['ogg of other kinds', [read('opus-speech.ogg'), read('vorbis.ogg'), read('opus-stereo.ogg')]],
    ['flac', [read('tone.flac'), read('tone.flac')]],
    ['wav for more than 4 GB, and without', [toRf64(libriVox), libriVox, toRf64(libriVox)]],
    ['wav of other rates', [read('librivox-sense-0880.wav'), read('ruby.wav')]],
    ['mp3 of other rates', [read('ruby.mp3'), otherMp3, Buffer.concat([tag, read('ruby.mp3')])]],
  ] as const)('%s: all are there, and as long as they are', async (_, files) => {
    const lengths = await Promise.all(files.map(secondsOf));
    const { facts, pieces } = await takeApart(Buffer.concat(files), 1);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    expect(facts.asIs).toBe(false);
    expect(facts.parts).toHaveLength(files.length);
    expect(facts.seconds).toBeCloseTo(total, 1);
    expect(pieces.at(-1)?.end).toBeCloseTo(total, 1);
    const sound = await Promise.all(pieces.map(({ bytes }) => secondsOf(bytes)));
    for (const [index, { start, end }] of pieces.entries()) expect(sound[index]).toBeCloseTo(end - start, 0);
    expect(Math.abs(sound.reduce((sum, length) => sum + length, 0) - total)).toBeLessThan(0.2 * files.length);
  });

  it('fragmented m4a, and matroska as well', async () => {
    const kinds = [
      [m4a, new Mp4OutputFormat({ fastStart: 'fragmented' })],
      [m4a, new MkvOutputFormat()],
    ] as const;
    for (const [given, format] of kinds) {
      const { bytes, seconds } = await repack(given, format);
      const { facts, pieces } = await takeApart(Buffer.concat([bytes, bytes]), 1);
      expect(facts.seconds).toBeCloseTo(2 * seconds, 1);
      expect(pieces.at(-1)?.end).toBeCloseTo(2 * seconds, 1);
    }
  });

  it('short ones go together where they are of one sort, and each word keeps its time', async () => {
    const speeches = [synthesise(6, 1), synthesise(4, 2), synthesise(5, 3)];
    const file = Buffer.concat(speeches.map(({ wav }) => wav));
    const { pieces } = await takeApart(file, 11);
    expect(pieces.map(({ start, end }) => [start, end])).toEqual([[0, 10], [10, 15]]); // prettier-ignore
    const heard = pieces.flatMap(({ bytes, start }) =>
      hearSpeech(bytes).map(({ word, start: at }) => [word, Math.round((start + at) * 100)]),
    );
    const said = speeches.flatMap(({ words }, index) =>
      words.map(({ word, start }) => [word, Math.round(([0, 6, 10][index]! + start) * 100)]),
    );
    expect(heard).toEqual(said);
  });

  it('do not go together where they are of different sorts', async () => {
    const { pieces } = await takeApart(Buffer.concat([read('opus-speech.ogg'), read('vorbis.ogg')]), 600);
    expect(pieces).toHaveLength(2);
  });

  it('that go on counting where those before them end are not moved', async () => {
    const { bytes, seconds } = await repack(m4a, new MkvOutputFormat());
    const later = await repack(m4a, new MkvOutputFormat(), { late: seconds });
    const { facts, pieces } = await takeApart(Buffer.concat([bytes, later.bytes]), 1);
    expect(facts.seconds).toBeCloseTo(2 * seconds, 1);
    expect(pieces.map(({ start }) => start)).toEqual(pieces.map(({ start }) => start).toSorted((a, b) => a - b));
    for (const piece of pieces) expect(await secondsOf(piece.bytes)).toBeCloseTo(piece.end - piece.start, 0);
  });

  it('are refused where they are more than anybody joins', async () => {
    const one = synthesise(1).wav.subarray(0, 44 + 400);
    one.writeUInt32LE(36 + 400, 4);
    one.writeUInt32LE(400, 40);
    const file = Buffer.concat(Array.from({ length: 1_100 }, () => one));
    await expect(readAudioHeader(toMemorySource(file), 'a.wav')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/more than 1000 recordings.*Save it anew/),
    });
  });

  it.each([
    'ruby.mp3',
    'ruby.wav',
    'dd-transcription.m4a',
    'opus-speech.ogg',
    'opus-sound.webm',
    'browser-recording.webm',
    'vorbis.ogg',
  ])('%s alone is one, and goes as it is', async (name) => {
    const facts = await readAudioHeader(toMemorySource(read(name)), name);
    expect([facts.parts, facts.asIs]).toEqual([undefined, true]);
  });
});

describe('mp3 behind something else', () => {
  const mp3 = read('ruby.mp3');

  it.each([
    ['zeros', Buffer.alloc(100_000)],
    ['the head of the answer it came with', Buffer.from('HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n')],
    ['half a frame', Buffer.from(mp3.subarray(1_001, 1_200))],
  ])('%s: is read, and sent without that', async (_, ahead) => {
    const { facts, pieces } = await takeApart(Buffer.concat([ahead, mp3]), 600);
    expect(facts).toMatchObject({ container: 'mp3', asIs: false, parts: [{ from: ahead.length }] });
    expect(facts.seconds).toBeCloseTo(await secondsOf(mp3), 1);
    expect(
      pieces.map(({ bytes }) => bytes[0] === 0xff || Buffer.from(bytes).toString('latin1', 0, 3) === 'ID3'),
    ).toEqual([true]);
  });

  it.each([
    ['text', Buffer.from('Not a sound. '.repeat(1_000))],
    ['what begins like frames', Buffer.concat([Buffer.alloc(10), mp3.subarray(2_000, 2_600)])],
  ])('%s is refused', async (_, bytes) => {
    await expect(readAudioHeader(toMemorySource(bytes), 'a.mp3')).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
