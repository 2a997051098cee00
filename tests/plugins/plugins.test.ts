// Packages of the Vercel AI SDK as providers: registered by the configuration, loaded when called, in the pool like everybody else.
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChatClient, createMessagesClient } from '../e2e/clients.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../e2e/local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;

const capabilities = ['tools', 'vision', 'json', 'reasoning'];
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const models = (id: string) => [{ id, size: 'large', context: 131_072, maxOutput: 8_192, capabilities }];
const schema = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
  additionalProperties: false,
};

beforeAll(async () => {
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in Oslo.' });
  mock.onMessage(/two cities/, {
    toolCalls: [
      { id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' },
      { id: 'call_2', name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  });
  mock.onMessage(/weather/, { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }] });
  mock.onMessage(/picture/, { content: 'I see a picture.' });
  mock.onMessage(/person/, { content: '{"name":"Ada"}' });
  mock.onMessage(/think/, { content: 'It is 42.', reasoning: 'Six times seven.' });
  mock.on({ model: /^busy/ }, { error: { message: 'Slow down.', type: 'rate_limit_error' }, status: 429 });
  const usage = { prompt_tokens: 9, completion_tokens: 7, input_tokens: 9, output_tokens: 7 };
  mock.onMessage(/hello/i, { content: 'Hello, 世界.', usage });
  mock.onEmbedding(/.*/, { embedding: [0.5, 0.25, -1] });
  await mock.start();
  const options = { baseURL: `${mock.url}/v1` };
  server = await startServer([
    { plugin: '@ai-sdk/anthropic', name: 'claude', apiKey: 'k', tier: 'free', options, models: models('of-anthropic') },
    {
      plugin: '@ai-sdk/openai',
      name: 'gpt',
      apiKey: 'k',
      tier: 'free',
      options,
      models: [
        ...models('of-openai'),
        { ...models('busy-model')[0], family: 'either' },
        { id: 'vectors', kind: 'embedding', dimensions: 3 },
      ],
    },
    toEntry('backup', `${mock.url}/v1`, { priority: 200, models: [{ ...models('spare')[0], family: 'either' }] }),
  ]);
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

describe.each(['of-anthropic', 'of-openai'])('a model %s', (model) => {
  const ask = (wish: { prompt: string; stream: boolean } & Record<string, unknown>) =>
    createChatClient(`${server.url}/v1`, OWNER_KEY).ask({ model, ...wish });

  it.each([false, true])('answers, streamed: %s', async (stream) => {
    const heard = await ask({ prompt: 'hello', stream, system: 'Be kind.' });
    expect(heard).toMatchObject({ text: 'Hello, 世界.', finish: 'stop', inputTokens: 9, outputTokens: 7 });
    expect(heard.pieces > 0).toBe(stream);
  });

  it.each([false, true])('calls tools side by side, and hears of results, streamed: %s', async (stream) => {
    const called = await ask({ prompt: 'the two cities', stream, tools: true });
    expect(called).toMatchObject({ calls: [{ arguments: { city: 'Oslo' } }, { arguments: { city: 'Rome' } }] });
    expect(called.finish).toBe('tool_calls');
    const result = { id: 'call_1', city: 'Oslo', text: 'rain' };
    expect(await ask({ prompt: 'weather?', stream, tools: true, result })).toMatchObject({ text: 'It rains in Oslo.' });
  });

  it.each([false, true])('sees, thinks and keeps to a schema, streamed: %s', async (stream) => {
    expect(await ask({ prompt: 'this picture', stream, image: pixel })).toMatchObject({ text: 'I see a picture.' });
    expect(await ask({ prompt: 'think', stream })).toMatchObject({ text: 'It is 42.', reasoning: 'Six times seven.' });
    expect(await ask({ prompt: 'a person', stream, schema })).toMatchObject({ text: '{"name":"Ada"}' });
  });

  it('answers callers of other formats', async () => {
    const heard = await createMessagesClient(server.url, OWNER_KEY).ask({ model, prompt: 'hello', stream: true });
    expect(heard).toMatchObject({ text: 'Hello, 世界.', finish: 'end_turn', outputTokens: 7 });
  });
});

async function post(model: string) {
  const reply = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  });
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

it('a refusal is understood, and somebody else answers', async () => {
  const { status, headers, text } = await post('either');
  expect([status, headers.get('x-freeway-credential')]).toEqual([200, 'backup']);
  expect(headers.get('x-freeway-trail')).toMatch(/^plugin\/busy-model=rate_limited\(/);
  expect(text).toContain('Hello');
});

it('a package that is not installed is told at the start', async () => {
  const entry = { plugin: '@ai-sdk/not-installed', name: 'gone', apiKey: 'k', models: models('m') };
  await expect(startServer([entry])).rejects.toThrow(/npm install @ai-sdk\/not-installed/);
});

it('vectors go the same way', async () => {
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: OWNER_KEY, maxRetries: 0 });
  const { data } = await client.embeddings.create({ model: 'vectors', input: ['hello'] });
  expect(data[0]?.embedding).toEqual([0.5, 0.25, -1]);
});

it('people can not name packages', async () => {
  const reply = await fetch(`${server.url}/api/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'plugin', name: 'mine', fields: { plugin: '@ai-sdk/openai' }, api_key: 'k' }),
  });
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(server.freeway.fleet().credentials.some(({ name }) => name === 'mine')).toBe(false);
});
