// A server that is told to stop: no answer in flight is cut without a word, and none that began is lost from the books.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { startLocal, type LocalServer } from '#lambda/main.local.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import type { FakeModel } from '../fakes/provider/spec.ts';
import { OWNER_KEY, toEntry } from './local.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-stop-'));
let provider: FakeProvider;
let upstream: FakeServer;
let server: LocalServer;
const logs: string[] = [];

afterEach(() => upstream.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(model: Partial<FakeModel>, graceMs: number): Promise<void> {
  provider = createFakeProvider({ name: 'slow', models: [{ id: 'm1', ttftMs: 1, ...model }] }, { now: Date.now });
  upstream = await serveFakeProvider(provider);
  logs.length = 0;
  server = await startLocal({
    env: {
      PORT: '0',
      FREEWAY_DATA: folder,
      FREEWAY_OWNER_KEY: OWNER_KEY,
      FREEWAY_PROVIDERS: JSON.stringify([toEntry('slow', upstream.baseUrl)]),
    },
    writeLog: (line) => logs.push(line),
    stop: { graceMs, farewellMs: 10_000 },
  });
}

const ask = (body: Record<string, unknown>): Promise<Response> =>
  fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}` },
    body: JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'hello' }], ...body }),
  });

const outcomes = (event: string): unknown[] =>
  logs
    .map((line) => JSON.parse(line) as { event: string; outcome: unknown })
    .filter((line) => line.event === event)
    .map(({ outcome }) => outcome);

it('lets a stream finish', async () => {
  await start({ tokensPerSecond: 500 }, 30_000);
  const reply = await ask({ stream: true });
  const closed = server.close();
  expect(await reply.text()).toMatch(/data: \[DONE\]\n\n$/);
  await closed;
  expect(outcomes('server.stopped')).toEqual(['finished']);
});

it('ends a stream that takes too long with a typed error, and settles it', async () => {
  await start({ tokensPerSecond: 10 }, 30);
  const reply = await ask({ stream: true });
  const closed = server.close();
  const events = (await reply.text()).split('\n\n').filter((event) => event !== '');
  await closed;
  expect(events.length).toBeGreaterThan(1);
  expect(events).not.toContain('data: [DONE]');
  expect(JSON.parse(events.at(-1)?.replace(/^data: /, '') ?? '')).toMatchObject({
    error: { code: 'deadline', message: expect.stringMatching(/being stopped/), retryable: true },
  });
  expect(outcomes('server.stopped')).toEqual(['interrupted']);
  expect(outcomes('request')).toEqual(['broke_off']);
  expect(provider.books().total()).toMatchObject({ accepted: 1, abandoned: 1 });
});

it('answers a request that waits for its provider with 504', async () => {
  await start({ ttftMs: 60_000 }, 30);
  const reply = ask({});
  await expect.poll(() => provider.books().total().accepted).toBe(1);
  const closed = server.close();
  expect((await reply).status).toBe(504);
  expect(await (await reply).json()).toMatchObject({ error: { code: 'deadline', retryable: true } });
  await closed;
  expect(outcomes('server.stopped')).toEqual(['interrupted']);
});
