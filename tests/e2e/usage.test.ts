// Usage and receipts over the started server: every request leaves one record, without a word of what was said.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UsageRecord, UsageSum } from '#shared/api/usage.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

let provider: FakeProvider;
let server: FakeServer;
let freeway: Started;

beforeEach(async () => {
  provider = createFakeProvider(
    { name: 'alpha', models: [{ id: 'm1', ttftMs: 2, tokensPerSecond: 10_000 }] },
    { now: Date.now },
  );
  server = await serveFakeProvider(provider);
  const model = { id: 'm1', size: 'large', context: 8_192, price: { inputPerMillionUsd: 10, outputPerMillionUsd: 20 } };
  freeway = await startServer([
    toEntry('alpha', server.baseUrl, { models: [model] }),
    toEntry('beta', server.baseUrl, { models: [model] }),
  ]);
});
afterEach(async () => {
  await freeway.stop();
  await server.close();
});

const call = async (
  method: string,
  path: string,
  { body, key = OWNER_KEY }: { body?: unknown; key?: string } = {},
): Promise<Response> =>
  fetch(`${freeway.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const chat = async (model = 'auto', key = OWNER_KEY): Promise<string> => {
  const reply = await call('POST', '/v1/chat/completions', {
    body: { model, messages: [{ role: 'user', content: 'canary-prompt' }] },
    key,
  });
  await reply.text();
  return reply.headers.get('x-freeway-request-id') ?? '';
};
const read = async <T>(path: string, key?: string): Promise<T> =>
  (await (await call('GET', path, key === undefined ? {} : { key })).json()) as T;

describe('usage', () => {
  it('keeps who, what, for how much and after what, of answers and failures', async () => {
    provider.script(['503']);
    const id = await chat();
    await chat('no-such-model');
    const { data } = await read<{ data: UsageRecord[] }>('/api/usage/records');
    expect(data.map(({ outcome, requested_model: model }) => [outcome, model])).toEqual([
      ['model_not_found', 'no-such-model'],
      ['ok', 'auto'],
    ]);
    const receipt = await read<UsageRecord>(`/api/receipts/${id}`);
    expect(receipt).toMatchObject({
      request_id: id,
      person_id: 'owner',
      key_id: null,
      operation: 'chat',
      route: 'openai-compatible/m1',
      tier: 'free',
      cost_usd: 0,
      attempts: [{ failure: 'overloaded', status: 503 }],
    });
    expect(receipt.list_usd).toBeCloseTo(
      ((receipt.input_tokens ?? 0) * 10 + (receipt.output_tokens ?? 0) * 20) / 1_000_000,
      9,
    );
    expect(JSON.stringify(data)).not.toContain('canary');
    expect((await call('GET', '/api/receipts/req_none')).status).toBe(404);
  });

  it('keeps the model asked for as it was named, where one was', async () => {
    const messages = [{ role: 'user', content: 'Hello' }];
    await call('POST', '/v1/chat/completions', { body: { models: ['m1', 'm2'], messages } });
    await call('POST', '/v1/embeddings', { body: { model: 'no-such-model', input: 'Hello' } });
    await call('POST', '/v1/chat/completions', { body: { model: 'm'.repeat(300), messages } });
    await call('POST', '/v1/chat/completions', { body: { model: 'm1' } });
    const { data } = await read<{ data: UsageRecord[] }>('/api/usage/records');
    expect(data.map(({ requested_model: model }) => model).reverse()).toEqual([
      'auto,m1,m2',
      'no-such-model',
      'm'.repeat(200),
      undefined,
    ]);
  });

  it('adds up by day and more, and tells what was saved', async () => {
    for (let i = 0; i < 3; i++) await chat();
    const { total, groups } = await read<{ total: UsageSum; groups: (UsageSum & { name: string })[] }>(
      '/api/usage?by=provider',
    );
    expect(total).toMatchObject({ requests: 3, free: 3, failed: 0, cost_usd: 0 });
    expect(total.saved_usd).toBeGreaterThan(0);
    expect(groups.map(({ name, requests }) => [name, requests])).toEqual([['openai-compatible', 3]]);
    const byDay = await read<{ groups: { name: string }[] }>('/api/usage');
    expect(byDay.groups.map(({ name }) => name)).toEqual([new Date().toISOString().slice(0, 10)]);
    expect((await call('GET', '/api/usage?from=2026-02-02&to=2026-01-01')).status).toBe(400);
  });

  it('is told of one key, provider or model alone, and by the month', async () => {
    const made = (await (await call('POST', '/api/keys', { body: { name: 'app' } })).json()) as {
      key: string;
      id: string;
    };
    await chat();
    await chat('auto', made.key);
    const count = async (query: string): Promise<number> =>
      (await read<{ total: UsageSum }>(`/api/usage?${query}`)).total.requests;
    const asked: readonly (readonly [string, number])[] = [
      ['by=month', 2],
      [`key_id=${made.id}`, 1],
      ['key_id=none', 0],
      ['provider=openai-compatible', 2],
      ['provider=openai', 0],
      ['model=openai-compatible/m1', 2],
      ['model=openai-compatible/m', 0],
      // A range whose first day is in it in part only.
      [`from=${new Date(Date.now() - 3 * 86_400_000).toISOString()}&key_id=${made.id}`, 1],
    ];
    for (const [query, requests] of asked) expect([query, await count(query)]).toEqual([query, requests]);
    const { groups } = await read<{ groups: { name: string }[] }>('/api/usage?by=month');
    expect(groups.map(({ name }) => name)).toEqual([new Date().toISOString().slice(0, 7)]);
  });

  it('is bounded by instants, too, and adds up by the hour', async () => {
    await chat();
    const [{ at } = { at: '' }] = (await read<{ data: UsageRecord[] }>('/api/usage/records')).data;
    const shift = (ms: number): string => new Date(Date.parse(at) + ms).toISOString();
    type Sums = { readonly total: UsageSum; readonly groups: readonly { readonly name: string }[] };
    const within = await read<Sums>(`/api/usage?by=hour&from=${at}&to=${at}`);
    expect(within).toMatchObject({ from: at, to: at, total: { requests: 1 } });
    expect(within.groups.map(({ name }) => name)).toEqual([`${at.slice(0, 13)}:00:00Z`]);
    for (const range of [`from=${shift(1)}`, `from=${shift(-2)}&to=${shift(-1)}`]) {
      expect((await read<Sums>(`/api/usage?${range}`)).total.requests).toBe(0);
      expect((await read<{ data: unknown[] }>(`/api/usage/records?${range}`)).data).toEqual([]);
    }
    expect((await call('GET', `/api/usage?from=${shift(1)}&to=${at}`)).status).toBe(400);
  });

  it('pages through records, filters them, and writes a table that no spreadsheet runs', async () => {
    for (let i = 0; i < 5; i++) await chat();
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const path: string = `/api/usage/records?limit=2${next === null ? '' : `&after=${encodeURIComponent(next)}`}`;
      const page: { data: UsageRecord[]; next: string | null } = await read(path);
      seen.push(...page.data.map((record) => record.request_id));
      next = page.next;
    } while (next !== null);
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
    expect((await read<{ data: unknown[] }>('/api/usage/records?provider=other')).data).toEqual([]);
    const table = await (await call('GET', '/api/usage/records?format=csv')).text();
    expect(table.split('\r\n')).toHaveLength(6);
    expect(table).toContain('request_id,at,person_id');
  });

  it('outlives a restart, and shows a key nothing unless it may read', async () => {
    const id = await chat();
    const made = (await (await call('POST', '/api/keys', { body: { name: 'app', scopes: ['inference'] } })).json()) as {
      key: string;
    };
    const byKey = await chat('auto', made.key);
    expect((await call('GET', '/api/usage', { key: made.key })).status).toBe(403);
    await freeway.freeway.flush();
    const again = await startServer([toEntry('alpha', server.baseUrl)], { FREEWAY_DATA: freeway.folder });
    const reply = await fetch(`${again.url}/api/receipts/${id}`, { headers: { authorization: `Bearer ${OWNER_KEY}` } });
    expect(reply.status).toBe(200);
    await again.close();
    expect(await read<UsageRecord>(`/api/receipts/${byKey}`)).toMatchObject({
      person_id: 'owner',
      key_id: expect.any(String),
    });
  });
});
