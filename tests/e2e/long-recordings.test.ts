// Recordings longer than providers take at once: which pieces are made, what follows when one is too large, and when one fails for good.
import { MkvOutputFormat } from 'mediabunny';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import type { FakeModel } from '../fakes/provider/spec.ts';
import { repack } from '../fakes/repack.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';
import { createJobClient } from './job-client.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const MODEL = { id: 'w', kind: 'transcription', formats: ['json', 'verbose_json'], features: ['words', 'segments'] };
const speech = synthesise(1_200);
const said = speech.words.map(({ word }) => word);

let provided: { provider: FakeProvider; server: FakeServer }[] = [];
let freeway: Started;

async function provide(name: string, more: Partial<FakeModel> = {}): Promise<FakeProvider> {
  const models = [{ id: 'w', kind: 'transcription' as const, ttftMs: 20, ...more }];
  const provider = createFakeProvider({ name, models, hear: hearSpeech }, { now: Date.now });
  provided.push({ provider, server: await serveFakeProvider(provider) });
  return provider;
}

async function start(models: readonly Record<string, unknown>[]): Promise<OpenAI> {
  freeway = await startServer(
    provided.map(({ provider, server }, index) =>
      toEntry(provider.name, server.baseUrl, { models: [{ ...MODEL, ...models[index] }] }),
    ),
    { FREEWAY_DEMO: 'off' },
  );
  return new OpenAI({ apiKey: OWNER_KEY, baseURL: `${freeway.url}/v1`, maxRetries: 0 });
}

async function hear(client: OpenAI): Promise<string[]> {
  const { words } = await client.audio.transcriptions.create({
    file: await toFile(speech.wav, 'talk.wav'),
    model: 'auto',
    response_format: 'verbose_json',
    timestamp_granularities: ['word'],
  });
  return (words ?? []).map(({ word }) => word);
}

beforeEach(() => {
  provided = [];
});
afterEach(async () => {
  await freeway.stop();
  await Promise.all(provided.map(({ server }) => server.close()));
});

describe('pieces', () => {
  it('fit one provider whole, not one by size and another by length', async () => {
    const small = await provide('small', { maxUploadBytes: 2_000_000 });
    const short = await provide('short', { maxUploadSeconds: 30 });
    const client = await start([
      { maxBytes: 2_000_000, maxSeconds: 10_000 },
      { maxBytes: 26_000_000, maxSeconds: 30 },
    ]);
    expect(await hear(client)).toEqual(said);
    expect(small.books().total().served + short.books().total().served).toBeGreaterThan(9);
    for (const provider of [small, short]) expect(provider.books().total().refused).toEqual({});
  });

  it('of samples are as large as everybody takes: calls are counted, too', async () => {
    const provider = await provide('wide', { maxUploadBytes: 14_000_000 });
    const client = await start([{ maxBytes: 14_000_000 }]);
    expect(await hear(client)).toEqual(said);
    // 19.2 MB in twenty minutes, of which ten go into one piece.
    const { served, refused } = provider.books().total();
    expect([served <= 3, refused]).toEqual([true, {}]);
  });

  it('become smaller where a provider refuses them as too large, and so do all that follow', async () => {
    const provider = await provide('tight', { maxUploadBytes: 1_600_000 });
    const client = await start([{}]);
    expect(await hear(client)).toEqual(said);
    const { served, refused } = provider.books().total();
    // 19.2 MB: 12 pieces of the size that is taken, or some more where sizes were tried on the way there.
    expect(served).toBeGreaterThanOrEqual(12);
    expect(served).toBeLessThanOrEqual(30);
    expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(12);
  });

  it('are no longer begun once one has failed for good', async () => {
    // Answers come long after the refusal has been read.
    const provider = await provide('picky', { maxUploadSeconds: 60, ttftMs: 2_000 });
    provider.script(['ok', { kind: 'refusal', refusal: 'invalid_request' }, 'ok']);
    const client = await start([{ maxSeconds: 60 }]);
    await expect(hear(client)).rejects.toMatchObject({ status: 400 });
    // Of some twenty-two pieces those that were under way, and no more.
    const { accepted, refused } = provider.books().total();
    expect(accepted).toBeLessThanOrEqual(4);
    expect(Object.keys(refused)).toHaveLength(1);
  });

  it('are made of a film, which is more than its sound, and keep its times where that begins later', async () => {
    const provider = await provide('deaf-to-films', { maxUploadBytes: 5_000_000 });
    const client = await start([{ maxBytes: 50_000_000 }]);
    const short = synthesise(20);
    const film = await repack(short.wav, new MkvOutputFormat(), { late: 2, pictures: 2_000 });
    const { words } = await client.audio.transcriptions.create({
      file: await toFile(film.bytes, 'film.mkv'),
      model: 'auto',
      response_format: 'verbose_json',
      timestamp_granularities: ['word'],
    });
    expect(film.bytes.length).toBeGreaterThan(10_000_000);
    expect((words ?? []).map(({ word }) => word)).toEqual(short.words.map(({ word }) => word));
    for (const [index, { start: at }] of short.words.entries()) expect(words?.[index]?.start).toBeCloseTo(at + 2, 1);
    expect(provider.books().total()).toMatchObject({ served: 1, refused: {} });
  });

  it('are made of recordings one behind the other, of which readers know the first, within a request and as a job', async () => {
    const provider = await provide('strict', { maxUploadSeconds: 120 });
    const client = await start([{ maxSeconds: 120 }]);
    const speeches = [synthesise(200, 2), synthesise(30, 3), synthesise(100, 4)];
    const file = Buffer.concat(speeches.map(({ wav }) => wav));
    const said = speeches.flatMap(({ words }, index) =>
      words.map(({ word, start: at }) => ({ word, start: at + [0, 200, 230][index]! })),
    );
    const expectWhole = (words: readonly { word: string; start: number }[] | undefined): void => {
      expect(words?.map(({ word }) => word)).toEqual(said.map(({ word }) => word));
      for (const [index, { start: at }] of said.entries()) expect(words?.[index]?.start).toBeCloseTo(at, 1);
    };
    const once = await client.audio.transcriptions.create({
      file: await toFile(file, 'talk.wav'),
      model: 'auto',
      response_format: 'verbose_json',
      timestamp_granularities: ['word'],
    });
    expectWhole(once.words);
    expect(once.duration).toBeCloseTo(330, 1);
    const jobs = createJobClient(freeway.url, { authorization: `Bearer ${OWNER_KEY}` });
    const job = await jobs.send(file, { options: { timestamps: 'word' } });
    expect((await jobs.finish(job.id)).error).toBeNull();
    expectWhole(JSON.parse(await jobs.result(job.id, 'verbose_json')).words);
    const { refused, audioSeconds } = provider.books().total();
    expect(refused).toEqual({});
    expect(audioSeconds).toBeCloseTo(660, 0);
  });

  it('are made for who is free, although somebody paid would take the whole', async () => {
    const free = await provide('free');
    const paid = await provide('paid');
    const client = await start([{ maxSeconds: 300 }, {}]);
    await freeway.stop();
    freeway = await startServer(
      provided.map(({ provider, server }) =>
        toEntry(provider.name, server.baseUrl, {
          tier: provider === paid ? 'paid' : 'free',
          models: [{ ...MODEL, ...(provider === free ? { maxSeconds: 300 } : {}) }],
        }),
      ),
      { FREEWAY_DEMO: 'off' },
    );
    client.baseURL = `${freeway.url}/v1`;
    expect(await hear(client)).toEqual(said);
    expect(paid.books().total().accepted).toBe(0);
  });
});
