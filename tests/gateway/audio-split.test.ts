import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { AdtsOutputFormat, EncodedPacketSink, MkvOutputFormat, MovOutputFormat, type EncodedPacket } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { aacLoudness } from '#lambda/gateway/aac-loudness.ts';
import { readAudioHeader } from '#lambda/gateway/audio-header.ts';
import { openInput, toMemorySource, type AudioSource } from '#lambda/gateway/audio-source.ts';
import { mp3Loudness } from '#lambda/gateway/mp3-loudness.ts';
import { openSplit, toSpans, type PacketTable } from '#lambda/gateway/audio-split.ts';
import { stitchTranscripts } from '#lambda/wire/transcription/stitch.ts';
import { repack } from '../fakes/repack.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';
import { toWavFile } from '../fakes/wav.ts';

const read = (name: string): Buffer => readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url));

/** An m4a of which so much was cut off at its beginning, and at its end if one is told, as phones trim: an edit list leaves it out, and it stays in the file. */
function toTrimmed(m4a: Buffer, seconds: number, end?: number): Buffer {
  const scaleAt = m4a.indexOf('mdhd') + 16;
  const [scale, length] = [m4a.readUInt32BE(scaleAt), m4a.readUInt32BE(scaleAt + 4)];
  const movieScale = m4a.readUInt32BE(m4a.indexOf('mvhd') + 16);
  const edits = Buffer.alloc(36);
  edits.writeUInt32BE(36, 0);
  edits.write('edts', 4, 'latin1');
  edits.writeUInt32BE(28, 8);
  edits.write('elst', 12, 'latin1');
  edits.writeUInt32BE(1, 20);
  edits.writeUInt32BE(Math.round(((end ?? length / scale) - seconds) * movieScale), 24);
  edits.writeUInt32BE(seconds * scale, 28);
  edits.writeUInt32BE(0x1_00_00, 32);
  const trimmed = Buffer.from(m4a);
  for (const box of ['moov', 'trak']) {
    const at = trimmed.indexOf(box) - 4;
    trimmed.writeUInt32BE(trimmed.readUInt32BE(at) + edits.length, at);
  }
  const head = trimmed.indexOf('tkhd') - 4;
  const behind = head + trimmed.readUInt32BE(head);
  return Buffer.concat([trimmed.subarray(0, behind), edits, trimmed.subarray(behind)]);
}

/** Reads that fail from the second on. */
function toFirstRead(bytes: Uint8Array, failure: Error): (start: number, end: number) => Promise<Uint8Array> {
  let reads = 0;
  return (start, end) => (reads++ === 0 ? Promise.resolve(bytes.subarray(start, end)) : Promise.reject(failure));
}

describe('splitting', () => {
  it.each(['ruby.mp3', 'ruby.wav', 'dd-transcription.m4a', 'librivox-sense-0880.wav'])(
    '%s: pieces are files of their own, and together as long as the whole',
    async (name) => {
      const bytes = read(name);
      const facts = await readAudioHeader(toMemorySource(bytes), name);
      const { split, cut } = await openSplit(toMemorySource(bytes), facts);
      const spans = await split({ seconds: 1, bytes: Infinity });
      expect(spans.length).toBeGreaterThan(2);
      expect(spans[0]?.start).toBe(0);
      for (const [index, span] of spans.entries()) {
        if (index > 0) expect(span.start).toBe(spans[index - 1]?.end);
        const piece = await cut(span);
        const { container, seconds } = await readAudioHeader(toMemorySource(piece.bytes), piece.name);
        expect(container).toBe(facts.container);
        expect(Math.abs((seconds ?? 0) - (span.end - span.start))).toBeLessThan(0.1);
        expect(piece.seconds).toBeLessThanOrEqual(1.0001);
      }
      expect(Math.abs((spans.at(-1)?.end ?? 0) - (facts.seconds ?? 0))).toBeLessThan(0.1);
    },
  );

  it('knows how long a recording of a browser is, although its header does not', async () => {
    const bytes = read('browser-recording.webm');
    const { container, seconds } = await readAudioHeader(toMemorySource(bytes), 'recording.webm');
    expect(container).toBe('webm');
    expect(seconds).toBeGreaterThan(1.5);
    expect(seconds).toBeLessThan(3);
    const { split, cut } = await openSplit(toMemorySource(bytes), { container, seconds });
    const spans = await split({ seconds: 0.8, bytes: Infinity });
    expect(spans.length).toBeGreaterThan(1);
    const [span] = spans;
    const piece = span && (await cut(span));
    expect(
      (await readAudioHeader(toMemorySource(piece?.bytes ?? new Uint8Array()), 'piece.webm')).seconds,
    ).toBeLessThan(1);
  });

  it('cuts in the middle of a pause', async () => {
    const rate = 8_000;
    const data = Buffer.alloc(rate * 2 * 20);
    // Ten seconds of sound, with a pause from 8.0 to 8.6.
    for (let i = 0; i < data.length / 2; i++) {
      const at = i / rate;
      data.writeInt16LE(at > 8 && at < 8.6 ? 0 : Math.round(Math.sin(i / 3) * 9_000), i * 2);
    }
    const head = read('ruby.wav').subarray(0, 44);
    const wav = Buffer.concat([Buffer.from(head), data]);
    wav.writeUInt32LE(36 + data.length, 4);
    wav.writeUInt16LE(1, 22);
    wav.writeUInt32LE(rate, 24);
    wav.writeUInt32LE(rate * 2, 28);
    wav.writeUInt16LE(2, 32);
    wav.writeUInt16LE(16, 34);
    wav.writeUInt32LE(data.length, 40);
    const facts = await readAudioHeader(toMemorySource(wav), 'a.wav');
    const { split } = await openSplit(toMemorySource(wav), facts);
    const spans = await split({ seconds: 10, bytes: Infinity });
    expect(spans[0]?.end).toBeGreaterThanOrEqual(8);
    expect(spans[0]?.end).toBeLessThanOrEqual(8.6);
  });

  it.each(['opus-speech.ogg', 'opus-stereo.ogg', 'opus-sound.webm', 'vorbis.ogg'])(
    '%s is cut in its pause, where packets are as large as anywhere, or shorter where it is loud',
    async (name) => {
      const bytes = read(name);
      const { split } = await openSplit(toMemorySource(bytes), await readAudioHeader(toMemorySource(bytes), name));
      const [first] = await split({ seconds: 6, bytes: Infinity });
      expect(first?.end).toBeGreaterThan(4.77);
      expect(first?.end).toBeLessThan(5.2);
    },
  );

  it('hears both sides of a call, of which each is in a channel of its own', async () => {
    const rate = 8_000;
    const data = Buffer.alloc(rate * 4 * 20);
    // One speaks up to 8.0 on the left; the other all the time on the right, but for 8.4 to 9.0.
    for (let i = 0; i < rate * 20; i++) {
      const at = i / rate;
      const height = Math.round(Math.sin(i / 3) * 9_000);
      data.writeInt16LE(at < 8 ? height : 0, i * 4);
      data.writeInt16LE(at > 8.4 && at < 9 ? 0 : height, i * 4 + 2);
    }
    const wav = toWavFile({ data, tag: 1, rate, bytes: 2 });
    wav.writeUInt16LE(2, 22);
    wav.writeUInt32LE(rate * 4, 28);
    wav.writeUInt16LE(4, 32);
    const { split } = await openSplit(toMemorySource(wav), await readAudioHeader(toMemorySource(wav), 'call.wav'));
    const [first] = await split({ seconds: 10, bytes: Infinity });
    expect(first?.end).toBeGreaterThanOrEqual(8.4);
    expect(first?.end).toBeLessThanOrEqual(9);
  });

  it('cuts through no word, even where packets are longer than most pauses', async () => {
    // At 8 kHz a packet holds a quarter of a second.
    for (const seed of [11, 12, 13, 14]) {
      const { wav, words } = synthesise(300, seed);
      const facts = await readAudioHeader(toMemorySource(wav), 'a.wav');
      const { split, cut } = await openSplit(toMemorySource(wav), facts);
      const heard = [];
      for (const span of await split({ seconds: 57, bytes: Infinity }))
        heard.push(...hearSpeech((await cut(span)).bytes));
      expect(heard.map(({ word }) => word)).toEqual(words.map(({ word }) => word));
    }
  });

  it('hears how loud an MP3 of constant bitrate is, whose frames are all of one size', () => {
    const bytes = read('ruby.mp3');
    const frame = 384;
    const loudness = Array.from({ length: bytes.length / frame }, (_, at) =>
      mp3Loudness(bytes.subarray(at * frame, (at + 1) * frame)),
    );
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    // A third of a second passes before anybody speaks.
    expect(mean(loudness.slice(0, 13))).toBeLessThan(mean(loudness) / 20);
    expect(mp3Loudness(Buffer.from('no frame at all, but text'))).toBe(0);
    expect(mp3Loudness(Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(frame - 4)]))).toBe(0);
  });

  it('hears how loud AAC of constant bitrate is, whose packets grow no larger when somebody speaks', async () => {
    const input = await openInput(toMemorySource(read('dd-transcription.m4a')));
    const track = await input.getPrimaryAudioTrack();
    if (track === null) throw new Error('no track');
    const packets: EncodedPacket[] = [];
    for await (const packet of new EncodedPacketSink(track).packets()) packets.push(packet);
    input.dispose();
    const meanOf = (from: number, to: number, value: (data: Uint8Array) => number): number => {
      const within = packets.filter(({ timestamp }) => timestamp >= from && timestamp < to);
      return within.reduce((sum, { data }) => sum + value(data), 0) / within.length;
    };
    // "Hello friend" is said from 0.7 to 1.5.
    expect(meanOf(0.7, 1.5, aacLoudness)).toBeGreaterThan(3 * meanOf(0.02, 0.68, aacLoudness));
    expect(meanOf(0.7, 1.5, aacLoudness)).toBeGreaterThan(3 * meanOf(1.6, 2.2, aacLoudness));
    expect(meanOf(0.7, 1.5, ({ length }) => length)).toBeLessThan(meanOf(1.6, 2.2, ({ length }) => length));
  });

  it('finds the gain of AAC behind filling and behind what two channels share', () => {
    const pack = (bits: string): Uint8Array =>
      Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, at) =>
        Number.parseInt(bits.slice(at * 8, at * 8 + 8).padEnd(8, '0'), 2),
      );
    const loud = '10100000'; // A gain of 160, which doubles loudness forty times.
    const louder = (bits: string): number => Math.log2(aacLoudness(pack(bits)) / pack(bits).length);
    expect(louder(`000${'0000'}${loud}`)).toBe(40);
    expect(louder(`110${'0001'}${'11111111'}000${'0000'}${loud}`)).toBe(40);
    expect(louder(`110${'1111'}${'00000010'}${'1'.repeat(16 * 8)}000${'0000'}${loud}`)).toBe(40);
    expect(louder(`001${'0000'}0${loud}`)).toBe(40);
    expect(louder(`001${'0000'}1${'0'}${'00'}${'0'}${'000011'}${'0'}${'01'}${'101'}${loud}`)).toBe(40);
    // Eight short windows in three groups of four bands.
    const short = `${'0'}${'10'}${'0'}${'0100'}${'1010111'}${'01'}`;
    expect(louder(`001${'0000'}1${short}${'0'.repeat(12)}${loud}`)).toBe(40);
    // Something else: no more is known than its size.
    expect(louder(`010${'0000'}${loud}`)).toBe(0);
  });

  it.each([
    ['ulaw', 7, 1],
    ['alaw', 6, 1],
    ['pcm-f64', 3, 8],
  ] as const)('cuts %s, as telephones and studios write it, in the middle of a pause', async (codec, tag, width) => {
    const rate = 8_000;
    const data = Buffer.alloc(rate * width * 20);
    for (let i = 0; i < rate * 20; i++) {
      const isPause = i > 8 * rate && i < 8.6 * rate;
      const height = isPause ? 0 : Math.sin(i / 3);
      if (width === 8) data.writeDoubleLE(height * 0.3, i * 8);
      // The lowest code of either law, and one that is high on both sides.
      else
        data[i] = isPause
          ? codec === 'ulaw'
            ? 0xff
            : 0xd5
          : (codec === 'ulaw' ? 0x9f : 0xb5) & (height < 0 ? 0x7f : 0xff);
    }
    const wav = toWavFile({ data, tag, rate, bytes: width });
    const facts = await readAudioHeader(toMemorySource(wav), 'a.wav');
    const { split } = await openSplit(toMemorySource(wav), facts);
    const [first] = await split({ seconds: 10, bytes: Infinity });
    expect(first?.end).toBeGreaterThanOrEqual(8);
    expect(first?.end).toBeLessThanOrEqual(8.6);
  });

  it.each([
    ['matroska with AAC', 'dd-transcription.m4a', () => new MkvOutputFormat(), 'm4a'],
    ['matroska with MP3', 'ruby.mp3', () => new MkvOutputFormat(), 'mp3'],
    ['matroska with samples', 'ruby.wav', () => new MkvOutputFormat(), 'wav'],
    ['samples in a film', 'ruby.wav', () => new MovOutputFormat(), 'wav'],
    ['bare AAC', 'dd-transcription.m4a', () => new AdtsOutputFormat(), 'm4a'],
  ] as const)('%s comes in pieces of a kind that providers take', async (_, name, format, container) => {
    const { bytes, seconds } = await repack(read(name), format());
    const facts = await readAudioHeader(toMemorySource(bytes), 'rec');
    expect(facts.seconds).toBeCloseTo(seconds, 1);
    const { split, cut } = await openSplit(toMemorySource(bytes), facts);
    const spans = await split({ seconds: 1, bytes: Infinity });
    expect(spans.length).toBeGreaterThan(2);
    for (const span of spans) {
      const piece = await cut(span);
      const told = await readAudioHeader(toMemorySource(piece.bytes), piece.name);
      expect([piece.name, told.container, told.type]).toEqual([`audio.${container}`, container, piece.type]);
      expect(told.seconds).toBeCloseTo(span.end - span.start, 1);
    }
  });

  it('keeps the times of a film whose sound begins later', async () => {
    const { bytes } = await repack(read('dd-transcription.m4a'), new MkvOutputFormat(), { late: 2, pictures: 4 });
    const facts = await readAudioHeader(toMemorySource(bytes), 'a.mkv');
    const { split, cut } = await openSplit(toMemorySource(bytes), facts);
    const spans = await split({ seconds: 1, bytes: Infinity });
    expect(spans[0]?.start).toBe(2);
    const piece = await cut(spans[0]!);
    const told = await readAudioHeader(toMemorySource(piece.bytes), piece.name);
    expect(told.seconds).toBeCloseTo(spans[0]!.end - 2, 1);
    expect(told.asIs).toBe(true);
  });

  it('leaves out what was trimmed off, so that the rest keeps its times', async () => {
    const whole = read('dd-transcription.m4a');
    const trimmed = toTrimmed(whole, 1);
    const { seconds } = await readAudioHeader(toMemorySource(whole), 'a.m4a');
    const facts = await readAudioHeader(toMemorySource(trimmed), 'a.m4a');
    expect(facts.seconds).toBeCloseTo((seconds ?? 0) - 1, 1);
    // Sent as it came, what was trimmed off would go with it, even where all of it fits one call.
    expect(facts.asIs).toBe(false);
    const { split, cut } = await openSplit(toMemorySource(trimmed), facts);
    const [first, ...others] = await split({ seconds: 0.8, bytes: Infinity });
    expect([first?.start, others.length > 0]).toEqual([0, true]);
    const piece = await cut(first!);
    const { cut: cutWhole } = await openSplit(toMemorySource(whole), { container: 'm4a', seconds });
    const holds = async (start: number): Promise<boolean> => {
      const { bytes } = await cutWhole({ start, end: start + 0.1 });
      return Buffer.from(piece.bytes).includes(Buffer.from(bytes.subarray(-100)));
    };
    expect([await holds(0.5), await holds(0.7), await holds(1.2)]).toEqual([false, false, true]);
  });

  it('leaves out what was trimmed off at the end, and takes no padding for it', async () => {
    const whole = read('dd-transcription.m4a');
    const seconds = (await readAudioHeader(toMemorySource(whole), 'a.m4a')).seconds ?? 0;
    const trimmed = toTrimmed(whole, 0.5, 1.5);
    const facts = await readAudioHeader(toMemorySource(trimmed), 'a.m4a');
    expect(facts).toMatchObject({ seconds: 1, asIs: false });
    const { split, cut } = await openSplit(toMemorySource(trimmed), facts);
    const spans = await split({ seconds: 30, bytes: Infinity });
    expect(spans).toEqual([{ start: 0, end: 1 }]);
    const { bytes, name } = await cut(spans[0]!);
    const told = await readAudioHeader(toMemorySource(bytes), name);
    expect(told.seconds).toBeCloseTo(1, 1);
    // Less than a packet is what an encoder fills up.
    const padded = await readAudioHeader(toMemorySource(toTrimmed(whole, 0, seconds - 0.05)), 'a.m4a');
    expect(padded).toMatchObject({ seconds, asIs: true });
    // One whose list tells no end is read to its own.
    const endless = toTrimmed(whole, 0, 0);
    expect((await readAudioHeader(toMemorySource(endless), 'a.m4a')).seconds).toBeCloseTo(seconds, 1);
  });

  it('tells damage as what it is, and what the place of the recording fails at as that', async () => {
    const bytes = read('dd-transcription.m4a');
    const facts = await readAudioHeader(toMemorySource(bytes), 'a.m4a');
    const cutOff = toMemorySource(bytes.subarray(0, bytes.length - 20_000));
    await expect(openSplit(cutOff, facts)).rejects.toMatchObject({ code: 'invalid_request', param: 'file' });
    const gone = new Error('the bucket is away');
    const away = (): AudioSource => ({ size: bytes.length, read: toFirstRead(bytes, gone) });
    await expect(readAudioHeader(away(), 'a.m4a')).rejects.toBe(gone);
    await expect(openSplit(away(), facts)).rejects.toBe(gone);
  });

  it('begins at zero, where an encoder begins a little before', () => {
    const table: PacketTable = {
      at: Float64Array.from([-0.04, -0.02, 0, 0.02, 0.04, 0.06]),
      loudness: new Float64Array(6).fill(1),
      size: new Float64Array(6).fill(1),
      end: 0.08,
    };
    expect(toSpans(table, { seconds: 0.05, bytes: 100 })).toEqual([
      { start: 0, end: 0.04 },
      { start: 0.04, end: 0.08 },
    ]);
  });

  it('keeps to its bounds and loses no packet, whatever the sound', () => {
    const packet = fc.record({
      seconds: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
      size: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(
        fc.array(packet, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 2, max: 20 }),
        (packets, seconds) => {
          let at = 0;
          const starts = packets.map((one) => {
            const start = at;
            at += one.seconds;
            return start;
          });
          const size = Float64Array.from(packets.map((one) => one.size));
          const table: PacketTable = { at: Float64Array.from(starts), loudness: size, size, end: at };
          const spans = toSpans(table, { seconds, bytes: 20_000 });
          expect(spans[0]?.start).toBe(0);
          expect(spans.at(-1)?.end).toBe(at);
          spans.forEach(({ start, end }, index) => {
            expect(end).toBeGreaterThan(start);
            expect(end - start).toBeLessThanOrEqual(seconds + 0.1);
            if (index > 0) expect(start).toBe(spans[index - 1]?.end);
          });
        },
      ),
    );
  });
});

describe('stitching', () => {
  const transcript = (text: string, segments: [number, number, string][] | null) => ({
    text,
    language: 'en',
    duration: null,
    segments: segments?.map(([start, end, said]) => ({ start, end, text: said, speaker: null })) ?? null,
    words: segments?.map(([start, end, word]) => ({ start, end, word })) ?? null,
  });

  it('moves times to where they belong, never backwards and never out of their piece', () => {
    const joined = stitchTranscripts([
      { start: 0, end: 10, transcript: transcript('a b', [[0, 4, 'a'], [3.9, 12, 'b']]) },
      { start: 10, end: 15, transcript: transcript('c', [[-1, 2, 'c']]) },
      { start: 15, end: 16, transcript: transcript('', []) },
    ]); // prettier-ignore
    expect(joined.text).toBe('a b c');
    expect(joined.duration).toBe(16);
    expect(joined.segments?.map(({ start, end }) => [start, end])).toEqual([[0, 4], [3.9, 10], [10, 12]]); // prettier-ignore
    expect(joined.words).toHaveLength(3);
  });

  it('makes one segment of a piece without times, and no words unless all pieces have some', () => {
    const joined = stitchTranscripts([
      { start: 0, end: 10, transcript: transcript('a', [[0, 1, 'a']]) },
      { start: 10, end: 20, transcript: transcript('b', null) },
    ]);
    expect(joined.segments).toMatchObject([{ end: 1 }, { start: 10, end: 20, text: 'b' }]);
    expect(joined.words).toBeNull();
  });
});
