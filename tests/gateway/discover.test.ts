// Programs on people's own hardware: the models they serve join the pool by themselves, and leave it when they are gone.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { OWNER_KEY, startServer, type Started } from '../e2e/local.ts';

let server: Server | null = null;
let freeway: Started | null = null;
afterEach(async () => {
  await freeway?.stop();
  server?.closeAllConnections();
  server?.close();
});

/** Serves these documents by path; asking for a model by POST tells the one of its name. */
async function serve(documents: () => Readonly<Record<string, unknown>>): Promise<string> {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const asked = request.method === 'POST' ? (JSON.parse(text) as { model: string }).model : '';
      const found = documents()[`${request.url}${asked === '' ? '' : ` ${asked}`}`];
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ?? { error: 'not found' }));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

interface Listed {
  readonly id: string;
  readonly context_length?: number;
  readonly freeway?: unknown;
}

async function listed(): Promise<Listed[]> {
  const reply = await fetch(`${freeway?.url}/v1/models`, { headers: { authorization: `Bearer ${OWNER_KEY}` } });
  return ((await reply.json()) as { data: Listed[] }).data;
}

const until = (test: () => Promise<boolean>): Promise<unknown> => expect.poll(test).toBe(true);

const has = (id: string) => async (): Promise<boolean> => (await listed()).some((model) => model.id.endsWith(`/${id}`));

it('pulled models are taken with what they can do, and asked for again', async () => {
  let tags = [{ name: 'qwen3:8b', details: { parameter_size: '8.2B' } }, { name: 'nomic-embed-text:latest' }];
  const baseUrl = await serve(() => ({
    '/api/tags': { models: tags },
    '/api/show qwen3:8b': {
      capabilities: ['completion', 'tools', 'thinking'],
      model_info: { 'qwen3.context_length': 40_960 },
      parameters: 'temperature 0.6\nnum_ctx                        16384\n',
    },
    '/api/show nomic-embed-text:latest': {
      capabilities: ['embedding'],
      model_info: { 'nomic-bert.context_length': 2_048 },
    },
    '/api/show gemma4:latest': {
      capabilities: ['completion', 'vision'],
      model_info: { 'gemma4.context_length': 131_072 },
    },
  }));
  let skippedMs = 0;
  const clock = { ...(await import('#lambda/clock.ts')).systemClock, now: () => Date.now() + skippedMs };
  freeway = await startServer([{ provider: 'ollama', name: 'mine', baseUrl }], {}, { clock });
  await until(has('qwen3:8b'));
  const models = freeway.freeway.fleet().models.toSorted((a, b) => b.id.localeCompare(a.id));
  expect(
    models.map(({ id, kind, context, size, capabilities }) => ({ id, kind, context, size, capabilities })),
  ).toEqual([
    { id: 'qwen3:8b', kind: 'chat', context: 16_384, size: 'small', capabilities: ['tools', 'reasoning', 'json'] },
    expect.objectContaining({ id: 'nomic-embed-text', kind: 'embedding', context: 2_048 }),
  ]);
  expect(freeway.freeway.fleet().candidates.map(({ tier }) => tier)).toEqual(['local', 'local']);
  tags = [{ name: 'gemma4:latest', details: { parameter_size: '31B' } }];
  skippedMs = 61_000;
  await until(has('gemma4'));
  expect(freeway.freeway.fleet().models.map(({ id }) => id)).toEqual(['gemma4']);
});

it.each([
  ['asked for its models once', {}, 1],
  ['not asked for models that a person has named', { models: [{ id: 'Qwen/Qwen3-8B', size: 'small' }] }, 0],
])('an address whose every call costs is %s', async (_, more, times) => {
  let asked = 0;
  const baseUrl = await serve(() => {
    asked += 1;
    return { '/v1/models': { data: [{ id: 'Qwen/Qwen3-8B', max_model_len: 32_768 }] } };
  });
  let skippedMs = 0;
  const clock = { ...(await import('#lambda/clock.ts')).systemClock, now: () => Date.now() + skippedMs };
  freeway = await startServer([{ provider: 'runpod', name: 'mine', apiKey: 'k', baseUrl, ...more }], {}, { clock });
  await until(has('Qwen/Qwen3-8B'));
  for (let minute = 0; minute < 3; minute++) {
    skippedMs += 61_000;
    await listed();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await freeway.stop();
  expect(asked).toBe(times);
});

it.each([
  ['vllm', {}],
  ['openai-compatible', { discover: true, tier: 'free', apiKey: 'k' }],
])('models that %s lists are taken, with how much they take in', async (provider, more) => {
  const baseUrl = await serve(() => ({ '/v1/models': { data: [{ id: 'Qwen/Qwen3-8B', max_model_len: 32_768 }] } }));
  freeway = await startServer([{ provider, name: 'mine', baseUrl, ...more }]);
  await until(has('Qwen/Qwen3-8B'));
  expect(freeway.freeway.fleet().models).toMatchObject([{ id: 'Qwen/Qwen3-8B', context: 32_768 }]);
});

it('models that were named stay the only ones, and are told what is not known of them', async () => {
  const baseUrl = await serve(() => ({
    '/v1/models': { data: [{ id: 'a', max_model_len: 1_000 }, { id: 'b', max_model_len: 2_000 }, { id: 'c' }] },
  }));
  freeway = await startServer([
    { provider: 'vllm', name: 'mine', baseUrl, models: [{ id: 'a' }, { id: 'b', context: 500 }] },
  ]);
  await until(async () => freeway?.freeway.fleet().models[0]?.context !== undefined);
  expect(freeway.freeway.fleet().models).toMatchObject([
    { id: 'a', context: 1_000 },
    { id: 'b', context: 500 },
  ]);
});

it('an address that does not answer costs nothing but its models', async () => {
  freeway = await startServer([{ provider: 'vllm', name: 'gone', baseUrl: 'http://127.0.0.1:9/v1' }]);
  expect(await listed()).toBeInstanceOf(Array);
  expect(freeway.freeway.fleet().candidates).toEqual([]);
});
