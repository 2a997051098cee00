// Transcription jobs of those who may no longer ask: they end with the reason, and nothing more is sent, whoever looks.
import { afterEach, describe, expect, it } from 'vitest';
import type { JobView } from '#shared/api/transcriptions.ts';
import { createGate, type Gate } from '../fakes/gate.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';
import { createJobClient, type JobClient } from './job-client.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const MODEL = {
  id: 'w',
  kind: 'transcription',
  formats: ['json', 'verbose_json'],
  features: ['words', 'segments'],
  maxSeconds: 60,
};
const speech = synthesise(600, 7);

let provider: FakeProvider;
let gate: Gate;
let server: FakeServer;
let freeway: Started;
let owner: JobClient;

async function start(): Promise<void> {
  const models = [{ id: 'w', kind: 'transcription' as const, ttftMs: 20 }];
  provider = createFakeProvider({ name: 'ear', models, hear: hearSpeech }, { now: Date.now });
  gate = createGate();
  server = await serveFakeProvider(provider, { gate });
  freeway = await startServer([toEntry('ear', server.baseUrl, { models: [MODEL] })], { FREEWAY_DEMO: 'off' });
  owner = createJobClient(freeway.url, { authorization: `Bearer ${OWNER_KEY}` });
}
afterEach(async () => {
  gate.allow(Infinity);
  await freeway.stop();
  await server.close();
});

const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
async function api<T>(method: string, path: string, body?: object): Promise<T> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const reply = await fetch(`${freeway.url}/api${path}`, { method, headers, ...sent });
  if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
  return (reply.status === 204 ? null : await reply.json()) as T;
}
const makeKey = (more: object = {}): Promise<{ id: string; key: string }> =>
  api('POST', '/keys', { name: 'bot', ...more });
const toClient = ({ key }: { key: string }): JobClient =>
  createJobClient(freeway.url, { authorization: `Bearer ${key}` });

const isSome =
  (status: string) =>
  ({ pieces }: JobView): boolean =>
    pieces.some((piece) => piece.status === status);

describe('a job whose API key is revoked', () => {
  it('ends with the reason, puts down what is under way, sends nothing more, and goes on with another key', async () => {
    await start();
    const key = await makeKey();
    const bot = toClient(key);
    gate.allow(2);
    const job = await bot.send(speech.wav, { options: { timestamps: 'word' } });
    await bot.until(job.id, (seen) => seen.pieces.filter(({ status }) => status === 'done').length === 2);
    await bot.until(job.id, isSome('running'));
    await api('DELETE', `/keys/${key.id}`);
    const ended = await owner.until(job.id, ({ status }) => status !== 'running');
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'unauthenticated' } });
    expect(ended.error?.message).toMatch(
      /^The API key "bot", .* has been revoked\. .* start it again with another key/,
    );
    gate.allow(Infinity);
    const still = await owner.until(job.id, (seen) => !isSome('running')(seen));
    expect(still.status).toBe('failed');
    // Two were answered, and four were under way.
    expect(provider.books().total().accepted).toBeLessThanOrEqual(6);
    await owner.start(job.id);
    expect((await owner.finish(job.id)).status).toBe('done');
    const told = JSON.parse(await owner.result(job.id, 'verbose_json')) as { words: { word: string }[] };
    expect(told.words.map(({ word }) => word)).toEqual(speech.words.map(({ word }) => word));
  });

  it('sends none of the pieces that wait, however soon they might be sent', async () => {
    await start();
    const key = await makeKey({ requests_per_day: 1 });
    const bot = toClient(key);
    const job = await bot.send(speech.wav);
    // The one piece that was let in may still be on its way when another is refused.
    await bot.until(
      job.id,
      ({ pieces }) => pieces.some(({ status }) => status === 'done') && pieces.some(({ retry_at: at }) => at !== null),
    );
    const { accepted } = provider.books().total();
    await api('DELETE', `/keys/${key.id}`);
    const ended = await owner.until(job.id, ({ status }) => status !== 'running');
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'unauthenticated' } });
    expect(provider.books().total().accepted).toBe(accepted);
  });

  it('is bounded by what the key may use by now: a scope that was taken away ends it, too', async () => {
    await start();
    const key = await makeKey({ scopes: ['inference', 'usage'] });
    const bot = toClient(key);
    gate.allow(1);
    const job = await bot.send(speech.wav);
    await bot.until(job.id, isSome('done'));
    await api('PATCH', `/keys/${key.id}`, { scopes: ['usage'] });
    const ended = await owner.until(job.id, ({ status }) => status !== 'running');
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'forbidden' } });
  });

  it('goes on when the key was only rolled', async () => {
    await start();
    const key = await makeKey();
    const bot = toClient(key);
    gate.allow(1);
    const job = await bot.send(speech.wav);
    await bot.until(job.id, isSome('done'));
    await api('POST', `/keys/${key.id}/roll`, { overlap_seconds: 0 });
    gate.allow(Infinity);
    expect((await owner.finish(job.id)).status).toBe('done');
  });
});
