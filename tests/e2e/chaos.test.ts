// Three third-party simulators that fail in four ways at 20 % each: callers see no 429, and all but a hair of the requests are answered.
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const REQUESTS = 2_000;
const PARALLEL = 60;
/**
 * Three of five calls fail, each by itself: in the usual patience of 15 s there is time for some sixteen, all of which fail for one request in
 * five thousand. That would be luck, not a fault; so they are given more.
 */
const PATIENCE_MS = 40_000;
const chaos = { dropRate: 0.2, rateLimitRate: 0.2, malformedRate: 0.2, disconnectRate: 0.2 };
const mocks = ['alpha', 'beta', 'gamma'].map((name) => ({
  name,
  mock: new LLMock({ port: 0, logLevel: 'silent', chaos }),
}));
let server: Started;

beforeAll(async () => {
  for (const { mock } of mocks) {
    mock.onMessage(/./, { content: 'survived' });
    await mock.start();
  }
  server = await startServer(mocks.map(({ name, mock }) => toEntry(name, `${mock.url}/v1`)));
});
afterAll(async () => {
  await server.stop();
  for (const { mock } of mocks) await mock.stop();
});

async function ask(stream: boolean): Promise<string> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'x-freeway-max-wait-ms': String(PATIENCE_MS) },
    body: JSON.stringify({ model: 'm1', stream, messages: [{ role: 'user', content: 'hello' }] }),
  });
  const text = await response.text();
  if (response.status !== 200) return `status ${response.status}`;
  if (stream && !text.includes('[DONE]')) return 'broke off';
  return text.includes('survived') || text.includes('sur') ? 'ok' : 'wrong';
}

it(`answers ${REQUESTS} requests`, { timeout: 240_000 }, async () => {
  const results = new Map<string, number>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < REQUESTS) {
      const result = await ask(next++ % 2 === 0);
      results.set(result, (results.get(result) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  expect(results.get('status 429') ?? 0).toBe(0);
  expect((results.get('ok') ?? 0) / REQUESTS, JSON.stringify([...results])).toBeGreaterThanOrEqual(0.999);
});
