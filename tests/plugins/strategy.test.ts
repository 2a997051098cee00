// An order of the installation's own: followed where a request asks for it, shown by explain, and harmless when it fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../e2e/local.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-strategy-'));
let server: Started | null = null;
let provider: FakeServer | null = null;
afterEach(async () => {
  await server?.stop();
  await provider?.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const names = ['alpha', 'beta', 'gamma'];

async function start(module: string): Promise<void> {
  const clock = (await import('#lambda/clock.ts')).systemClock;
  provider = await serveFakeProvider(
    createFakeProvider({ name: 'all', models: [{ id: 'm1', ttftMs: 1, tokensPerSecond: 9_000 }] }, clock),
  );
  const entries = names.map((name) => toEntry(name, provider?.baseUrl ?? ''));
  server = await startServer(entries, { FREEWAY_STRATEGY: module });
}

async function ask(strategy: string, path = '/v1/chat/completions') {
  const reply = await fetch(`${server?.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'hello' }], freeway: { strategy } }),
  });
  return {
    credential: reply.headers.get('x-freeway-credential'),
    json: (await reply.json()) as Record<string, unknown>,
  };
}

it('is followed where it is asked for, and shown beforehand', async () => {
  await start(write('last.mjs', 'export default ({ credential }) => -credential.charCodeAt(0);'));
  for (let i = 0; i < 3; i++) expect((await ask('custom')).credential).toBe('gamma');
  const others = await Promise.all(names.map(() => ask('round-robin')));
  expect(new Set(others.map(({ credential }) => credential)).size).toBeGreaterThan(1);
  const { json } = await ask('custom', '/v1/explain');
  const plan = json['candidates'] as { credential: string }[];
  expect(plan.map(({ credential }) => credential)).toEqual(['gamma', 'beta', 'alpha']);
});

it('that fails puts nobody out of work', async () => {
  await start(write('broken.mjs', "export default () => { throw new Error('no idea'); };"));
  expect(names).toContain((await ask('custom')).credential);
  expect(server?.logs.filter((line) => line.includes('strategy.failed'))).toHaveLength(1);
});

it.each([
  [
    'not-there.mjs',
    /can't be loaded \(Cannot find package 'not-there\.mjs'\)\. Correct its path, which begins with \.\/ or \//,
  ],
  [write('empty.mjs', 'export const order = 1;'), /default export is no function/],
])('of %s is refused at the start', async (module, message) => {
  await expect(startServer([], { FREEWAY_STRATEGY: module })).rejects.toThrow(message);
  [server, provider] = [null, null];
});
