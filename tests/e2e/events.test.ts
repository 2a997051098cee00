// Who asks for events sees on the stream who is asked, what failed and the receipt; who does not ask sees none of it.
import { systemClock } from '#lambda/clock.ts';
import { createSse, feedSse } from '#lambda/wire/sse.ts';
import { attemptEventSchema, receiptEventSchema, routeEventSchema } from '#shared/api/events.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const fake = (name: string): FakeProvider =>
  createFakeProvider({ name, models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }] }, systemClock);
const first = fake('first');
const second = fake('second');
const servers: FakeServer[] = [];
let server: Started;

beforeAll(async () => {
  servers.push(await serveFakeProvider(first), await serveFakeProvider(second));
  server = await startServer(
    servers.map(({ baseUrl }, index) => toEntry(index === 0 ? 'first' : 'second', baseUrl, { priority: index + 1 })),
  );
});
afterAll(async () => {
  await server.stop();
  for (const one of servers) await one.close();
});

interface Told {
  readonly status: number;
  readonly type: string;
  readonly events: { readonly event: string; readonly data: string }[];
}

async function ask(headers: Record<string, string>, body: Record<string, unknown> = {}): Promise<Told> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'auto', stream: true, messages: [{ role: 'user', content: 'hello' }], ...body }),
  });
  const { frames } = feedSse(createSse(), await response.text());
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    events: frames.map(({ event, data }) => ({ event: event ?? 'chunk', data: data ?? '' })),
  };
}

const watch = { 'x-freeway-events': '1' };
const named = (told: Told, name: string): unknown[] =>
  told.events.filter(({ event }) => event === name).map(({ data }) => JSON.parse(data) as unknown);

it('tells the way, a failed attempt and the receipt, in this order, before the closing mark', async () => {
  first.script(['503']);
  const told = await ask(watch);
  const routes = named(told, 'route').map((data) => routeEventSchema.parse(data));
  expect(routes).toMatchObject([
    { state: 'asking', credential: 'first', attempt: 1 },
    { state: 'asking', credential: 'second', attempt: 2 },
  ]);
  const attempts = named(told, 'attempt').map((data) => attemptEventSchema.parse(data));
  expect(attempts).toMatchObject([{ credential: 'first', failure: 'overloaded', status: 503 }]);
  const [receipt] = named(told, 'receipt').map((data) => receiptEventSchema.parse(data));
  expect(receipt).toMatchObject({ credential: 'second', tier: 'free', cost_usd: 0, attempts, outcome: 'ok' });
  const text = told.events
    .filter(({ event, data }) => event === 'chunk' && data !== '[DONE]')
    .map(({ data }) => (JSON.parse(data) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content)
    .join('');
  expect(text).toBe(canonicalAnswer);
  expect(told.events.map(({ event }) => event).filter((event) => event !== 'chunk')).toEqual([
    'route',
    'attempt',
    'route',
    'receipt',
  ]);
  expect(told.events.at(-1)?.data).toBe('[DONE]');
});

it('tells plain clients nothing of it', async () => {
  const told = await ask({});
  expect(told.events.every(({ event }) => event === 'chunk')).toBe(true);
});

it('ends a stream that found no answer with the error that a whole reply would be', async () => {
  for (const one of [first, second]) one.script(['too-large']);
  const told = await ask(watch, { freeway: { failover: false } });
  expect(told.status).toBe(200);
  expect(JSON.parse(told.events.at(-1)?.data ?? '')).toHaveProperty('error.code', 'too_large');
});

it('refuses as ever what was never asked of anybody', async () => {
  const told = await ask(watch, { model: 'no-such-model' });
  expect(told.status).toBe(404);
  expect(told.type).toContain('application/json');
});
