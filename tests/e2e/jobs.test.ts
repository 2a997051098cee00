// Transcription jobs against the started server: declared, uploaded in parts, transcribed in pieces, watched, told in every format, and gone.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '#shared/api/transcriptions.ts';
import { createGate, type Gate } from '../fakes/gate.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';
import { createJobClient, type JobClient } from './job-client.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const MODEL = { id: 'w', kind: 'transcription', formats: ['json', 'verbose_json'], features: ['words', 'segments'] };
const speech = synthesise(1_500, 7);
const said = speech.words.map(({ word }) => word);

let provider: FakeProvider;
let gate: Gate;
let server: FakeServer;
let freeway: Started;
let client: JobClient;

async function start(
  spec: Partial<FakeProviderSpec> = {},
  model: Record<string, unknown> = {},
  entry: Record<string, unknown> = {},
): Promise<void> {
  const models = [{ id: 'w', kind: 'transcription' as const, ttftMs: 20 }];
  provider = createFakeProvider({ name: 'ear', models, hear: hearSpeech, ...spec }, { now: Date.now });
  gate = createGate();
  server = await serveFakeProvider(provider, { gate });
  freeway = await startServer([toEntry('ear', server.baseUrl, { models: [{ ...MODEL, ...model }], ...entry })], {
    FREEWAY_DEMO: 'off',
  });
  client = createJobClient(freeway.url, { authorization: `Bearer ${OWNER_KEY}` });
}

beforeEach(() => {
  provider = undefined as never;
});
afterEach(async () => {
  await freeway.stop();
  await server.close();
});

const words = { timestamps: 'word' } as const;

describe('a job', () => {
  it('takes a recording in parts and tells its transcript in every format', async () => {
    await start();
    const declared = await client.declare(speech.wav.length, { options: words, name: 'talk.wav' });
    expect(declared.status).toBe('uploading');
    expect(declared.upload?.parts.map(({ bytes }) => bytes)).toEqual([
      8_388_608,
      8_388_608,
      speech.wav.length - 16_777_216,
    ]);
    await client.upload(declared, speech.wav);
    expect((await client.look(declared.id)).upload).toBeNull();
    await client.start(declared.id);
    const seen: JobView[] = [];
    for await (const view of client.watch(declared.id)) seen.push(view);
    const last = seen.at(-1);
    expect(last).toMatchObject({ status: 'done', seconds: 1_500, error: null, eta_seconds: null });
    expect(last?.pieces.length).toBeGreaterThanOrEqual(3);
    expect(last?.pieces.every(({ route, attempts }) => route === 'openai-compatible/w' && attempts === 1)).toBe(true);
    const verbose = JSON.parse(await client.result(declared.id, 'verbose_json')) as { words: { word: string }[] };
    expect(verbose.words.map(({ word }) => word)).toEqual(said);
    expect(await client.result(declared.id, 'text')).toBe(`${said.join(' ')}\n`);
    expect(JSON.parse(await client.result(declared.id, 'json'))).toEqual({ text: said.join(' ') });
    expect(await client.result(declared.id, 'srt')).toMatch(/^1\n00:00:00,000 --> 00:0\d:\d\d,\d{3}\nw0 w1 /);
    expect(await client.result(declared.id, 'vtt')).toMatch(/^WEBVTT\n\n00:00:00\.000 --> /);
    const { served, audioSeconds } = provider.books().total();
    expect(served).toBe(last?.pieces.length);
    expect(audioSeconds).toBeCloseTo(1_500, 3);
    await client.remove(declared.id);
    await expect(client.look(declared.id)).rejects.toThrow('404');
  });

  it('goes on with an upload that broke off: only what is missing is asked for', async () => {
    await start();
    const declared = await client.declare(speech.wav.length);
    const parts = declared.upload?.parts.slice(0, 2) ?? [];
    await client.upload({ ...declared, upload: { parts, expires_at: '' } }, speech.wav);
    await expect(client.start(declared.id)).rejects.toThrow(/One part of the recording has not come yet/);
    const again = await client.look(declared.id);
    expect(again.upload?.parts.map(({ number }) => number)).toEqual([2]);
    await client.upload(again, speech.wav);
    await client.start(declared.id);
    expect((await client.finish(declared.id)).status).toBe('done');
  });

  it('takes uploads only at addresses it has signed, of the size it has signed', async () => {
    await start();
    const { upload } = await client.declare(1_000);
    const url = new URL(upload?.parts[0]?.url ?? '', freeway.url);
    const put = async (to: URL, bytes: number): Promise<number> =>
      (await fetch(to, { method: 'PUT', body: Buffer.alloc(bytes) })).status;
    expect(await put(url, 999)).toBe(400);
    expect(await put(url, 1_001)).toBe(413);
    const larger = new URL(url);
    larger.searchParams.set('bytes', '1001');
    expect(await put(larger, 1_001)).toBe(403);
    const later = new URL(url);
    later.searchParams.set('expires', '9999999999');
    expect(await put(later, 1_000)).toBe(403);
    const elsewhere = new URL(url);
    elsewhere.pathname = `${url.pathname}9`;
    expect(await put(elsewhere, 1_000)).toBe(403);
    expect(await put(url, 1_000)).toBe(200);
  });

  it('is paused and goes on, is cancelled and keeps what it has', async () => {
    await start({}, { maxSeconds: 120 });
    gate.allow(1);
    const job = await client.send(speech.wav);
    await client.until(job.id, ({ pieces }) => pieces.some(({ status }) => status === 'done'));
    await client.act(job.id, 'pause');
    gate.allow(Infinity);
    const paused = await client.until(job.id, ({ pieces }) => pieces.every(({ status }) => status !== 'running'));
    expect(paused.status).toBe('paused');
    const { served } = provider.books().total();
    expect(served).toBeLessThan(paused.pieces.length);
    gate.allow(1);
    await client.start(job.id);
    await client.until(job.id, ({ pieces }) => pieces.filter(({ status }) => status === 'done').length > served);
    await client.act(job.id, 'cancel');
    gate.allow(Infinity);
    const cancelled = await client.until(job.id, ({ pieces }) => pieces.every(({ status }) => status !== 'running'));
    expect(cancelled.status).toBe('cancelled');
    const partial = await client.result(job.id, 'text', true);
    expect(said.join(' ').startsWith(partial.split(' ').slice(0, 20).join(' '))).toBe(true);
    await client.start(job.id);
    expect((await client.finish(job.id)).status).toBe('done');
    expect(await client.result(job.id, 'text')).toBe(`${said.join(' ')}\n`);
  });

  it('finishes the other pieces when one fails for good, and tries that one again when asked', async () => {
    await start({}, { maxSeconds: 300 });
    provider.script(['ok', { kind: 'refusal', refusal: 'invalid_request' }]);
    const job = await client.send(speech.wav);
    const failed = await client.finish(job.id);
    expect(failed.status).toBe('failed');
    expect(failed.error?.message).toMatch(/^One piece could not be transcribed: /);
    const broken = failed.pieces.filter(({ status }) => status === 'failed');
    expect(broken).toHaveLength(1);
    expect(failed.pieces.filter(({ status }) => status === 'done')).toHaveLength(failed.pieces.length - 1);
    await client.start(job.id, [broken[0]?.index ?? -1]);
    expect((await client.finish(job.id)).status).toBe('done');
    expect(await client.result(job.id, 'text')).toBe(`${said.join(' ')}\n`);
    expect(provider.books().total().served).toBe(failed.pieces.length);
  });

  it('waits for limits to come back, for as long as they take, and never goes beyond them', async () => {
    const limit = { models: ['*'], unit: 'audio_seconds' as const, max: 400 };
    await start(
      { limits: [{ ...limit, clock: { kind: 'sliding', seconds: 4 } }] },
      { maxSeconds: 200 },
      { pools: [{ ...limit, clock: { kind: 'rolling', seconds: 4 } }] },
    );
    const job = await client.send(speech.wav.subarray(0, 44 + 900 * 16_000), {
      options: { freeway: { max_wait_ms: 0 } },
    });
    const waiting = await client.until(job.id, ({ pieces }) => pieces.some(({ retry_at: at }) => at !== null));
    expect(waiting.status).toBe('running');
    expect((await client.finish(job.id)).status).toBe('done');
    expect(provider.books().total().limited).toBe(0);
  });

  it('waits where it meets a quota of whoever asked for it, and goes on when there is room', async () => {
    await start({}, { maxSeconds: 200 });
    const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
    const key = async (method: string, path: string, body: object): Promise<{ id: string; key: string }> =>
      (await (
        await fetch(`${freeway.url}/api/keys${path}`, { method, headers, body: JSON.stringify(body) })
      ).json()) as { id: string; key: string };
    const made = await key('POST', '', { name: 'bot', requests_per_day: 2 });
    const bot = createJobClient(freeway.url, { authorization: `Bearer ${made.key}` });
    const job = await bot.send(speech.wav.subarray(0, 44 + 900 * 16_000));
    const isWaiting = ({ retry_at: at }: JobView['pieces'][number]): boolean => at !== null;
    const waiting = await bot.until(job.id, ({ pieces }) => pieces.length > 2 && pieces.filter(isWaiting).length >= 2);
    expect(waiting.status).toBe('running');
    const served = (): number => provider.books().total().served;
    await bot.until(job.id, ({ pieces }) => pieces.filter(({ status }) => status === 'done').length === 2);
    expect(served()).toBe(2);
    await key('PATCH', `/${made.id}`, { requests_per_day: 100 });
    await bot.start(job.id);
    expect((await bot.finish(job.id)).status).toBe('done');
    expect(served()).toBe(waiting.pieces.length);
  });

  it('splits further what a provider finds too large', async () => {
    await start({ models: [{ id: 'w', kind: 'transcription', ttftMs: 20, maxUploadSeconds: 200 }] });
    const job = await client.send(speech.wav);
    const done = await client.finish(job.id);
    expect(done.status).toBe('done');
    expect(done.pieces.every(({ start: from, end }) => end - from <= 200)).toBe(true);
    expect(await client.result(job.id, 'text')).toBe(`${said.join(' ')}\n`);
  });

  it.each([
    { what: '3 GB', size: 3 * 2 ** 30, options: {}, wanted: /^413 .*3\.0 GB large, and 1\.0 GB are taken/ },
    { what: 'nothing', size: 0, options: {}, wanted: /^400 .*empty/ },
    { what: 'a wrong language', size: 1_000, options: { language: 'klingon!' }, wanted: /^400 .*language/ },
    { what: 'a wrong model', size: 1_000, options: { model: 'no-such-thing' }, wanted: /^404 .*no model/ },
    { what: 'a wrong control', size: 1_000, options: { freeway: { tier: 'gold' } }, wanted: /^400 .*freeway\.tier/ },
  ])('is refused when it declares $what', async ({ size, options, wanted }) => {
    await start();
    await expect(client.declare(size, { options })).rejects.toThrow(wanted);
    expect(provider.books().total().accepted).toBe(0);
  });

  it.each([
    ['text', Buffer.from('just some words, whatever the name says'), /no audio we know/],
    ['no sound', synthesise(0).wav, /length is zero/],
  ])('fails before anything is spent when it turns out to be %s', async (_, bytes, message) => {
    await start();
    const job = await client.finish((await client.send(bytes)).id);
    expect(job.status).toBe('failed');
    expect(job.error?.message).toMatch(message);
    expect(provider.books().total().accepted).toBe(0);
  });
});

it('the allowance is what is left of the free limits that count seconds', async () => {
  const pool = { models: ['*'], unit: 'audio_seconds', max: 7_200, clock: { kind: 'rolling', seconds: 3_600 } };
  provider = createFakeProvider(
    { name: 'ear', models: [{ id: 'w', kind: 'transcription' }], hear: hearSpeech },
    { now: Date.now },
  );
  server = await serveFakeProvider(provider);
  freeway = await startServer([toEntry('ear', server.baseUrl, { models: [MODEL], pools: [pool] })], {
    FREEWAY_DEMO: 'off',
  });
  client = createJobClient(freeway.url, { authorization: `Bearer ${OWNER_KEY}` });
  expect(await client.allowance()).toMatchObject({ free_seconds: 7_200, free_models: 1, paid_models: 0 });
  await client.finish((await client.send(speech.wav)).id);
  expect(await client.allowance()).toMatchObject({ free_seconds: 5_700 });
});
