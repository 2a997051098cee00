// Transcription by the official client against the started server: every format, failover, limits counted by the second, and clear errors.
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { toWav } from '../fakes/wav.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const MODEL = {
  id: 'whisper-large-v3',
  kind: 'transcription',
  formats: ['json', 'verbose_json'],
  features: ['words', 'segments'],
  maxBytes: 26_214_400,
};

let providers: FakeProvider[] = [];
let servers: FakeServer[] = [];
let freeway: Started;
let client: OpenAI;

async function serve(name: string, limit?: number): Promise<FakeServer> {
  const provider = createFakeProvider(
    {
      name,
      models: [{ id: MODEL.id, kind: 'transcription', ttftMs: 2 }],
      ...(limit === undefined
        ? {}
        : {
            limits: [{ models: ['*'], unit: 'audio_seconds', max: limit, clock: { kind: 'sliding', seconds: 3_600 } }],
          }),
    },
    { now: Date.now },
  );
  const server = await serveFakeProvider(provider);
  providers.push(provider);
  servers.push(server);
  return server;
}

async function start(entries: readonly Record<string, unknown>[]): Promise<void> {
  freeway = await startServer(entries, { FREEWAY_DEMO: 'off' });
  client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${freeway.url}/v1`, maxRetries: 0 });
}

const entry = (name: string, server: FakeServer, more: Record<string, unknown> = {}): Record<string, unknown> =>
  toEntry(name, server.baseUrl, { models: [MODEL], ...more });

beforeEach(() => {
  providers = [];
  servers = [];
});
afterEach(async () => {
  await freeway.stop();
  await Promise.all(servers.map((server) => server.close()));
});

describe('transcriptions', () => {
  it('answer the official client in every format', async () => {
    await start([entry('alpha', await serve('alpha'))]);
    const file = await toFile(toWav(3), 'talk.wav');
    const words = 'word1 word2 word3 word4 word5 word6';
    const ask = { file, model: 'auto' } as const;
    expect(await client.audio.transcriptions.create({ ...ask, response_format: 'json' })).toEqual({ text: words });
    expect(await client.audio.transcriptions.create({ ...ask, response_format: 'text' })).toBe(`${words}\n`);
    expect(await client.audio.transcriptions.create({ ...ask, response_format: 'srt' })).toBe(
      `1\n00:00:00,000 --> 00:00:03,000\n${words}\n`,
    );
    expect(await client.audio.transcriptions.create({ ...ask, response_format: 'vtt' })).toBe(
      `WEBVTT\n\n00:00:00.000 --> 00:00:03.000\n${words}\n`,
    );
    const verbose = await client.audio.transcriptions.create({
      ...ask,
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(verbose).toMatchObject({ text: words, duration: 3, segments: [{ id: 0, start: 0, end: 3, text: words }] });
    expect(verbose.words?.[5]).toEqual({ word: 'word6', start: 2.5, end: 3 });
  });

  it('stream the text to whoever asks for it', async () => {
    await start([entry('alpha', await serve('alpha'))]);
    const stream = await client.audio.transcriptions.create({
      file: await toFile(toWav(2), 'a.wav'),
      model: 'auto',
      stream: true,
    });
    const events: string[] = [];
    let text = '';
    for await (const event of stream) {
      events.push(event.type);
      if (event.type === 'transcript.text.delta') text += event.delta;
      if (event.type === 'transcript.text.done') expect(event.text).toBe(text);
    }
    expect(text).toBe('word1 word2 word3 word4');
    expect(events.at(-1)).toBe('transcript.text.done');
  });

  it('take 24 MB, and count seconds of sound, not calls', async () => {
    await start([entry('alpha', await serve('alpha', 3_000))]);
    const seconds = 1_500;
    const file = await toFile(toWav(seconds), 'long.wav');
    expect(file.size).toBeGreaterThan(24_000_000 - 1);
    const { data, response } = await client.audio.transcriptions.create({ file, model: 'auto' }).withResponse();
    expect(data.text.split(' ')).toHaveLength(seconds * 2);
    expect(response.headers.get('x-freeway-route')).toBe('openai-compatible/whisper-large-v3');
    expect(providers[0]?.books().total()).toMatchObject({ audioSeconds: seconds, served: 1 });
  });

  it('go elsewhere on faults and when the hour of one is used up, without a 429 anywhere', async () => {
    const pool = { models: ['*'], unit: 'audio_seconds', max: 20, clock: { kind: 'rolling', seconds: 3_600 } };
    const first = await serve('first', 20);
    const second = await serve('second');
    await start([entry('first', first, { priority: 1, pools: [pool] }), entry('second', second, { priority: 2 })]);
    providers[0]?.script(['503']);
    for (let i = 0; i < 5; i++) {
      const { text } = await client.audio.transcriptions.create({
        file: await toFile(toWav(8), 'a.wav'),
        model: 'auto',
      });
      expect(text.split(' ')).toHaveLength(16);
    }
    const [one, two] = providers.map((provider) => provider.books().total());
    expect(one?.sent429).toBe(0);
    expect(one?.audioSeconds).toBeLessThanOrEqual(20);
    expect((one?.served ?? 0) + (two?.served ?? 0)).toBe(5);
  });

  it('keep to controls in the form, as in a body', async () => {
    await start([entry('alpha', await serve('alpha'), { tier: 'paid' })]);
    const send = async (controls: string): Promise<unknown> => {
      const form = new FormData();
      form.append('file', new Blob([toWav(1)]), 'a.wav');
      form.append('model', 'auto');
      form.append('freeway', controls);
      const headers = { authorization: `Bearer ${OWNER_KEY}` };
      const reply = await fetch(`${freeway.url}/v1/audio/transcriptions`, { method: 'POST', headers, body: form });
      return [reply.status, await reply.json()];
    };
    expect(await send('{"tier": "any"}')).toMatchObject([200, { text: 'word1 word2' }]);
    expect(await send('{"tier": "free"}')).toMatchObject([422, { error: { code: 'no_candidate' } }]);
    expect(await send('{"privacy": "no_training"}')).toMatchObject([422, { error: { code: 'no_candidate' } }]);
    expect(await send('{"tier": "gratis"}')).toMatchObject([400, { error: { param: 'freeway.tier' } }]);
    expect(await send('tier=free')).toMatchObject([400, { error: { param: 'freeway' } }]);
    expect(providers[0]?.books().total()).toMatchObject({ accepted: 1 });
  });

  it('are explained without asking anybody', async () => {
    const pool = { models: ['*'], unit: 'audio_seconds', max: 20, clock: { kind: 'rolling', seconds: 3_600 } };
    await start([
      entry('alpha', await serve('alpha'), { pools: [pool] }),
      entry('beta', await serve('beta'), { tier: 'paid' }),
    ]);
    const explain = async (body: object): Promise<unknown> => {
      const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
      const asked = JSON.stringify({ kind: 'transcription', ...body });
      const reply = await fetch(`${freeway.url}/v1/explain`, { method: 'POST', headers, body: asked });
      return [reply.status, await reply.json()];
    };
    expect(await explain({})).toMatchObject([
      200,
      { object: 'freeway.decision', plan: [{ credential: 'alpha' }, { credential: 'beta' }] },
    ]);
    const told = { candidates: [{ need: { requests: 1, audio_seconds: 12 }, pools: [{ used: 0 }] }, {}] };
    expect(await explain({ model: MODEL.id, audio_seconds: 12, response_format: 'srt' })).toMatchObject([200, told]);
    expect(await explain({ freeway: { tier: 'free' } })).toMatchObject([200, { plan: [{ credential: 'alpha' }] }]);
    expect(await explain({ model: 'nobody' })).toMatchObject([404, { error: { code: 'model_not_found' } }]);
    expect(await explain({ task: 'translate' })).toMatchObject([422, { error: { code: 'no_candidate' } }]);
    expect(await explain({ audio_seconds: -1 })).toMatchObject([400, { error: { param: 'audio_seconds' } }]);
    expect(providers[0]?.books().total()).toMatchObject({ accepted: 0 });
  });

  it.each([
    ['empty', Buffer.alloc(0), 'a.wav', /is empty/],
    ['text named mp3', Buffer.from('just some words'), 'a.mp3', /no audio we know/],
    ['cut in its header', toWav(1).subarray(0, 30), 'a.wav', /cut or damaged|length/],
    ['without sound', toWav(0), 'a.wav', /length is zero/],
  ])('refuse a file that is %s before anything is spent', async (_, bytes, name, message) => {
    await start([entry('alpha', await serve('alpha'))]);
    const asked = client.audio.transcriptions.create({ file: await toFile(bytes, name), model: 'auto' });
    await expect(asked).rejects.toMatchObject({ status: 400, param: 'file', message: expect.stringMatching(message) });
    expect(providers[0]?.books().total()).toMatchObject({ accepted: 0 });
  });

  it.each([
    ['response_format', { response_format: 'docx' }],
    ['language', { language: 'klingon!' }],
    ['temperature', { temperature: 9 }],
    ['timestamp_granularities', { timestamp_granularities: ['word'] }],
    ['stream', { stream: true, response_format: 'srt' }],
  ])('name the field at fault: %s', async (param, more) => {
    await start([entry('alpha', await serve('alpha'))]);
    const asked = client.audio.transcriptions.create({
      file: await toFile(toWav(1), 'a.wav'),
      model: 'auto',
      ...more,
    } as never);
    await expect(asked).rejects.toMatchObject({ status: 400, param });
  });

  it('say when nobody here can do it', async () => {
    const plain = { ...MODEL, features: [], formats: ['json'] };
    await start([entry('alpha', await serve('alpha'), { models: [plain] })]);
    const file = await toFile(toWav(1), 'a.wav');
    await expect(
      client.audio.transcriptions.create({ file, model: 'auto', response_format: 'srt' }),
    ).rejects.toMatchObject({
      status: 422,
      code: 'no_candidate',
    });
    await expect(client.audio.translations.create({ file, model: 'auto' })).rejects.toMatchObject({ status: 422 });
    await expect(client.audio.transcriptions.create({ file, model: 'no-such-model' })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe('long recordings', () => {
  it('go in pieces to several providers at once, through faults and limits, and come back whole and in order', async () => {
    const pool = { models: ['*'], unit: 'audio_seconds', max: 1_200, clock: { kind: 'rolling', seconds: 3_600 } };
    const names = ['first', 'second', 'third'];
    const served = await Promise.all(names.map((name) => serve(name, 1_200)));
    await start(served.map((server, index) => entry(names[index] ?? '', server, { pools: [pool] })));
    for (const [index, provider] of providers.entries())
      provider.script(index === 0 ? ['503', 'ok', 'reset-before-headers'] : ['ok']);
    const seconds = 2_700;
    const file = await toFile(toWav(seconds, 1_000), 'long.wav');
    const { data, response } = await client.audio.transcriptions
      .create({ file, model: 'auto', response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] })
      .withResponse();
    // The provider tells two words a second of each piece; together they are as many as of the whole.
    expect(Math.abs((data.words?.length ?? 0) - seconds * 2)).toBeLessThanOrEqual(20);
    expect(data.duration).toBe(seconds);
    const times = (data.words ?? []).flatMap(({ start, end }) => [start, end]);
    expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0) - 1e-9)).toBe(true);
    expect(data.segments?.at(-1)?.end).toBeCloseTo(seconds, 0);
    expect(Number(response.headers.get('x-freeway-attempts'))).toBeGreaterThan(1);
    for (const provider of providers) {
      expect(provider.books().total().audioSeconds).toBeLessThanOrEqual(1_200);
      expect(provider.books().total().limited).toBe(0);
    }
  });
});
