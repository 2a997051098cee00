// A real recogniser of speech as a provider: Debian's PocketSphinx behind the OpenAI form, with recordings whose words are known.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toWav } from './wav.ts';

const packages = [
  'pocketsphinx',
  'pocketsphinx-en-us',
  'pocketsphinx-testdata',
  'libpocketsphinx3',
  'libsphinxbase3',
  'libblas3',
  'liblapack3',
  'libgfortran5',
  'libquadmath0',
];
/** Unpacked once, beside what else is kept between runs. */
const kept = fileURLToPath(new URL('../../node_modules/.cache/recogniser', import.meta.url));

const firstLine = (error: unknown): string => (error instanceof Error ? (error.message.split('\n')[0] ?? '') : '');

/** Downloads and unpacks the packages, without installing anything. Answers why it can't be had; null when it is there. */
export function installRecogniser(): string | null {
  if (existsSync(kept)) return null;
  const folder = mkdtempSync(join(tmpdir(), 'recogniser-'));
  try {
    const run = (command: string, args: readonly string[]): Buffer =>
      execFileSync(command, args, { cwd: folder, stdio: 'pipe', timeout: 600_000 });
    run('apt-get', ['download', '-q', ...packages]);
    run('sh', ['-c', 'for package in *.deb; do dpkg -x "$package" root; done']);
    mkdirSync(join(kept, '..'), { recursive: true });
    run('cp', ['-r', join(folder, 'root'), `${kept}.new`]);
    renameSync(`${kept}.new`, kept);
    return null;
  } catch (error) {
    return `PocketSphinx can't be downloaded from Debian here: ${firstLine(error)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const share = join(kept, 'usr/share/pocketsphinx');

/** Read speech (LibriVox, public domain) with what is said in it, 16 kHz. */
export function readSpeech(): { readonly samples: Int16Array; readonly text: string }[] {
  const folder = join(share, 'test/data/librivox');
  const lines = readFileSync(join(folder, 'transcription'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, text = '', name = ''] = /^<s> (.*) <\/s> \((.*)\)$/.exec(line) ?? [];
    return { samples: toSamples(readFileSync(join(folder, `${name}.wav`))), text };
  });
}

/** Samples of a WAV file of 16-bit mono, whatever stands before them. */
function toSamples(wav: Buffer): Int16Array {
  const at = wav.indexOf('data', 12, 'latin1') + 8;
  return Int16Array.from({ length: (wav.length - at) >> 1 }, (_, index) => wav.readInt16LE(at + index * 2));
}

const RATE = 16_000;
const FRAME = RATE / 50;
/** So many quiet frames end what is recognised at once; so many of them stay on either side. */
const PAUSE_FRAMES = 14;
const MARGIN_FRAMES = 5;
const QUIET = 120;

/** Phrases between pauses, each recognised by itself, so that nothing depends on what else is in the file. */
function toPhrases(samples: Int16Array): Int16Array[] {
  const frames = Array.from({ length: Math.ceil(samples.length / FRAME) }, (_, index) => {
    const frame = samples.subarray(index * FRAME, (index + 1) * FRAME);
    return frame.reduce((sum, height) => sum + Math.abs(height), 0) / frame.length > QUIET;
  });
  const phrases: { first: number; last: number }[] = [];
  frames.forEach((isLoud, index) => {
    const open = phrases.at(-1);
    if (!isLoud) return;
    if (open && index - open.last <= PAUSE_FRAMES) open.last = index;
    else phrases.push({ first: index, last: index });
  });
  return phrases.map(({ first, last }) =>
    samples.slice(Math.max(0, first - MARGIN_FRAMES) * FRAME, (last + 1 + MARGIN_FRAMES) * FRAME),
  );
}

/** What is said. */
function recognise(samples: Int16Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'recognise-'));
  try {
    const phrases = toPhrases(samples);
    phrases.forEach((phrase, index) =>
      writeFileSync(
        join(folder, `p${index}.wav`),
        toWav(phrase.length / RATE, RATE, (at) => (phrase[at] ?? 0) / 32_767),
      ),
    );
    writeFileSync(join(folder, 'ctl'), phrases.map((_, index) => `p${index}\n`).join(''));
    const model = join(share, 'model/en-us');
    const libraries = join(kept, 'usr/lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
    const options = {
      hmm: join(model, 'en-us'),
      lm: join(model, 'en-us.lm.bin'),
      dict: join(model, 'cmudict-en-us.dict'),
      adcin: 'yes',
      adchdr: '44',
      cepdir: folder,
      cepext: '.wav',
      ctl: join(folder, 'ctl'),
      hyp: join(folder, 'hyp'),
      logfn: '/dev/null',
    };
    execFileSync(
      join(kept, 'usr/bin/pocketsphinx_batch'),
      Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]),
      { stdio: 'pipe', env: { LD_LIBRARY_PATH: [libraries, `${libraries}/blas`, `${libraries}/lapack`].join(':') } },
    );
    const lines = readFileSync(join(folder, 'hyp'), 'utf8').trim().split('\n');
    return lines.map((line) => line.replace(/\s*\(p\d+.*\)$/, '')).join(' ');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Recogniser {
  readonly baseUrl: string;
  /** Seconds of each recording that was sent. */
  readonly heard: number[];
  close(): Promise<void>;
}

/** Serves it: `file` of the form must be WAV of 16 kHz, 16 bits, mono. */
export async function serveRecogniser(): Promise<Recogniser> {
  const heard: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const from = body.indexOf('\r\n\r\n', body.indexOf('name="file"')) + 4;
      const samples = toSamples(body.subarray(from, body.lastIndexOf('\r\n--')));
      const duration = samples.length / RATE;
      heard.push(duration);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ text: recognise(samples), duration }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    heard,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
