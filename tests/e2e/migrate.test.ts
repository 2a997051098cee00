// `npm run migrate` against the started server: a dry run, the real one, twice; and a change of the master key under load.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, type Started } from './local.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'canary-migrated-key-77aa12';
let server: FakeServer;
let freeway: Started;

beforeEach(async () => {
  const provider = createFakeProvider(
    { name: 'alpha', models: [{ id: 'm1', ttftMs: 2, tokensPerSecond: 10_000 }] },
    { now: Date.now },
  );
  server = await serveFakeProvider(provider);
  freeway = await startServer([], { FREEWAY_DEMO: 'off' });
});
afterEach(async () => {
  await freeway.stop();
  await server.close();
});

function run(...args: string[]): Promise<{ code: number | null; text: string }> {
  const { port } = new URL(freeway.url);
  const env = { ...process.env, PORT: port, FREEWAY_DATA: freeway.folder, FREEWAY_OWNER_KEY: OWNER_KEY };
  const child = spawn(process.execPath, ['scripts/migrate.ts', ...args], { cwd: root, env });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((done) => child.on('close', (code) => done({ code, text })));
}

const chat = async (): Promise<number> => {
  const reply = await fetch(`${freeway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}` },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'x' }] }),
  });
  await reply.text();
  return reply.status;
};

it('shows the mapping, saves it, and changes nothing the second time', async () => {
  const file = join(freeway.folder, 'older.json');
  const provider = {
    id: 'a',
    type: 'openai-compatible',
    apiEndpoint: server.baseUrl,
    apiKey: KEY,
    modelName: 'm1',
    rateLimitTPM: 90_000,
  };
  writeFileSync(
    file,
    JSON.stringify({ app_settings: JSON.stringify({ version: '2.0.0', providers: [provider], tavilyApiKey: 'x' }) }),
  );
  // Without an address it looks where the server of this machine was told to listen.
  const dry = await run(file);
  expect(dry).toMatchObject({ code: 0, text: expect.stringContaining('will be saved') });
  expect(await chat()).not.toBe(200);
  const real = await run(file, '--server', freeway.url, '--apply');
  expect(real).toMatchObject({ code: 0, text: expect.stringMatching(/: saved/) });
  expect(await chat()).toBe(200);
  const again = await run(file, '--server', freeway.url, '--apply');
  expect(again.text).toContain('is there already');
  expect(again.text).toContain('app_settings.tavilyApiKey');
  expect(dry.text + real.text + again.text).not.toContain('canary');
});

it('says what to do when nothing is recognised, or nobody answers', async () => {
  const file = join(freeway.folder, 'words.txt');
  writeFileSync(file, 'just words');
  expect(await run(file, '--server', freeway.url)).toMatchObject({
    code: 1,
    text: expect.stringContaining('Nothing was recognised'),
  });
  expect(await run(file, '--server', '127.0.0.1:8787')).toMatchObject({
    code: 1,
    text: expect.stringContaining(
      '--server is "127.0.0.1:8787", but must be an address such as http://127.0.0.1:8787.',
    ),
  });
  expect(await run(file, '--server', 'http://127.0.0.1:9')).toMatchObject({
    code: 1,
    text: expect.stringContaining('npm start'),
  });
});

it('changes the master key while requests go on, none of which fails', async () => {
  const file = join(freeway.folder, 'a.env');
  writeFileSync(file, `OPENAI_API_KEY=${KEY}\n`);
  await fetch(`${freeway.url}/api/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'openai-compatible', base_url: server.baseUrl, fields: { apiKey: KEY } }),
  });
  const before = readFileSync(join(freeway.folder, 'master-key'), 'utf8');
  const rotated = new AbortController();
  const statuses: number[] = [];
  const load = (async () => {
    while (!rotated.signal.aborted) statuses.push(await chat());
  })();
  const { code, text } = await run('rotate-master-key');
  rotated.abort();
  await load;
  expect(text).toContain('2 keys were wrapped anew');
  expect(code).toBe(0);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const after = readFileSync(join(freeway.folder, 'master-key'), 'utf8');
  expect(after).not.toBe(before);
  expect(after.trim().split('\n')).toHaveLength(1);
  // A fresh server knows only the new key.
  const again = await startServer([], { FREEWAY_DEMO: 'off', FREEWAY_DATA: freeway.folder });
  const reply = await fetch(`${again.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}` },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'x' }] }),
  });
  expect(reply.status).toBe(200);
  await again.close();
});

it('changes the master key although what somebody has saved is damaged, and says whose it is', async () => {
  await fetch(`${freeway.url}/api/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'openai-compatible', base_url: server.baseUrl, fields: { apiKey: KEY } }),
  });
  const store = createSqliteStore({ path: join(freeway.folder, 'freeway.sqlite') });
  await store.put({ pk: 'vault', sk: 'key#person_gone' }, { wrapped: 'damaged' });
  const path = join(freeway.folder, 'master-key');
  const keys = (): string[] => readFileSync(path, 'utf8').trim().split('\n');
  const before = keys();
  expect(await run('rotate-master-key')).toMatchObject({
    code: 0,
    text: expect.stringMatching(/2 keys were wrapped anew.*\n.*secrets of person_gone is damaged/s),
  });
  expect(keys().slice(1)).toEqual(before);
  await run('forget-lost-secrets', '--apply');
  expect((await run('rotate-master-key')).text).not.toContain('damaged');
  expect(keys()).toHaveLength(1);
  await store.close();
  expect(await chat()).toBe(200);
});

it('what only a lost master key could open is counted, and forgotten when that is said', async () => {
  await fetch(`${freeway.url}/api/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'openai-compatible', base_url: server.baseUrl, fields: { apiKey: KEY } }),
  });
  const path = join(freeway.folder, 'master-key');
  expect((await run('forget-lost-secrets', '--apply')).text).toContain('there is nothing to forget');
  writeFileSync(path, `${Buffer.alloc(32, 7).toString('base64')}\n`);
  expect((await run('forget-lost-secrets')).text).toMatch(
    /^\d keys can be opened by another master key only.* add --apply/m,
  );
  const applied = await run('forget-lost-secrets', '--apply');
  expect(applied.text).toMatch(/^\d keys .* are forgotten/m);
  expect(applied.code).toBe(0);
  expect((await run('forget-lost-secrets')).text).toContain('there is nothing to forget');
});
