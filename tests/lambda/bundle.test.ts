// The bundle as it is deployed, under the official runtime client, over a real DynamoDB engine and simulated providers.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
import { bundleLambda, type Bundle } from '../../scripts/lambda-bundle.ts';
import { listInitFiles } from '../../scripts/lambda-init.ts';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing, startDynamoEngine, type DynamoEngine } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';

const LIMIT = 8;
const messages = [{ role: 'user' as const, content: 'hello' }];

interface Served {
  readonly provider: FakeProvider;
  readonly server: FakeServer;
}

let folder: string;
let bundle: Bundle;
let emulator: Emulator | null = null;
let served: Served[] = [];

async function serve(spec: Omit<FakeProviderSpec, 'models'>, tokensPerSecond = 2_000): Promise<Served> {
  const models = [{ id: 'm1', ttftMs: 10, tokensPerSecond }];
  const provider = createFakeProvider({ models, keepEvents: 1_000, ...spec }, { now: Date.now });
  const one = { provider, server: await serveFakeProvider(provider) };
  served.push(one);
  return one;
}

async function start(env: Readonly<Record<string, string>>, timeoutMs = 30_000): Promise<Emulator> {
  return (emulator = await startEmulator({ bundleDir: join(folder, 'bundle'), env, timeoutMs }));
}

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${emulator?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'freeway-bundle-'));
  const entry = fileURLToPath(new URL('../../lambda/main.lambda.ts', import.meta.url));
  bundle = await bundleLambda({ entry, outDir: join(folder, 'bundle') });
});
afterEach(async () => {
  await emulator?.close();
  emulator = null;
  await Promise.all(served.map(({ server }) => server.close()));
  served = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('bundle: what is not configured is not open', () => {
  const enough = { FREEWAY_STORE: 'dynamodb:table', FREEWAY_OWNER_KEY: OWNER_KEY };
  const bucket = { FREEWAY_UPLOADS_BUCKET: 'recordings' };
  const cases = [
    ['no owner key', { FREEWAY_STORE: 'dynamodb:table' }, /FREEWAY_OWNER_KEY/],
    ['a store that would be lost', { FREEWAY_OWNER_KEY: OWNER_KEY }, /FREEWAY_STORE must name a DynamoDB table/],
    ['a bucket that is none', { ...enough, FREEWAY_UPLOADS_BUCKET: 'Not_A_Bucket' }, /FREEWAY_UPLOADS_BUCKET is/],
    ['an endpoint that is none', { ...enough, ...bucket, AWS_ENDPOINT_URL_S3: 'nowhere' }, /AWS_ENDPOINT_URL_S3 must/],
    ['a weak key', { FREEWAY_STORE: 'dynamodb:table', FREEWAY_OWNER_KEY: 'short' }, /at least 32 printable/],
  ] as const;
  it.each(cases)('%s: every request is refused, and the log says why', async (_, env, reason) => {
    const { url, logs } = await start(env);
    for (const path of ['/health', '/v1/models']) {
      const reply = await fetch(`${url}${path}`, { headers: { authorization: 'Bearer anything' } });
      expect(reply.status).toBe(503);
      expect(await reply.json()).toMatchObject({ error: { code: 'internal', message: /could not start/ } });
    }
    expect(logs()).toMatch(reason);
  });
});

it('fits its budgets', () => {
  expect(bundle.zip.length).toBeLessThan(5_000_000);
  const started = listInitFiles(join(folder, 'bundle'));
  expect(started[0]?.path).toMatch(/index\.mjs$/);
  expect(started.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(400_000);
});

it('holds nothing of the sign-in by link, which is for the person at the machine itself', () => {
  // Headers of proxies that nothing else asks for.
  const holding = bundle.files.filter(({ bytes }) => Buffer.from(bytes).includes('x-real-ip'));
  expect(holding.map(({ path }) => path)).toEqual([]);
  const source = readFileSync(fileURLToPath(new URL('../../lambda/http/auth-local.ts', import.meta.url)), 'utf8');
  expect(source).toContain('x-real-ip');
});

it('holds nothing of plugins, which load what is installed beside us', () => {
  const holding = bundle.files.filter(({ bytes }) => Buffer.from(bytes).includes('AI_LoadAPIKeyError'));
  expect(holding.map(({ path }) => path)).toEqual([]);
  const source = readFileSync(fileURLToPath(new URL('../../lambda/plugins/answer.ts', import.meta.url)), 'utf8');
  expect(source).toContain('AI_LoadAPIKeyError');
});

describe.skipIf(engineMissing !== null)(`bundle${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`, () => {
  let engine: DynamoEngine;
  let table = 0;

  beforeAll(async () => {
    engine = await startDynamoEngine();
  });
  afterAll(() => engine.close());

  async function open(
    entries: readonly Record<string, unknown>[],
    timeoutMs?: number,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Emulator> {
    const name = `table${table++}`;
    const client = engine.client();
    await ensureTable(client, name);
    client.destroy();
    const env = {
      ...engine.env,
      ...more,
      FREEWAY_STORE: `dynamodb:${name}`,
      FREEWAY_OWNER_KEY: OWNER_KEY,
      FREEWAY_PROVIDERS: JSON.stringify(entries),
    };
    return start(env, timeoutMs);
  }

  it('tells that it is well, and lets nobody in without the key', async () => {
    const { server } = await serve({ name: 'alpha' });
    const { url } = await open([toEntry('alpha', server.baseUrl)]);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', store: 'dynamodb' });
    for (const headers of [{}, { authorization: 'Bearer wrong' }] as Record<string, string>[])
      expect((await fetch(`${url}/v1/models`, { headers })).status).toBe(401);
  });

  it('makes API keys that work, and takes cookies out one by one', async () => {
    const { server } = await serve({ name: 'alpha' });
    const { url } = await open([toEntry('alpha', server.baseUrl)]);
    const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'bot', requests_per_minute: 1 });
    const made = await fetch(`${url}/api/keys`, { method: 'POST', headers, body });
    const { key } = (await made.json()) as { key: string };
    const asked = { authorization: `Bearer ${key}` };
    const statuses = [await post({ model: 'auto', messages }, asked), await post({ model: 'auto', messages }, asked)];
    expect([made.status, ...statuses.map(({ status }) => status)]).toEqual([201, 200, 429]);
    expect((await fetch(`${url}/api/keys`, { headers: asked })).status).toBe(403);
    const out = await fetch(`${url}/api/session`, { method: 'DELETE' });
    expect([out.status, out.headers.getSetCookie().length]).toEqual([204, 2]);
    expect(await (await fetch(`${url}/api/session`)).json()).toMatchObject({ mode: 'api_only', person: null });
  });

  it('answers the official client, whole and streamed', async () => {
    const { server } = await serve({ name: 'alpha', answer: 'canonical' });
    const { url } = await open([toEntry('alpha', server.baseUrl)]);
    const client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${url}/v1`, maxRetries: 0 });
    const whole = await client.chat.completions.create({ model: 'auto', messages }).withResponse();
    const text = whole.data.choices[0]?.message.content ?? '';
    expect(text.split(' ')).toHaveLength(60);
    expect(whole.response.headers.get('x-freeway-credential')).toBe('alpha');
    const stream = await client.chat.completions.create({
      model: 'auto',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let streamed = '';
    let chunks = 0;
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      streamed += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
      chunks++;
    }
    expect(streamed).toBe(text);
    expect(chunks).toBeGreaterThan(10);
    expect(usage?.completion_tokens).toBeGreaterThan(0);
  });

  it('behind a distribution takes requests that come by way of it, and no others', async () => {
    const { server } = await serve({ name: 'alpha' });
    await open([toEntry('alpha', server.baseUrl)], 30_000, { FREEWAY_EDGE_SECRET: 'known-to-the-edge' });
    expect((await post({ model: 'auto', messages })).status).toBe(403);
    const edge = { 'x-freeway-edge': 'known-to-the-edge' };
    expect((await post({ model: 'auto', messages }, edge)).status).toBe(200);
  });

  it('tells CloudWatch what alarms stand on: refused keys, pressure, breakers, first content', async () => {
    const { server } = await serve({ name: 'alpha' });
    const pools = [
      { models: ['m1'], unit: 'requests', max: 4, clock: { kind: 'rolling', seconds: 60 } },
      { models: ['m1'], unit: 'requests', max: 10, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } },
    ];
    const entry = toEntry('alpha', server.baseUrl, { pools });
    const { instances, logs } = await open([entry], 30_000, { FREEWAY_METRICS: 'emf' });
    expect((await post({ model: 'auto', messages }, { authorization: 'Bearer fwy_nobody' })).status).toBe(401);
    // Told after the reply; until then another request would start an instance of its own.
    await instances()[0]?.free();
    expect((await post({ model: 'auto', messages })).status).toBe(200);
    await instances()[0]?.free();
    const request = logs()
      .split('\n')
      .find((line) => line.includes('"outcome":"ok"'));
    expect(JSON.parse(request ?? '')).toMatchObject({
      event: 'request',
      request_id: expect.stringMatching(/^req_/),
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai-compatible',
      'gen_ai.response.model': 'm1',
      'gen_ai.usage.output_tokens': expect.any(Number),
    });
    const told = logs()
      .split('\n')
      .flatMap((line) => (line.includes('"_aws"') ? [JSON.parse(line) as Record<string, unknown>] : []));
    expect(told).toMatchObject([
      { freeway_security_events_total: 1, freeway_pool_pressure: 0, freeway_breaker_open: 0 },
      {
        freeway_requests_total: 1,
        freeway_pool_pressure: 0.25,
        freeway_long_pool_pressure: 0.1,
        freeway_quota_pressure: 0.1,
        freeway_first_content_seconds: [expect.any(Number)],
      },
    ]);
  });

  it('fails over when a provider has had enough', async () => {
    const full = await serve({ name: 'full', chaos: [{ fault: '429' }] });
    const spare = await serve({ name: 'spare' });
    await open([
      toEntry('full', full.server.baseUrl, { priority: 1 }),
      toEntry('spare', spare.server.baseUrl, { priority: 2 }),
    ]);
    const reply = await post({ model: 'auto', messages });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-freeway-credential')).toBe('spare');
    expect(reply.headers.get('x-freeway-trail')).toContain('rate_limited');
    expect(full.provider.books().total().sent429).toBe(1);
  });

  it('shares one limit among instances, by the books of the provider', async () => {
    const limits = [{ models: ['m1'], unit: 'requests', max: LIMIT, clock: { kind: 'sliding', seconds: 60 } }] as const;
    const { provider, server } = await serve({ name: 'alpha', limits });
    const pools = [{ models: ['m1'], unit: 'requests', max: LIMIT, clock: { kind: 'rolling', seconds: 60 } }];
    const { instances } = await open([toEntry('alpha', server.baseUrl, { pools })]);
    const ask = async (): Promise<number[]> => {
      const statuses: number[] = [];
      for (let i = 0; i < LIMIT; i++)
        statuses.push((await post({ model: 'm1', messages }, { 'x-freeway-max-wait-ms': '0' })).status);
      return statuses;
    };
    const statuses = (await Promise.all([ask(), ask()])).flat();
    expect(instances().length).toBeGreaterThanOrEqual(2);
    expect(instances().every((instance) => instance.invocations() > 0)).toBe(true);
    expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 503)).toHaveLength(LIMIT);
    expect(provider.books().total()).toMatchObject({ accepted: LIMIT, served: LIMIT, limited: 0, sent429: 0 });
  });

  it('ends an answer that takes longer than the function may with a typed error, and settles it', async () => {
    const { provider, server } = await serve({ name: 'slow' }, 10);
    const { instances, logs } = await open([toEntry('slow', server.baseUrl)], 6_000);
    const text = await (await post({ model: 'auto', messages, stream: true })).text();
    const events = text.split('\n\n').filter((event) => event !== '');
    expect(events.length).toBeGreaterThan(2);
    expect(JSON.parse(events.at(-1)?.replace(/^data: /, '') ?? '')).toMatchObject({
      error: { code: expect.any(String), message: expect.stringMatching(/\btime\b/) },
    });
    await instances()[0]?.free();
    expect(instances()[0]?.state()).toBe('frozen');
    expect(logs()).toContain('"outcome":"broke_off"');
    expect(provider.books().total()).toMatchObject({ accepted: 1, abandoned: 1 });
  });

  it('refuses a body past the limit of an event before it runs', async () => {
    const { server } = await serve({ name: 'alpha' });
    const { instances } = await open([toEntry('alpha', server.baseUrl)]);
    const content = 'x'.repeat(6_300_000);
    expect((await post({ model: 'auto', messages: [{ role: 'user', content }] })).status).toBe(413);
    expect(instances()).toHaveLength(0);
  });
});
