// Uploads to the started server: large ones pass through it without being held, too large ones are refused at once, nothing is left lying.
import { connect } from 'node:net';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveTranscribers, type Transcribers } from '../fakes/transcribers.ts';
import { toWav } from '../fakes/wav.ts';
import { OWNER_KEY, startServer, type Started } from './local.ts';

let fakes: Transcribers;
let freeway: Started;
let client: OpenAI;

const entry = (name: string, path: string, more: Record<string, unknown>): Record<string, unknown> => ({
  name,
  apiKey: `canary-${name}-7f3a9c`,
  baseUrl: `${fakes.url}${path}`,
  tier: 'free',
  ...more,
});

beforeEach(async () => {
  fakes = await serveTranscribers();
  freeway = await startServer(
    [
      entry('first', '/v1', { provider: 'deepgram', priority: 1 }),
      entry('second', '/v1', { provider: 'deepgram', priority: 2 }),
      entry('whisper', '/v1', {
        provider: 'openai-compatible',
        priority: 3,
        models: [
          {
            id: 'whisper-large-v3',
            kind: 'transcription',
            features: ['translate', 'segments'],
            formats: ['verbose_json'],
          },
        ],
      }),
    ],
    { FREEWAY_DEMO: 'off' },
  );
  client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${freeway.url}/v1`, maxRetries: 0 });
});
afterEach(async () => {
  await freeway.stop();
  await fakes.close();
});

const spooled = (): string[] => readdirSync(join(freeway.folder, 'spool'));

/** The beginning of a form of this declared size; resolves to all that is answered until the connection ends or a while has passed. */
function post(declaredBytes: number, sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(freeway.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
      if (answer.includes('\r\n\r\n') && answer.includes('}')) socket.destroy();
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
    socket.write(
      `POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${OWNER_KEY}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${declaredBytes}\r\n\r\n${sent}`,
    );
  });
}

describe('uploads', () => {
  it('of 24 MB are told in every format to the official client, byte for byte the same to every provider asked', async () => {
    const sound = toWav(1_500);
    const file = await toFile(sound, 'long.wav');
    const ask = { file, model: 'nova-3' } as const;
    fakes.text = 'Hello there.';
    fakes.faults.set('POST /v1/listen', [503, { err_msg: 'busy' }]);
    expect(await client.audio.transcriptions.create(ask)).toEqual({ text: 'Hello there.' });
    expect(fakes.seen.map(({ body }) => body.equals(sound))).toEqual([true, true]);
    expect(await client.audio.transcriptions.create({ ...ask, response_format: 'text' })).toBe('Hello there.\n');
    const cue = (mark: string): string => `00:00:00${mark}000 --> 00:00:00${mark}900\nHello there.\n`;
    expect(await client.audio.transcriptions.create({ ...ask, response_format: 'srt' })).toBe(`1\n${cue(',')}`);
    expect(await client.audio.transcriptions.create({ ...ask, response_format: 'vtt' })).toBe(`WEBVTT\n\n${cue('.')}`);
    const verbose = await client.audio.transcriptions.create({
      ...ask,
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(verbose).toMatchObject({
      duration: 1_500,
      words: [{ word: 'Hello' }, { word: 'there.' }],
      segments: [{ end: 0.9 }],
    });
    fakes.speaker = 1;
    const diarized = await client.audio.transcriptions.create({ ...ask, response_format: 'diarized_json' });
    expect(diarized).toMatchObject({
      task: 'transcribe',
      segments: [{ type: 'transcript.text.segment', id: 'seg_001', speaker: '1', text: 'Hello there.' }],
    });
    let streamed = '';
    for await (const event of await client.audio.transcriptions.create({ ...ask, stream: true }))
      if (event.type === 'transcript.text.delta') streamed += event.delta;
    expect(streamed).toBe('Hello there.');
    expect(spooled()).toEqual([]);
  });

  it('are translated by a model that can', async () => {
    const { data, response } = await client.audio.translations
      .create({
        file: await toFile(toWav(4), 'german.wav'),
        model: 'auto',
        response_format: 'verbose_json',
        prompt: 'Ada',
      })
      .withResponse();
    expect(response.headers.get('x-freeway-route')).toBe('openai-compatible/whisper-large-v3');
    expect(data).toMatchObject({ task: 'translate', text: 'Hello there.', segments: [{ start: 0, end: 4 }] });
    expect(fakes.seen.map(({ call }) => call)).toEqual(['POST /v1/audio/translations']);
    const form = String(fakes.seen[0]?.body);
    expect(form).not.toContain('name="language"');
    expect(form).toContain('name="prompt"\r\n\r\nAda');
  });

  it('that declare 3 GB are refused before a byte of them is read', async () => {
    const answer = await post(3_000_000_000, '--b\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/larger than 2049 MB/);
    expect(fakes.seen).toEqual([]);
  });

  it('that nobody finishes leave nothing behind', async () => {
    const socket = connect(Number(new URL(freeway.url).port), '127.0.0.1');
    socket.write(
      `POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${OWNER_KEY}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 900000\r\n\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n${'x'.repeat(400_000)}`,
    );
    await sleep(100);
    socket.destroy();
    await expect.poll(() => freeway.logs.join('')).toContain('"outcome":"invalid_request"');
    expect([spooled(), fakes.seen]).toEqual([[], []]);
  });
});

it.runIf(existsSync('/dev/full'))('a part that finds the disk full says so, in words and as a code', async () => {
  const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
  const declared = await fetch(`${freeway.url}/api/transcriptions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'talk.wav', size_bytes: 5, options: {} }),
  });
  const { id, upload } = (await declared.json()) as { id: string; upload: { parts: { url: string }[] } };
  mkdirSync(join(freeway.folder, 'recordings', id), { recursive: true });
  symlinkSync('/dev/full', join(freeway.folder, 'recordings', id, '0.half'));
  const put = await fetch(new URL(upload.parts[0]?.url ?? '', freeway.url), { method: 'PUT', body: 'abcde' });
  expect(put.status).toBe(500);
  expect(await put.json()).toMatchObject({
    error: {
      code: 'internal',
      message: expect.stringMatching(/^The disk of this server is full/) as string,
      why: { code: 'refused', what: 'disk_full' },
    },
  });
});
