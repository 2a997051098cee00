// Transcription jobs whose server was killed: another one goes on with them, without anybody looking, whatever the clock of the dead said.
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import type { JobBook } from '#lambda/ports-transcription.ts';
import type { Store } from '#lambda/ports.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createJobBook } from '#lambda/store/transcription-jobs.ts';
import { createFastClock } from '../../scripts/wall/fast-clock.ts';
import { createGate, type Gate } from '../fakes/gate.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';
import { createJobClient } from './job-client.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const MODEL = { id: 'w', kind: 'transcription', formats: ['json', 'verbose_json'], maxSeconds: 60 };
const SPEED = 16;
const HOUR = 3_600_000;
const speech = synthesise(300, 7);

let provider: FakeProvider;
let gate: Gate;
let upstream: FakeServer;
const servers: Started[] = [];
const stores: Store[] = [];

async function start(env: Record<string, string> = {}, speed = 1): Promise<Started> {
  const entries = [toEntry('ear', upstream.baseUrl, { models: [MODEL] })];
  const clock = speed === 1 ? {} : { clock: createFastClock(speed) };
  const server = await startServer(entries, { FREEWAY_DEMO: 'off', ...env }, clock);
  servers.push(server);
  return server;
}

afterEach(async () => {
  gate.allow(Infinity);
  for (const server of servers.splice(0).toReversed()) await server.stop();
  for (const store of stores.splice(0)) await store.close();
  await upstream.close();
});

/** The jobs in a folder, beside the servers on it. */
function openBook(folder: string): JobBook {
  const store = createSqliteStore({ path: join(folder, 'freeway.sqlite') });
  stores.push(store);
  return createJobBook(store);
}

interface Left {
  readonly folder: string;
  readonly id: string;
  /** The job as it stands, without a request that would make it go on. */
  readonly read: () => Promise<TranscriptionJob | null>;
}

const authorization = `Bearer ${OWNER_KEY}`;

/** A job of which one piece is done, left by a server that was killed. `key`: the key it is asked for with. */
async function leave(
  leaseMs: number,
  toKey: (server: Started) => Promise<string> = async () => authorization,
): Promise<Left> {
  const models = [{ id: 'w', kind: 'transcription' as const, ttftMs: 20 }];
  provider = createFakeProvider({ name: 'ear', models, hear: hearSpeech }, { now: Date.now });
  gate = createGate();
  upstream = await serveFakeProvider(provider, { gate });
  const first = await start();
  const client = createJobClient(first.url, { authorization: await toKey(first) });
  gate.allow(1);
  const { id } = await client.send(speech.wav);
  await client.until(id, ({ pieces }) => pieces.some(({ status }) => status === 'done'));
  await first.close();
  const book = openBook(first.folder);
  const [left] = await book.list('owner');
  if (left === undefined) throw new Error('there is no job');
  // As it stands when nobody had the time to put it down.
  const lease = { holder: 'the dead', untilMs: Date.now() + leaseMs };
  await book.change('owner', id, (job) => ({
    ...job,
    lease,
    pieces: job.pieces.map((piece, index) => (index === 1 ? { ...piece, status: 'running' as const } : piece)),
  }));
  gate.allow(Infinity);
  return { folder: first.folder, id, read: () => book.get('owner', id) };
}

it.each([
  ['ran an hour ahead', HOUR],
  ['was right', 12_000],
  ['ran an hour behind', -HOUR],
])('is gone on with by another server where the clock of the dead %s', async (_, leaseMs) => {
  const { folder, read } = await leave(leaseMs);
  const { accepted } = provider.books().total();
  expect((await read())?.status).toBe('running');
  await start({ FREEWAY_DATA: folder }, SPEED);
  await expect.poll(async () => (await read())?.status, { timeout: 20_000 }).toBe('done');
  expect(provider.books().total().accepted).toBeGreaterThan(accepted);
  expect((await read())?.pieces.length).toBeGreaterThanOrEqual(5);
});

it('ends where the key it was started with is in force no more', async () => {
  const api = (server: Started, method: string, path: string): Promise<Response> =>
    fetch(`${server.url}/api/keys${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{"name":"bot"}' } : {}),
    });
  let keyId = '';
  const { folder, read } = await leave(12_000, async (server) => {
    const { id, key } = (await (await api(server, 'POST', '')).json()) as { id: string; key: string };
    keyId = id;
    return `Bearer ${key}`;
  });
  const between = await start({ FREEWAY_DATA: folder });
  expect((await api(between, 'DELETE', `/${keyId}`)).status).toBe(204);
  await between.close();
  const { accepted } = provider.books().total();
  await start({ FREEWAY_DATA: folder }, SPEED);
  await expect.poll(async () => (await read())?.error?.code, { timeout: 20_000 }).toBe('unauthenticated');
  expect(provider.books().total().accepted).toBe(accepted);
});

it('is not taken from a living server whose clock runs behind', async () => {
  const { folder, id, read } = await leave(-HOUR);
  const book = openBook(folder);
  let renewals = 0;
  const renew = (): Promise<unknown> =>
    book.change('owner', id, (job) => ({
      ...job,
      lease: { holder: 'the living', untilMs: Date.now() - HOUR + renewals++ },
    }));
  await renew();
  const { accepted } = provider.books().total();
  const other = await start({ FREEWAY_DATA: folder }, SPEED);
  const looks = createJobClient(other.url, { authorization });
  for (let look = 0; look < 60; look++) {
    await looks.look(id);
    await renew();
    await new Promise((done) => setTimeout(done, 50));
  }
  expect((await read())?.lease?.holder).toBe('the living');
  expect(provider.books().total().accepted).toBe(accepted);
});

it('is not taken back by a server that was taken for dead, however far its clock runs ahead', async () => {
  const { folder, id, read } = await leave(12_000);
  gate.allow(0);
  await start({ FREEWAY_DATA: folder }, SPEED);
  const holder = async (): Promise<string | undefined> => (await read())?.lease?.holder;
  await expect.poll(holder, { timeout: 20_000 }).not.toBe('the dead');
  const lease = { holder: 'the next', untilMs: Date.now() - HOUR };
  await openBook(folder).change('owner', id, (job) => ({ ...job, lease }));
  // It renews what it holds twice meanwhile, and would not yet take this one for dead.
  await new Promise((done) => setTimeout(done, 600));
  expect(await holder()).toBe('the next');
});
