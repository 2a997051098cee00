// Saved credentials that can't be opened: requests, lists, tests, changes, /health, the log and the metrics say so, and the right key heals them.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#lambda/clock.ts';
import type { CredentialView, TestResult } from '#shared/api/credentials.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'canary-locked-key-5c1d9e22';
const OTHER_KEY = 'canary-other-key-77f0b1aa';
/** Longer than it is remembered that something can't be opened. */
const AGAIN_MS = 6_000;

let provider: FakeProvider;
let served: FakeServer;
let first: Started;
let id: string;
let aheadMs = 0;
const opened: (() => Promise<unknown>)[] = [];
const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };

interface Told {
  readonly status: number;
  readonly json: Record<string, unknown> & {
    readonly error?: {
      readonly message: string;
      readonly code: string;
      readonly retryable: boolean;
      readonly why?: unknown;
    };
  };
}

async function ask(server: Started, line: string, body?: unknown): Promise<Told> {
  const [method = '', path = ''] = line.split(' ');
  const reply = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, json: (await reply.json()) as Told['json'] };
}

const chat = (server: Started, model = 'm1'): Promise<Told> =>
  ask(server, 'POST /v1/chat/completions', { model, messages: [{ role: 'user', content: 'x' }] });
const health = async (server: Started): Promise<unknown> => (await ask(server, 'GET /health')).json;
const listed = async (server: Started): Promise<CredentialView | undefined> =>
  ((await ask(server, 'GET /api/credentials')).json['data'] as CredentialView[]).find((one) => one.id === id);
const linesOf = (server: Started, event: string): string[] => server.logs.filter((line) => line.includes(event));
const masterKeyOf = ({ folder }: Started): string => join(folder, 'master-key');
const keysUsed = (): string[] =>
  provider
    .received()
    .filter(({ path }) => path.endsWith('completions'))
    .map(({ headers }) => String(headers['authorization']));

async function lockedCount(server: Started): Promise<number> {
  const reply = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${OWNER_KEY}` } });
  return Number(/^freeway_credentials_locked (\d+)$/m.exec(await reply.text())?.[1]);
}

async function start(entries: Parameters<typeof startServer>[0] = []): Promise<Started> {
  const server = await startServer(entries, { FREEWAY_DEMO: 'off', FREEWAY_DATA: first.folder }, { clock });
  opened.push(() => server.close());
  return server;
}

function forgetLost(): Promise<number | null> {
  const env = { ...process.env, FREEWAY_DATA: first.folder };
  const child = spawn(process.execPath, ['scripts/migrate.ts', 'forget-lost-secrets', '--apply'], { cwd: root, env });
  return new Promise((done) => child.on('close', done));
}

beforeEach(async () => {
  aheadMs = 0;
  provider = createFakeProvider(
    { name: 'alpha', models: [{ id: 'm1', ttftMs: 2, tokensPerSecond: 10_000 }], keepRequests: 100 },
    { now: Date.now },
  );
  served = await serveFakeProvider(provider);
  first = await startServer([], { FREEWAY_DEMO: 'off' });
  const { status, json } = await ask(first, 'POST /api/credentials', {
    provider: 'openai-compatible',
    name: 'mine',
    base_url: served.baseUrl,
    plan: 'free',
    fields: { apiKey: KEY },
  });
  expect(status).toBe(201);
  id = String(json['id']);
  await first.close();
});
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
  rmSync(first.folder, { recursive: true, force: true });
  await served.close();
});

describe('under another master key', () => {
  let right: string;
  beforeEach(() => {
    right = readFileSync(masterKeyOf(first), 'utf8');
    writeFileSync(masterKeyOf(first), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  });

  it('a request is told that the keys of its model can’t be opened, and nobody is asked', async () => {
    const server = await start();
    for (const model of ['m1', 'auto']) {
      const { status, json } = await chat(server, model);
      expect(status).toBe(500);
      expect(json.error).toMatchObject({ code: 'internal', retryable: false, why: { against: { locked: 1 } } });
      expect(json.error?.message).toMatch(/can't be opened.*Enter it again.*operate\.md/);
    }
    expect(keysUsed()).toEqual([]);
    const { json } = await ask(server, 'POST /v1/explain', { model: 'm1', messages: [{ role: 'user', content: 'x' }] });
    expect(JSON.stringify(json)).toContain('"locked"');
    const unknown = await chat(server, 'nobody-serves-this');
    expect([unknown.status, unknown.json.error?.code]).toEqual([404, 'model_not_found']);
  });

  it('what the environment gives goes on serving', async () => {
    const server = await start([toEntry('env', served.baseUrl)]);
    expect((await chat(server)).status).toBe(200);
    expect(keysUsed()).toEqual(['Bearer canary-env-key-7f3a9c']);
  });

  it('the list, /health, the log and the metrics say so, the log once', async () => {
    const server = await start();
    // Seen before anybody asks for anything.
    await expect.poll(() => health(server)).toMatchObject({ status: 'degraded', credentials: "can't be opened" });
    for (let round = 0; round < 3; round++) {
      expect((await listed(server))?.locked).toBe('master_key');
      await chat(server);
      aheadMs += AGAIN_MS;
    }
    expect(await lockedCount(server)).toBe(1);
    const [line, ...more] = linesOf(server, 'credentials.unreachable');
    expect(line).toMatch(/The master key is not the one/);
    expect(more).toEqual([]);
    expect(server.logs.join('\n')).not.toContain('canary');
  });

  it('a test and a new key are refused for what they are, and what needs no key can be changed', async () => {
    const server = await start();
    for (const line of [`POST /api/credentials/${id}/test`, `GET /api/credentials/${id}/models`]) {
      const { status, json } = await ask(server, line);
      expect([line, status]).toEqual([line, 409]);
      expect(json.error).toMatchObject({
        code: 'conflict',
        retryable: false,
        why: { code: 'locked', how: 'master_key' },
      });
    }
    const replaced = await ask(server, `PUT /api/credentials/${id}/key`, { fields: { apiKey: OTHER_KEY } });
    expect([replaced.status, replaced.json.error?.why]).toEqual([409, { code: 'locked', how: 'master_key' }]);
    const changed = await ask(server, `PATCH /api/credentials/${id}`, { name: 'renamed', enabled: false });
    expect(changed).toMatchObject({ status: 200, json: { name: 'renamed', enabled: false, locked: 'master_key' } });
    // What is switched off is missed by nobody.
    await chat(server);
    expect(await lockedCount(server)).toBe(0);
    const moved = await ask(server, `PATCH /api/credentials/${id}`, { base_url: `${served.baseUrl}/elsewhere` });
    expect([moved.status, moved.json.error?.code]).toEqual([409, 'conflict']);
  });

  it('the right key put back heals, without a start', async () => {
    const server = await start();
    expect((await chat(server)).status).toBe(500);
    writeFileSync(masterKeyOf(first), right);
    aheadMs += AGAIN_MS;
    expect((await chat(server)).status).toBe(200);
    expect((await listed(server))?.locked).toBeNull();
    expect(await health(server)).toMatchObject({ status: 'ok' });
    expect(await lockedCount(server)).toBe(0);
    expect(linesOf(server, 'credentials.reachable')).toHaveLength(1);
    expect(keysUsed()).toEqual([`Bearer ${KEY}`]);
  });

  it('/health heals by itself, though nobody asks for anything else', async () => {
    const server = await start();
    await expect.poll(() => health(server)).toMatchObject({ status: 'degraded' });
    writeFileSync(masterKeyOf(first), right);
    aheadMs += AGAIN_MS;
    await expect.poll(() => health(server)).toMatchObject({ status: 'ok' });
  });

  it('forgotten for good, a credential asks for its key again, and works as soon as it has it', async () => {
    const server = await start();
    expect((await chat(server)).status).toBe(500);
    expect(await forgetLost()).toBe(0);
    aheadMs += AGAIN_MS;
    expect((await listed(server))?.locked).toBe('lost');
    // One key is its person's matter; the server itself is well.
    expect(await health(server)).toMatchObject({ status: 'ok' });
    const tested = await ask(server, `POST /api/credentials/${id}/test`);
    expect([tested.status, tested.json.error?.why]).toEqual([409, { code: 'locked', how: 'lost' }]);
    const { status, json } = await ask(server, `PUT /api/credentials/${id}/key`, { fields: { apiKey: OTHER_KEY } });
    expect([status, json['locked']]).toEqual([200, null]);
    expect((await chat(server)).status).toBe(200);
    expect(new Set(keysUsed())).toEqual(new Set([`Bearer ${OTHER_KEY}`]));
    const again = (await ask(server, `POST /api/credentials/${id}/test`)).json as unknown as TestResult;
    expect(again.outcome).toBe('works');
    expect(await lockedCount(server)).toBe(0);
  });
});
