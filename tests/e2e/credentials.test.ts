// Provider credentials over the started server: given, tested, used, changed, shared with nobody unasked, removed and brought back.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CredentialView, TestResult } from '#shared/api/credentials.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, type Started } from './local.ts';

const KEY = 'canary-first-key-4f8a1c22';
const OTHER = 'canary-other-key-9b7d3e55';

let provider: FakeProvider;
let server: FakeServer;
let freeway: Started;
const answers: string[] = [];

beforeEach(async () => {
  provider = createFakeProvider(
    {
      name: 'alpha',
      keepRequests: 100,
      models: [{ id: 'm1', ttftMs: 2, tokensPerSecond: 10_000 }],
      keys: [KEY, OTHER],
    },
    { now: Date.now },
  );
  server = await serveFakeProvider(provider);
  freeway = await startServer([], { FREEWAY_DEMO: 'off' });
  answers.length = 0;
});
afterEach(async () => {
  await freeway.stop();
  await server.close();
});

async function api<T>(method: string, path: string, body?: unknown): Promise<{ status: number; json: T }> {
  const reply = await fetch(`${freeway.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  answers.push(text);
  return { status: reply.status, json: (text === '' ? null : JSON.parse(text)) as T };
}

const give = (more: Record<string, unknown> = {}): Promise<{ status: number; json: CredentialView }> =>
  api('POST', '/api/credentials', {
    provider: 'openai-compatible',
    name: 'mine',
    base_url: server.baseUrl,
    plan: 'free',
    fields: { apiKey: KEY },
    ...more,
  });

/** Chats served, by key, as the provider counted them. */
const served = (by = provider): [string, number][] =>
  by
    .books()
    .lines()
    .filter((line) => line.served > 0)
    .map((line): [string, number] => [line.key, line.served])
    .toSorted();

const chat = (): Promise<{ status: number; json: { error?: { code: string } } }> =>
  api('POST', '/v1/chat/completions', { model: 'auto', messages: [{ role: 'user', content: 'hello' }] });

describe('credentials', () => {
  it('serve requests from the moment they are given, with the models the provider lists', async () => {
    expect((await chat()).status).toBeGreaterThanOrEqual(400);
    const { status, json } = await give();
    expect(status).toBe(201);
    expect(json).toMatchObject({
      source: 'own',
      name: 'mine',
      plan: 'free',
      editable: true,
      sharing: 'private',
      secrets: [{ field: 'apiKey', ending: '1c22' }],
      models: [{ id: 'm1' }],
      last_test: { outcome: 'works', models: ['m1'] },
    });
    expect((await chat()).status).toBe(200);
    expect(served()).toEqual([[KEY, 1]]);
  });

  it('that rest since what was free is used up serve again once a test finds them well', async () => {
    const { json: given } = await give();
    const path = `/api/credentials/${given.id}`;
    const body = JSON.stringify({ error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } });
    provider.script([{ kind: 'raw', status: 429, headers: { 'content-type': 'application/json' }, body }]);
    const asked = (): number => provider.received().filter((call) => call.path.endsWith('/completions')).length;
    expect((await chat()).status).toBe(503);
    expect((await chat()).status).toBe(503);
    expect(asked()).toBe(1);
    expect(await api('POST', `${path}/test`)).toMatchObject({ status: 200, json: { outcome: 'works' } });
    expect((await chat()).status).toBe(200);
  });

  it('send their key to no other host than it was given for, until it is given again', async () => {
    const elsewhere = createFakeProvider({ name: 'beta', models: [{ id: 'm1' }], keys: [KEY] }, { now: Date.now });
    const other = await serveFakeProvider(elsewhere);
    try {
      const { json: given } = await give();
      const path = `/api/credentials/${given.id}`;
      const moves = [{ base_url: other.baseUrl }, { fields: { baseUrl: other.baseUrl } }];
      for (const body of moves) {
        const refused = await api<{ error: { message: string; param: string } }>('PATCH', path, body);
        expect([refused.status, refused.json.error.param]).toEqual([400, 'fields.apiKey']);
        expect(refused.json.error.message).toContain(new URL(other.baseUrl).host);
      }
      await api('PUT', `${path}/key`, { fields: { baseUrl: other.baseUrl } });
      expect((await api('POST', `${path}/test`)).status).toBe(200);
      expect((await chat()).status).toBe(200);
      expect([served(), served(elsewhere)]).toEqual([[[KEY, 1]], []]);
      const moved = await api<CredentialView>('PATCH', path, { base_url: other.baseUrl, fields: { apiKey: KEY } });
      expect([moved.status, moved.json.base_url]).toEqual([200, other.baseUrl]);
      expect((await chat()).status).toBe(200);
      expect([served(), served(elsewhere)]).toEqual([[[KEY, 1]], [[KEY, 1]]]);
      // Another path of the same host is no other place.
      expect((await api('PATCH', path, { base_url: `${other.baseUrl}/` })).status).toBe(200);
    } finally {
      await other.close();
    }
  });

  it('are changed without the key, replaced, switched off and on, removed and brought back', async () => {
    const { json: given } = await give();
    const path = `/api/credentials/${given.id}`;
    const renamed = await api<CredentialView>('PATCH', path, { name: 'renamed', priority: 7 });
    expect(renamed.json).toMatchObject({
      name: 'renamed',
      priority: 7,
      secrets: [{ ending: '1c22' }],
      fingerprint: given.fingerprint,
    });
    expect((await chat()).status).toBe(200);
    await api('PATCH', path, { enabled: false });
    expect((await chat()).status).toBeGreaterThanOrEqual(400);
    await api('PATCH', path, { enabled: true });
    const replaced = await api<CredentialView>('PUT', `${path}/key`, { fields: { apiKey: OTHER } });
    expect(replaced.json).toMatchObject({ secrets: [{ ending: '3e55' }], last_test: { outcome: 'works' } });
    expect(replaced.json.fingerprint).not.toBe(given.fingerprint);
    expect((await chat()).status).toBe(200);
    const removed = await api<CredentialView>('DELETE', path);
    expect(Date.parse(removed.json.deleted_until ?? '')).toBeGreaterThan(Date.now() + 6 * 24 * 3_600_000);
    expect((await chat()).status).toBeGreaterThanOrEqual(400);
    expect((await api<{ data: CredentialView[] }>('GET', '/api/credentials')).json.data).toEqual([]);
    expect((await api<{ data: CredentialView[] }>('GET', '/api/credentials?deleted=true')).json.data).toHaveLength(1);
    await api('POST', `${path}/restore`);
    expect((await chat()).status).toBe(200);
    expect(served()).toEqual([[KEY, 1], [OTHER, 2]]); // prettier-ignore
  });

  it.each([
    ['a wrong key', { fields: { apiKey: 'canary-wrong-key-00000000' } }, 'wrong_key'],
    ['an address where nobody is', { base_url: 'http://127.0.0.1:9/v1' }, 'unreachable'],
    ['a name that is none', { base_url: 'http://no-such-host.invalid/v1' }, 'wrong_url'],
  ])('tell %s before they are saved', async (_, more, outcome) => {
    const { json } = await api<TestResult>('POST', '/api/credentials/test', {
      provider: 'openai-compatible',
      base_url: server.baseUrl,
      fields: { apiKey: KEY },
      ...more,
    });
    expect(json).toMatchObject({ outcome, message: expect.stringMatching(/\w{3,}.*[.?]$/) });
    expect((await api<{ data: unknown[] }>('GET', '/api/credentials')).json.data).toEqual([]);
  });

  it.each([
    ['an unknown provider', { provider: 'no-such' }, 'provider'],
    ['an unknown field', { fields: { apiKey: KEY, colour: 'red' } }, 'fields.colour'],
    ['a bad address', { base_url: 'ftp://x' }, 'base_url'],
    ['a bad limit', { pools: [{ unit: 'requests', max: -1, clock: { kind: 'rolling', seconds: 60 } }] }, 'pools.0.max'],
  ])('refuse %s, naming the field', async (_, more, param) => {
    const { status, json } = await api<{ error: { param: string; message: string } }>('POST', '/api/credentials', {
      provider: 'openai-compatible',
      base_url: server.baseUrl,
      fields: { apiKey: KEY },
      ...more,
    });
    expect(status).toBe(400);
    expect(json.error.param).toBe(param);
  });

  it('say that a secret is not changed by the way', async () => {
    const { json } = await give();
    const changed = await api<{ error: { message: string } }>('PATCH', `/api/credentials/${json.id}`, {
      fields: { apiKey: OTHER },
    });
    expect(changed).toMatchObject({ status: 400, json: { error: { param: 'fields.apiKey' } } });
    expect((await chat()).status).toBe(200);
  });

  it('never let two changes at once overwrite each other', async () => {
    const { json } = await give();
    const changes = await Promise.all(
      ['a', 'b', 'c'].map((name) => api<CredentialView>('PATCH', `/api/credentials/${json.id}`, { name })),
    );
    const done = changes.filter(({ status }) => status === 200);
    expect(done.length).toBeGreaterThan(0);
    const { json: now } = await api<CredentialView>('GET', `/api/credentials/${json.id}`);
    expect(done.map((change) => change.json.name)).toContain(now.name);
  });

  it('show the environment as it is, and let nobody change it', async () => {
    await freeway.stop();
    freeway = await startServer([], { GROQ_API_KEY: 'gsk_canary_environment_key' });
    const { json } = await api<{ data: CredentialView[] }>('GET', '/api/credentials');
    expect(json.data).toMatchObject([
      { source: 'environment', provider: 'groq', editable: false, secrets: [{ field: 'apiKey', ending: '' }] },
    ]);
    expect((await api('PATCH', `/api/credentials/${json.data[0]?.id}`, { enabled: false })).status).toBe(404);
  });

  it('keep their keys out of files, logs and answers', async () => {
    const { json } = await give();
    await chat();
    await api('POST', `/api/credentials/${json.id}/test`);
    await api('GET', `/api/credentials/${json.id}/models`);
    await api('GET', '/api/audit');
    await api('PUT', `/api/credentials/${json.id}/key`, { fields: { apiKey: OTHER } });
    const files = readdirSync(freeway.folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.map(({ name }) => name)).toContain('master-key');
    for (const { parentPath, name } of files) {
      const text = readFileSync(join(parentPath, name), 'latin1');
      for (const canary of [KEY, OTHER]) expect(text.includes(canary), name).toBe(false);
    }
    expect(freeway.logs.join('') + answers.join('')).not.toContain('canary');
  });
});
