// Providers whose formats of transcription are their own, asked by the official client: jobs are waited for, failed over, and undone.
import OpenAI, { toFile } from 'openai';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#lambda/clock.ts';
import type { Clock } from '#lambda/ports.ts';
import { serveTranscribers, type Transcribers } from '../fakes/transcribers.ts';
import { toWav } from '../fakes/wav.ts';
import { OWNER_KEY, startServer, type Started } from './local.ts';

/** Pauses between looks at a job are shortened. */
const fast: Clock = { ...systemClock, after: (ms, fire) => systemClock.after(ms > 5_000 ? ms : ms / 20, fire) };

let fakes: Transcribers;
let freeway: Started;
let client: OpenAI;

const entry = (provider: string, path: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  provider,
  name: `${provider}-key`,
  apiKey: `canary-${provider}-7f3a9c`,
  baseUrl: `${fakes.url}${path}`,
  tier: 'free',
  ...more,
});

async function start(entries: readonly Record<string, unknown>[], clock = fast): Promise<void> {
  freeway = await startServer(entries, { FREEWAY_DEMO: 'off' }, { clock });
  client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${freeway.url}/v1`, maxRetries: 0 });
}

const ask = async (more: Record<string, unknown> = {}, options = {}) =>
  client.audio.transcriptions
    .create({ file: await toFile(toWav(4), 'talk.wav'), model: 'auto', ...more } as never, options)
    .withResponse();

const calls = (): string[] => fakes.seen.map(({ call }) => call);

beforeEach(async () => {
  fakes = await serveTranscribers();
});
afterEach(async () => {
  await freeway.stop();
  await fakes.close();
});

describe('a provider of jobs', () => {
  const jobs = () => entry('assemblyai', '/v2', { allowedModels: ['universal-2'] });

  it('is given the recording as it is, looked at until it is done, and told in every format', async () => {
    await start([jobs()]);
    const { data, response } = await ask({
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(data).toMatchObject({
      text: 'Hello there.',
      language: 'en',
      duration: 4,
      words: [{ word: 'Hello', start: 0 }, { word: 'there.' }],
      segments: [{ id: 0, start: 0, end: 0.9 }],
    });
    expect(response.headers.get('x-freeway-route')).toBe('assemblyai/universal-2');
    expect(calls()).toEqual([
      'POST /v2/upload',
      'POST /v2/transcript',
      'GET /v2/transcript/job-1',
      'GET /v2/transcript/job-1',
    ]);
    expect(fakes.seen[0]?.body.equals(toWav(4))).toBe(true);
    expect(new Set(fakes.seen.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['canary-assemblyai-7f3a9c']),
    );
    const { data: captions } = await ask({ response_format: 'srt' });
    expect(captions).toBe('1\n00:00:00,000 --> 00:00:00,900\nHello there.\n');
  });

  it('that fails at any step is left for another', async () => {
    const other = entry('deepgram', '/v1', { priority: 200 });
    await start([jobs(), other]);
    const faults: [string, [number, unknown]][] = [
      ['GET /v2/transcript', [200, { id: 'job-1', status: 'error', error: 'could not decode' }]],
      ['POST /v2/upload', [503, { error: 'busy' }]],
      // Last, because it rests after that.
      ['POST /v2/transcript', [429, { error: 'Too many requests' }]],
    ];
    for (const [call, fault] of faults) {
      fakes.faults.set(call, fault);
      const { data, response } = await ask();
      expect(data).toEqual({ text: 'Hello there.' });
      expect(response.headers.get('x-freeway-route')).toBe('deepgram/nova-3');
      expect(response.headers.get('x-freeway-trail')).toMatch(/^assemblyai\/universal-2=/);
    }
  });

  it('is told when nobody waits for its job any more', async () => {
    fakes.pending = Infinity;
    await start([jobs()], systemClock);
    const stop = new AbortController();
    const asked = ask({}, { signal: stop.signal });
    while (!calls().includes('GET /v2/transcript/job-1')) await sleep(20);
    stop.abort();
    await expect(asked).rejects.toThrow();
    while (!calls().includes('DELETE /v2/transcript/job-1')) await sleep(20);
    const looks = calls().filter((call) => call.startsWith('GET')).length;
    await sleep(100);
    expect(calls().filter((call) => call.startsWith('GET'))).toHaveLength(looks);
  });
});

describe('a fault', () => {
  const heard = (transcript: string, duration = 60) => ({
    metadata: { duration },
    results: { channels: [{ alternatives: [{ transcript, words: [] }] }] },
  });
  const faults: [string, number, unknown][] = [
    ['overloaded', 503, { err_msg: 'busy' }],
    ['an internal error', 500, { err_msg: 'oops' }],
    ['a limit', 429, { err_msg: 'Too many requests' }],
    ['a wrong key', 401, { err_code: 'INVALID_AUTH', err_msg: 'Invalid credentials.' }],
    ['an unknown model', 404, { err_msg: 'model not found' }],
    ['no credit left', 402, { err_msg: 'Project does not have enough credits' }],
    ['a broken connection', 0, {}],
    ['an error under a good status', 200, { err_code: 'X', err_msg: 'oops' }],
    ['an empty transcript', 200, heard('')],
    ['talk about the audio', 200, heard("I'm sorry, but I can't listen to audio files.")],
    ['half of it', 200, heard('Hello', 31)],
  ];

  it('of any kind is met by another candidate, and no caller ever sees it', async () => {
    // Each fault meets a key that has not failed before.
    const keys = faults.map((_, index) =>
      entry('deepgram', '/v1', { name: `key-${index}`, apiKey: `k${index}`, priority: index + 1 }),
    );
    await start([...keys, entry('deepgram', '/v1', { name: 'last', apiKey: 'last', priority: 500 })]);
    const file = await toFile(toWav(60), 'talk.wav');
    for (const [name, status, body] of faults) {
      fakes.faults.set('POST /v1/listen', [status, body]);
      const { data, response } = await ask({ file });
      expect([name, data]).toEqual([name, { text: 'Hello there.' }]);
      expect([name, response.headers.get('x-freeway-trail')]).toEqual([
        name,
        expect.stringContaining('deepgram/nova-3='),
      ]);
    }
  });
});

describe('a field that is refused', () => {
  it('is left out for that provider, at once and from then on', async () => {
    await start([entry('deepgram', '/v1')]);
    const refusal = { err_code: 'unknown_parameter', err_msg: 'Unknown parameter: utterances' };
    fakes.faults.set('POST /v1/listen', [400, refusal]);
    expect((await ask()).data).toEqual({ text: 'Hello there.' });
    expect((await ask()).data).toEqual({ text: 'Hello there.' });
    expect(calls().map((call) => call.includes('utterances'))).toEqual([true, false, false]);
  });
});

describe('features', () => {
  it('decide who is asked; what nobody offers is refused before anything is spent', async () => {
    const account = { accountId: 'a1' };
    await start([
      entry('cloudflare', '/ai/v1', { ...account, priority: 1 }),
      entry('deepgram', '/v1', { priority: 2 }),
    ]);
    const routeOf = async (more: Record<string, unknown>) => (await ask(more)).response.headers.get('x-freeway-route');
    expect(await routeOf({ prompt: 'Names: Ada' })).toBe('cloudflare/@cf/openai/whisper-large-v3-turbo');
    expect(JSON.parse(String(fakes.seen.at(-1)?.body))).toMatchObject({
      initial_prompt: 'Names: Ada',
      audio: toWav(4).toString('base64'),
    });
    fakes.seen.length = 0;
    await expect(ask({ response_format: 'diarized_json', prompt: 'Ada' })).rejects.toMatchObject({
      status: 422,
      code: 'no_candidate',
    });
    await expect(ask({ model: 'deepgram/nova-3', prompt: 'Ada' })).rejects.toMatchObject({
      status: 422,
      param: 'prompt',
    });
    await expect(ask({ include: ['logprobs'] })).rejects.toMatchObject({ status: 422, param: 'include' });
    await expect(ask({ language: 'xx' })).rejects.toMatchObject({ status: 400, param: 'language' });
    expect(fakes.seen).toEqual([]);
  });

  it('and kinds of files too: nobody is sent what it can not read', async () => {
    await start([entry('speechmatics', '/v2', { priority: 1 }), entry('deepgram', '/v1', { priority: 2 })]);
    const file = await toFile(
      readFileSync(new URL('../fixtures/audio/browser-recording.webm', import.meta.url)),
      'a.webm',
    );
    const { response } = await ask({ file });
    expect(response.headers.get('x-freeway-route')).toBe('deepgram/nova-3');
    expect(calls().every((call) => call.startsWith('POST /v1/listen'))).toBe(true);
    await expect(ask({ file, model: 'speechmatics/enhanced' })).rejects.toMatchObject({ status: 422, param: 'file' });
  });

  it('that were promised and not kept are a failure: nobody gets false times', async () => {
    await start([
      entry('cloudflare', '/ai/v1', { accountId: 'a1', priority: 1 }),
      entry('deepgram', '/v1', { priority: 2 }),
    ]);
    const { data, response } = await ask({ response_format: 'verbose_json', timestamp_granularities: ['word'] });
    expect(response.headers.get('x-freeway-route')).toBe('deepgram/nova-3');
    expect(data).toMatchObject({
      words: [
        { word: 'Hello', start: 0, end: 0.4 },
        { word: 'there.', start: 0.5 },
      ],
    });
  });
});
