// Two servers on one store whose clocks are set back by an hour while they run: what one changes is soon in force at the other.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Clock } from '#lambda/ports.ts';
import { createFastClock } from '../../scripts/wall/fast-clock.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const HOUR = 3_600_000;
/** Everybody looks anew within some seconds, which are so many times shorter here. */
const SPEED = 16;

const folder = mkdtempSync(join(tmpdir(), 'freeway-clock-'));
let aheadMs = 0;
let provider: FakeServer;
const servers: Started[] = [];

beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 200, tokensPerSecond: 10_000 }];
  provider = await serveFakeProvider(createFakeProvider({ name: 'alpha', models }, { now: Date.now }));
  const fast = createFastClock(SPEED);
  const clock: Clock = { ...fast, now: () => fast.now() + aheadMs };
  const env = { FREEWAY_DATA: folder, FREEWAY_DEMO: 'off' };
  for (let count = 0; count < 2; count++)
    servers.push(await startServer([toEntry('alpha', provider.baseUrl)], env, { clock }));
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Asked {
  readonly status: number;
  readonly text: string;
}

async function ask(at: number, what: string, { key = OWNER_KEY, body = {} as unknown } = {}): Promise<Asked> {
  const [method = 'GET', path = '/'] = what.split(' ');
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const sent = method === 'GET' || method === 'DELETE' ? {} : { body: JSON.stringify(body) };
  const reply = await fetch(`${servers[at]?.url}${path}`, { method, headers, ...sent });
  return { status: reply.status, text: await reply.text() };
}

const chat = (at: number, key: string, model = 'm1'): Promise<Asked> =>
  ask(at, 'POST /v1/chat/completions', { key, body: { model, messages: [{ role: 'user', content: 'hello' }] } });

it('revoking, settings and credentials reach the other server, and no time counts as negative', async () => {
  const { id, key } = JSON.parse((await ask(0, 'POST /api/keys', { body: { name: 'bot' } })).text) as {
    id: string;
    key: string;
  };
  expect((await chat(1, key)).status).toBe(200);
  expect((await chat(1, OWNER_KEY, 'm2')).status).toBe(404);
  expect((await ask(1, 'GET /api/settings')).text).not.toContain('never');
  const underWay = chat(1, OWNER_KEY);
  await new Promise((done) => setTimeout(done, 20));
  aheadMs = -HOUR;
  expect((await underWay).status).toBe(200);

  expect((await ask(0, `DELETE /api/keys/${id}`)).status).toBe(204);
  await expect.poll(async () => (await chat(1, key)).status, { timeout: 8_000 }).toBe(401);
  expect((await ask(0, 'PATCH /api/settings/installation', { body: { paid: 'never' } })).status).toBe(200);
  await expect.poll(async () => (await ask(1, 'GET /api/settings')).text, { timeout: 8_000 }).toContain('never');
  const body = {
    provider: 'openai-compatible',
    name: 'beta',
    base_url: provider.baseUrl,
    fields: { apiKey: 'canary-beta-key' },
    plan: 'free',
    models: [{ id: 'm2', kind: 'chat' }],
  };
  expect((await ask(0, 'POST /api/credentials', { body })).status).toBe(201);
  await expect.poll(async () => (await chat(1, OWNER_KEY, 'm2')).status, { timeout: 8_000 }).not.toBe(404);

  const sums = (await ask(1, 'GET /metrics')).text.match(/^freeway_\w+_seconds_sum.*$/gm) ?? [];
  expect(sums.length).toBeGreaterThan(2);
  for (const line of sums) expect(Number(line.split(' ').at(-1)), line).toBeGreaterThanOrEqual(0);
});
