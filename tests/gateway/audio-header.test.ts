// What is told of files that are no sound, or not the sound they claim to be, before anything is spent on them.
import { readFileSync } from 'node:fs';
import { MkvOutputFormat, Mp4OutputFormat, OggOutputFormat } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { readAudioHeader } from '#lambda/gateway/audio-header.ts';
import { toMemorySource } from '#lambda/gateway/audio-source.ts';
import { openSplit } from '#lambda/gateway/audio-split.ts';
import { repack } from '../fakes/repack.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';

const read = (name: string): Buffer => readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url));

/** The same file with four bytes of its own choosing, so far behind a word that stands in it. */
function patched(bytes: Buffer, { behind, by, value }: { behind: string; by: number; value: number }): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(value, copy.indexOf(behind) + behind.length + by);
  return copy;
}

const wav = synthesise(2).wav;
/** ADPCM, of which nobody can cut pieces. */
const adpcm = Buffer.from(wav);
adpcm.writeUInt16LE(2, 20);
const m4a = read('dd-transcription.m4a');
const days = patched(patched(m4a, { behind: 'mvhd', by: 16, value: 0xff_ff_ff_00 }), {
  behind: 'mdhd',
  by: 16,
  value: 0xff_ff_ff_00,
});

/** As recorders write it whose files may grow beyond 4 GB: the lengths stand in a chunk of their own. */
function toLarge(file: Buffer): Buffer {
  const lengths = Buffer.alloc(36);
  lengths.write('ds64', 0, 'latin1');
  lengths.writeUInt32LE(28, 4);
  lengths.writeBigUInt64LE(BigInt(file.length + 28), 8);
  lengths.writeBigUInt64LE(BigInt(file.length - 44), 16);
  const all = Buffer.concat([file.subarray(0, 12), lengths, file.subarray(12)]);
  all.write('RF64', 0, 'latin1');
  all.writeUInt32LE(0xff_ff_ff_ff, 4);
  all.writeUInt32LE(0xff_ff_ff_ff, 76);
  return all;
}
/** The same file, said to be of another codec. */
function toCodec(name: string): Buffer {
  const file = Buffer.from(m4a);
  file.write(name, file.indexOf('mp4a', file.indexOf('stsd')), 'latin1');
  file.write('free', file.indexOf('esds'), 'latin1');
  return file;
}
/** Of a codec that phones offer as lossless. */
const alac = toCodec('alac');

/** A page of Ogg with the head of some codec. */
function toOggOf(begins: string): Buffer {
  const page = Buffer.alloc(28);
  page.write('OggS\0\x02', 0, 'latin1');
  page.writeUInt32LE(7, 14);
  page[26] = 1;
  page[27] = begins.length;
  return Buffer.concat([page, Buffer.from(begins, 'latin1')]);
}

/** The sound of a recording in Ogg. */
const toOgg = async (webm: Buffer): Promise<Buffer> =>
  Buffer.from((await repack(webm, new OggOutputFormat({ maximumPageDuration: 0.2 }))).bytes);

/** The beginning of a FLAC file, which says how it is to be read; no sound follows. */
function toFlacHead(): Buffer {
  const head = Buffer.alloc(42);
  head.write('fLaC', 0, 'latin1');
  head[4] = 0x80;
  head.writeUIntBE(34, 5, 3);
  head.writeUInt16BE(4_096, 8);
  head.writeUInt16BE(4_096, 10);
  // 16 kHz, one channel, 16 bits, 960,000 samples.
  head.writeBigUInt64BE((16_000n << 44n) | (15n << 36n) | 960_000n, 18);
  return head;
}

/** A box of MP4. */
function toBox(name: string, ...content: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.reduce((sum, { length }) => sum + length, 0));
  head.write(name, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

function toNumbers(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [at, number] of numbers.entries()) bytes.writeUInt32BE(number, at * 4);
  return bytes;
}

/** The content of a box of a file. */
function contentOf(file: Buffer, name: string): Buffer {
  const at = file.indexOf(name);
  return file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4));
}

/** Samples that no one walks through in a test, but that are walked within it, and more than its files have bytes. */
const MANY = 120_000;
const none = Buffer.alloc(0);
/** The tables of a recording of MANY samples of one byte, in one chunk. */
const tables = {
  stts: toNumbers(0, 1, MANY, 1),
  ctts: toNumbers(0, 1, 1, 0),
  stsz: toNumbers(0, 1, MANY),
  stsc: toNumbers(0, 1, 1, MANY, 1),
  stco: toNumbers(0, 1, 40),
};

/** A film of sound, of the description of a true one, with other tables. */
function toFilm(given: Record<string, Buffer>, codec = 'mp4a', ...behind: readonly Buffer[]): Buffer {
  const kinds = toBox('stsd', Buffer.from(contentOf(m4a, 'stsd')));
  kinds.write(codec, kinds.indexOf('mp4a'), 'latin1');
  const boxes = Object.entries(given).flatMap(([name, content]) => (content === none ? [] : [toBox(name, content)]));
  const table = toBox('stbl', kinds, ...boxes);
  const media = toBox(
    'mdia',
    toBox('mdhd', contentOf(m4a, 'mdhd')),
    toBox('hdlr', contentOf(m4a, 'hdlr')),
    toBox('minf', table),
  );
  const track = toBox('trak', toBox('tkhd', contentOf(m4a, 'tkhd')), media);
  const isCut = behind.length > 0;
  // A track, 1; description 1; length and size of samples 1.
  const defaults = isCut
    ? [toBox('mvex', toBox('trex', toNumbers(0, m4a.readUInt32BE(m4a.indexOf('tkhd') + 16), 1, 1, 1, 0)))]
    : [];
  const index = toBox('moov', toBox('mvhd', contentOf(m4a, 'mvhd')), track, ...defaults);
  return Buffer.concat([toBox('ftyp', contentOf(m4a, 'ftyp')), index, ...behind, toBox('mdat', Buffer.alloc(3_000))]);
}

/** A fragment whose run of samples tells nothing of each. */
const toFragment = (samples: number): Buffer => {
  const track = m4a.readUInt32BE(m4a.indexOf('tkhd') + 16);
  return toBox(
    'moof',
    toBox('mfhd', toNumbers(0, 1)),
    toBox('traf', toBox('tfhd', toNumbers(0, track)), toBox('trun', toNumbers(0, samples))),
  );
};
const empty = { stts: toNumbers(0, 0), stsz: toNumbers(0, 0, 0), stsc: toNumbers(0, 0), stco: toNumbers(0, 0) };

describe('an index', () => {
  const seconds = async (film: Buffer): Promise<number | null> =>
    (await readAudioHeader(toMemorySource(film), 'a.m4a')).seconds;
  it.each([
    ['samples of one size, of which nothing is walked', toFilm({ ...tables, ctts: none })],
    ['a fragment', toFilm(empty, 'mp4a', toFragment(2_900))],
    [
      'words that are names of tables by chance',
      toFilm({ ...tables, ctts: none, free: Buffer.from('from the trunk of a tree') }),
    ],
  ])('of %s is believed', async (_, film) => {
    expect(await seconds(film)).toBeGreaterThan(0);
  });

  it.each([
    ['samples with times of their own', toFilm(tables)],
    ['times that are moved', toFilm({ ...tables, stts: toNumbers(0, 1, 2_000, 1), ctts: toNumbers(0, 1, MANY, 0) })],
    ['times, hidden in another box', toFilm({ ...tables, stts: none, edts: toBox('stts', tables.stts) })],
    ['chunks', toFilm({ ...tables, ctts: none, stsc: toNumbers(0, 2, 1, 1, 1, MANY, 1, 1) }, 'twos')],
    [
      'samples in a chunk',
      toFilm({ ...tables, ctts: none, stsz: toNumbers(0, 0, 3, 9, 9, 9), stts: toNumbers(0, 1, 3, 1_024) }),
    ],
    ['samples in a fragment', toFilm(empty, 'mp4a', toFragment(MANY))],
    ['samples in many fragments', toFilm(empty, 'mp4a', ...Array.from({ length: 4 }, () => toFragment(2_900)))],
  ])('that claims more %s than its file holds is not followed', async (_, film) => {
    await expect(seconds(film)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/header can't be read: it may be cut or damaged/),
    });
  });
});

describe('packets', () => {
  it('that lie over each other, more than their file can hold, are not followed', async () => {
    const count = 100;
    const over = {
      stts: toNumbers(0, 1, count, 1_024),
      stsz: toNumbers(0, 2_000, count),
      stsc: toNumbers(0, 1, 1, 1, 1),
      stco: toNumbers(0, count, ...Array.from({ length: count }, () => 1_000)),
    };
    const film = toMemorySource(toFilm(over));
    const { split, cut } = await openSplit(film, { container: 'm4a', seconds: null });
    const damaged = { code: 'invalid_request', message: expect.stringMatching(/is damaged/) };
    await expect(split({ seconds: 1, bytes: Infinity })).rejects.toMatchObject(damaged);
    await expect(cut({ start: 0, end: 10 })).rejects.toMatchObject(damaged);
  });
});

describe('the header of a recording', () => {
  it.each([
    ['empty', Buffer.alloc(0), /is empty/],
    ['text', Buffer.from('just some words'), /no audio we know/],
    [
      'text behind an ID3 mark',
      Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\x10'), Buffer.alloc(2_000, 'A')]),
      /cut or damaged/,
    ],
    ['cut in its header', wav.subarray(0, 30), /cut or damaged/],
    ['an m4a cut before its sound', m4a.subarray(0, 2_000), /cut or damaged/],
    ['without sound', synthesise(0).wav, /length is zero/],
    ['a FLAC head without sound', toFlacHead(), /length is zero/],
    ['a FLAC head behind which more should follow', toFlacHead().fill(0, 4, 5), /cut or damaged/],
    ['of a codec that is not known here', adpcm, /codec/],
    ['of a codec that is not known here, in a film', alac, /codec/],
    ['claiming hours that it does not hold', days, /claims 25 hours of sound, but the file holds 2 seconds/],
  ])('%s', async (_, bytes, message) => {
    await expect(readAudioHeader(toMemorySource(bytes), 'a.mp3')).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'file',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['ALAC', alac, /is ALAC \(Apple Lossless\), a codec that can't be read here. Save it as/, 'codec_unknown'],
    ['ADPCM', adpcm, /is ADPCM, a codec/, 'codec_unknown'],
    ['FLAC in Ogg', toOggOf('\x7fFLAC\x01\0'), /is FLAC in Ogg, a codec/, 'codec_unknown'],
    ['Speex', toOggOf('Speex   1.2'), /is Speex, a codec/, 'codec_unknown'],
    [
      'sound that is enciphered',
      toCodec('enca'),
      /"a" is protected against copying.*Send one that is not/,
      'recording_protected',
    ],
    ['sound that nobody knows', toOggOf('unheard of'), /no sound that could be read.*Save it as mp3/, 'no_sound'],
  ] as const)('of %s tells what it is, and what to do', async (_, bytes, message, what) => {
    await expect(readAudioHeader(toMemorySource(bytes), 'a')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(message),
      reason: { what },
    });
  });

  it.each([
    ['riff\x2e\x91\xcf\x11', /is Wave64/],
    ['FLV\x01\x05', /is Flash video/],
    ['\0\0\x01\xba', /is an MPEG programme stream/],
    ['#!AMR\n<', /can't be read here: by its content it is AMR, .*Send mp3/],
    ['\x02#!SILK_V3', /is SILK/],
    ['\x30\x26\xb2\x75\x8e\x66\xcf\x11', /is Windows Media \(wma/],
    ['FORM\0\x11\x94.AIFFCOMM', /is AIFF/],
    ['RIFF\x0a\0\0\0AVI LIST', /is AVI/],
    ['caff\0\x01', /is Core Audio/],
    ['\xff\xfd\xe4\xc4', /is MPEG layer 2/],
    ['PK\x03\x04', /is an archive/],
    ['<!DOCTYPE html>', /is a web page/],
    ['{"error": "not found"}', /is no audio we know by its content/],
  ])('of a file that begins %j tells what it is', async (begins, message) => {
    const bytes = Buffer.concat([Buffer.from(begins, 'latin1'), Buffer.alloc(500)]);
    await expect(readAudioHeader(toMemorySource(bytes), 'memo.mp3')).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'file',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['with its sound from the beginning', {}, true],
    ['with pictures', { pictures: 3 }, false],
    ['whose pictures go on for half an hour without sound', { pictures: 1_800 }, false],
    ['whose sound begins later', { late: 2 }, false],
  ])('of a film %s says whether it may be sent as it came', async (_, more, asIs) => {
    const { bytes } = await repack(m4a, new MkvOutputFormat(), more);
    expect(await readAudioHeader(toMemorySource(bytes), 'a.mkv')).toMatchObject({ container: 'webm', asIs });
  });

  it('of a WAV file whose length is a lie is believed no further than the file reaches', async () => {
    const lying = Buffer.from(wav);
    lying.writeUInt32LE(0xf0_00_00_00, 40);
    expect(await readAudioHeader(toMemorySource(lying), 'a.wav')).toMatchObject({ container: 'wav', seconds: 2 });
  });

  it('of a WAV file whose recorder was killed before it wrote the length is read to its end', async () => {
    const killed = Buffer.from(wav);
    killed.writeUInt32LE(0, 4);
    killed.writeUInt32LE(0, 40);
    const source = toMemorySource(killed);
    const facts = await readAudioHeader(source, 'a.wav');
    // Not every provider knows what to make of it.
    expect(facts).toMatchObject({ container: 'wav', seconds: 2, asIs: false });
    const { cut } = await openSplit(source, facts);
    const piece = await cut({ start: 0, end: 2 });
    expect(hearSpeech(piece.bytes)).toEqual(hearSpeech(wav));
    expect(await readAudioHeader(toMemorySource(piece.bytes), 'a.wav')).toMatchObject({ seconds: 2, asIs: true });
  });

  it('of a WAV file of any length is read', async () => {
    expect(await readAudioHeader(toMemorySource(toLarge(wav)), 'a.wav')).toMatchObject({
      container: 'wav',
      seconds: 2,
    });
  });

  it('of an Ogg recording that breaks off in a page is read as far as its pages are whole', async () => {
    const bytes = await toOgg(read('browser-recording.webm'));
    const whole = (await readAudioHeader(toMemorySource(bytes), 'a.ogg')).seconds ?? 0;
    const pages = [...bytes.toString('latin1').matchAll(/OggS/g)].map(({ index }) => index);
    const last = pages.at(-1) ?? 0;
    expect(pages.length).toBeGreaterThan(3);
    for (const length of [bytes.length - 1, last + 30, last + 10]) {
      const { container, seconds } = await readAudioHeader(toMemorySource(bytes.subarray(0, length)), 'a.ogg');
      expect([container, (seconds ?? 0) > whole / 2, (seconds ?? 0) < whole]).toEqual(['ogg', true, true]);
    }
  });

  it('of an MP4 recording that breaks off behind its index is read as far as its sound is there', async () => {
    const { bytes } = await repack(m4a, new Mp4OutputFormat({ fastStart: 'in-memory' }));
    const whole = await readAudioHeader(toMemorySource(bytes), 'a.m4a');
    const broken = toMemorySource(bytes.subarray(0, Math.floor(bytes.length * 0.8)));
    const facts = await readAudioHeader(broken, 'a.m4a');
    const left = (facts.seconds ?? 0) / (whole.seconds ?? 1);
    expect([whole.asIs, facts.asIs, left > 0.6, left < 0.85]).toEqual([true, false, true, true]);
    const { split, cut } = await openSplit(broken, facts);
    const spans = await split({ seconds: 60, bytes: Infinity });
    const piece = await cut({ start: 0, end: spans.at(-1)?.end ?? 0 });
    const { seconds } = await readAudioHeader(toMemorySource(piece.bytes), piece.name);
    expect(Math.abs((seconds ?? 0) - (facts.seconds ?? 0))).toBeLessThan(0.1);
  });

  it('of a recording of a browser with bytes behind it that belong to nothing is read all the same', async () => {
    const bytes = read('browser-recording.webm');
    const { seconds } = await readAudioHeader(toMemorySource(bytes), 'a.webm');
    for (const junk of [Buffer.alloc(100), Buffer.alloc(70_000), Buffer.from([0x1f, 0x43, 0xb6, 0x75, 0, 0, 0, 0, 0])])
      expect(await readAudioHeader(toMemorySource(Buffer.concat([bytes, junk])), 'a.webm')).toMatchObject({
        container: 'webm',
        seconds,
      });
  });
});
