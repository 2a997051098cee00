// Official clients wait as long as they are told to, hours on end: where the wait is long they are told not to, and the program decides.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

/** Of which one answers one request a day, the other all. */
let providers: FakeServer[];
let server: Started;
let calls = 0;
const counting: typeof fetch = (...given) => {
  calls++;
  return fetch(...given);
};

beforeAll(async () => {
  const fakes = [
    createFakeProvider({ name: 'alpha', models: [{ id: 'm1', ttftMs: 2 }] }, { now: Date.now }),
    createFakeProvider({ name: 'beta', models: [{ id: 'm2', ttftMs: 2 }] }, { now: Date.now }),
  ];
  providers = await Promise.all(fakes.map((fake) => serveFakeProvider(fake)));
  const day = { kind: 'calendar', every: 'day', zone: 'UTC' };
  const pools = [{ key: 'day', models: ['*'], scope: 'credential', unit: 'requests', max: 1, clock: day }];
  const [alpha, beta] = providers.map(({ baseUrl }) => baseUrl);
  const entries = [
    toEntry('alpha', alpha ?? '', { pools }),
    toEntry('beta', beta ?? '', {
      models: [{ id: 'm2', kind: 'chat', context: 131_072, maxOutput: 8_192, size: 'large' }],
    }),
  ];
  server = await startServer(entries, { FREEWAY_PAID: 'never' });
});
afterAll(async () => {
  await server.stop();
  await Promise.all(providers.map((provider) => provider.close()));
});

const messages = [{ role: 'user' as const, content: 'Hi.' }];
const asks = {
  openai: (apiKey: string, model: string) =>
    new OpenAI({ apiKey, baseURL: `${server.url}/v1`, fetch: counting }).chat.completions.create({
      model,
      messages,
    }),
  anthropic: (apiKey: string, model: string) =>
    new Anthropic({ apiKey, baseURL: server.url, fetch: counting }).messages.create({
      model,
      max_tokens: 20,
      messages,
    }),
};

async function makeKey(terms: Record<string, unknown>): Promise<string> {
  const reply = await fetch(`${server.url}/api/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bot', ...terms }),
  });
  return ((await reply.json()) as { key: string }).key;
}

describe.each(Object.entries(asks))('the client of %s', (name, ask) => {
  it('is refused at once when all quota of the day is used up', async () => {
    await ask(OWNER_KEY, 'm1').catch(() => undefined);
    calls = 0;
    await expect(ask(OWNER_KEY, 'm1')).rejects.toMatchObject({ status: 503 });
    expect(calls).toBe(1);
  });

  it('is refused at once when its key has used up its day', async () => {
    const key = await makeKey({ name, requests_per_day: 1 });
    await ask(key, 'm2');
    calls = 0;
    await expect(ask(key, 'm2')).rejects.toMatchObject({ status: 429 });
    expect(calls).toBe(1);
  });
});
