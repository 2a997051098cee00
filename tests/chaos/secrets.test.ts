// A key replaced under load, and a KMS that refuses: requests go on, errors say what to do, and no key is told to anybody.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CredentialView } from '#shared/api/credentials.ts';
import { startKms } from '../fakes/kms.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../e2e/local.ts';

const KEY = 'canary-first-key-4f8a1c22';
const OTHER = 'canary-other-key-9b7d3e55';
const CALLERS = 10;
const opened: (() => Promise<unknown>)[] = [];
let provider: FakeProvider;
let served: FakeServer;

beforeEach(async () => {
  provider = createFakeProvider(
    { name: 'alpha', models: [{ id: 'm1', ttftMs: 20, tokensPerSecond: 2_000 }], keepRequests: 1_000 },
    { now: Date.now },
  );
  served = await serveFakeProvider(provider);
  opened.push(() => served.close());
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of opened.splice(0).toReversed()) await close();
});

async function start(
  entries: Parameters<typeof startServer>[0],
  env: Parameters<typeof startServer>[1] = {},
): Promise<Started> {
  const server = await startServer(entries, { FREEWAY_DEMO: 'off', ...env });
  opened.push(server.stop);
  return server;
}

async function ask<T>(
  { url }: Started,
  line: string,
  body: unknown,
): Promise<{ status: number; text: string; json: T }> {
  const [method = '', path = ''] = line.split(' ');
  const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
  const reply = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
  const text = await reply.text();
  return { status: reply.status, text, json: JSON.parse(text) as T };
}

const give = (server: Started) =>
  ask<CredentialView & { error?: { message: string } }>(server, 'POST /api/credentials', {
    provider: 'openai-compatible',
    name: 'mine',
    base_url: served.baseUrl,
    plan: 'free',
    fields: { apiKey: KEY },
  });
const chat = (server: Started) =>
  ask<{ error: { message: string } }>(server, 'POST /v1/chat/completions', {
    model: 'auto',
    stream: false,
    messages: [{ role: 'user', content: 'hello' }],
  });
const keysUsed = (): string[] =>
  provider
    .received()
    .filter(({ path }) => path.endsWith('completions'))
    .map(({ headers }) => String(headers['authorization']));

describe('a key', () => {
  it('replaced under load: nobody notices, and from then on only the new one is used', async () => {
    const server = await start([]);
    const { json } = await give(server);
    const enough = new AbortController();
    const statuses = new Set<number>();
    const worker = async (): Promise<void> => {
      while (!enough.signal.aborted) statuses.add((await chat(server)).status);
    };
    const load = Array.from({ length: CALLERS }, worker);
    await expect.poll(() => keysUsed().length).toBeGreaterThan(50);
    const replacing = keysUsed().length;
    const { status } = await ask(server, `PUT /api/credentials/${json.id}/key`, { fields: { apiKey: OTHER } });
    expect(status).toBe(200);
    const before = keysUsed().length;
    await expect.poll(() => keysUsed().length).toBeGreaterThan(before + 50);
    enough.abort();
    await Promise.all(load);
    expect([...statuses]).toEqual([200]);
    expect(new Set(keysUsed().slice(0, replacing))).toEqual(new Set([`Bearer ${KEY}`]));
    expect(new Set(keysUsed().slice(before + CALLERS))).toEqual(new Set([`Bearer ${OTHER}`]));
    expect(server.logs.join('\n')).not.toMatch(/canary-(first|other)/);
  });
});

describe('KMS', () => {
  it('that refuses: the environment’s credentials serve, and whoever gives a key is told what to allow', async () => {
    const kms = await startKms();
    opened.push(kms.close);
    vi.stubEnv('AWS_ENDPOINT_URL_KMS', kms.url);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    const env = { FREEWAY_KMS_KEY_ID: 'alias/freeway' };
    const entry = toEntry('env', served.baseUrl);
    const first = await start([entry], env);
    expect((await give(first)).status).toBe(201);
    expect((await chat(first)).status).toBe(200);
    expect(keysUsed()).toEqual([`Bearer ${KEY}`]);

    kms.refuse();
    // A new instance knows no data key yet.
    const second = await start([entry], { ...env, FREEWAY_DATA: first.folder });
    expect((await chat(second)).status).toBe(200);
    expect(keysUsed().at(-1)).toBe(`Bearer ${String(entry['apiKey'])}`);
    expect(second.logs.join('\n')).toMatch(/credentials\.unreachable.*kms:Decrypt/);
    const refused = await ask<{ error: { message: string } }>(second, 'POST /api/credentials', {
      provider: 'openai-compatible',
      name: 'another',
      base_url: served.baseUrl,
      fields: { apiKey: OTHER },
    });
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(refused.json.error.message).toMatch(/kms:Encrypt and kms:Decrypt/);
    const told = `${second.logs.join('\n')}${refused.text}`;
    expect(told).not.toMatch(/canary-(first|other|role)/);

    const alone = await start([], { ...env, FREEWAY_DATA: first.folder });
    const answer = await chat(alone);
    expect(answer.status).toBe(503);
    expect(answer.json.error).toMatchObject({ retryable: true, why: { against: { locked: 1 } } });
    expect(answer.json.error.message).toMatch(/key that can't be opened.*tried again/);
    const log = alone.logs.join('\n');
    expect(log).toMatch(/credentials\.unreachable.*kms:Decrypt/);
  });
});
