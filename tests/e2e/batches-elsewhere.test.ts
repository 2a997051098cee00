// Batches whose server has gone, or whose store takes no writes: they go on by themselves, and nobody's looking makes more work.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createFastClock } from '../../scripts/wall/fast-clock.ts';
import { engineMissing, startDynamoEngine } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { startStoreProxy } from '../fakes/store-proxy.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const LINES = 60;
/** Asked so that what is looked at every half minute is so every two seconds. */
const SPEED = 16;

let provider: FakeProvider;
let upstream: FakeServer;
let servers: Started[] = [];

beforeEach(async () => {
  servers = [];
  const models = [{ id: 'm1', ttftMs: 60, tokensPerSecond: 100_000 }];
  provider = createFakeProvider({ name: 'alpha', models, answer: 'echo' }, { now: Date.now });
  upstream = await serveFakeProvider(provider);
});
afterEach(async () => {
  for (const server of servers.toReversed()) await server.stop();
  await upstream.close();
});

async function start(env: Record<string, string> = {}, speed = 1): Promise<Started> {
  const entries = [toEntry('alpha', upstream.baseUrl)];
  const clock = speed === 1 ? {} : { clock: createFastClock(speed) };
  const server = await startServer(entries, { FREEWAY_DEMO: 'off', ...env }, clock);
  servers.push(server);
  return server;
}

const clientOf = ({ url }: Started): OpenAI => new OpenAI({ apiKey: OWNER_KEY, baseURL: `${url}/v1`, maxRetries: 0 });

const asked = (): number => provider.books().total().accepted;

async function make(server: Started): Promise<Batch> {
  const url = '/v1/chat/completions';
  const toLine = (_: unknown, index: number): string =>
    JSON.stringify({
      custom_id: `r${index}`,
      method: 'POST',
      url,
      body: { model: 'm1', messages: [{ role: 'user', content: `Say ${index}.` }] },
    });
  const file = await toFile(Buffer.from(Array.from({ length: LINES }, toLine).join('\n')), 'in.jsonl');
  const client = clientOf(server);
  const { id } = await client.files.create({ file, purpose: 'batch' });
  const batch = await client.batches.create({ input_file_id: id, endpoint: url, completion_window: '24h' });
  await expect.poll(asked).toBeGreaterThan(12);
  return batch;
}

const countsOf = async (server: Started, { id }: Batch) => (await clientOf(server).batches.retrieve(id)).request_counts;

it('goes on at another server on the same store, without anybody looking', async () => {
  const first = await start();
  const other = await start({ FREEWAY_DATA: first.folder }, SPEED);
  // Its first look finds nothing.
  await sleep(500);
  const batch = await make(first);
  await first.close();
  expect(asked()).toBeLessThan(LINES);
  await expect.poll(asked, { timeout: 15_000 }).toBe(LINES);
  await expect.poll(() => countsOf(other, batch)).toEqual({ total: LINES, completed: LINES, failed: 0 });
});

it.skipIf(engineMissing !== null)('stays on the list where a replica has not heard of it yet', async () => {
  const engine = await startDynamoEngine();
  const proxy = await startStoreProxy(engine.endpoint);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await proxy.close();
    await engine.close();
  });
  const startAt = (endpoint: string, speed?: number): Promise<Started> => {
    const env = { ...engine.env, AWS_ENDPOINT_URL_DYNAMODB: endpoint };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    return start({ ...env, FREEWAY_STORE: 'dynamodb:shared' }, speed);
  };
  const first = await startAt(engine.endpoint);
  await make(first);
  await first.close();
  expect(asked()).toBeLessThan(LINES);
  proxy.lags = true;
  await startAt(proxy.url, SPEED);
  await expect.poll(asked, { timeout: 15_000 }).toBe(LINES);
  expect(proxy.lagged).toBeGreaterThan(0);
});

it('waits while nothing can be written, however often it is looked at, and then goes on by itself', async () => {
  const server = await start({}, SPEED);
  const batch = await make(server);
  const other = new DatabaseSync(join(server.folder, 'freeway.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const failed = (): number => server.logs.filter((line) => line.includes('"batch.failed"')).length;
  await expect.poll(failed, { timeout: 15_000 }).toBeGreaterThan(0);
  const before = failed();
  const LOOKS = 40;
  for (let look = 0; look < LOOKS; look++)
    expect((await clientOf(server).batches.retrieve(batch.id)).status).toBe('in_progress');
  expect(failed() - before).toBeLessThan(LOOKS / 4);
  other.exec('ROLLBACK');
  other.close();
  await expect.poll(asked, { timeout: 15_000 }).toBeGreaterThanOrEqual(LINES);
  await expect.poll(() => countsOf(server, batch)).toEqual({ total: LINES, completed: LINES, failed: 0 });
});
