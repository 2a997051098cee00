// Weak models behind the started server: the official client gets calls and JSON, and is told that they were put right.
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChatClient } from './clients.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;

beforeAll(async () => {
  mock.onMessage(/weather/, {
    content: 'I look.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
  });
  mock.onMessage(/person/, { content: 'Here you are:\n```json\n{"name": "Ada",}\n```' });
  await mock.start();
  const models = [{ id: 'weak', size: 'small', context: 8_192, capabilities: ['tools', 'json'] }];
  server = await startServer([
    { provider: 'vllm', name: 'mine', baseUrl: `${mock.url}/v1`, discover: false, models },
    toEntry('others', `${mock.url}/v1`, { models: [{ ...models[0], id: 'unmarked' }] }),
  ]);
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

it.each([false, true])('calls and JSON, streamed: %s', async (stream) => {
  const client = createChatClient(`${server.url}/v1`, OWNER_KEY);
  const called = await client.ask({ model: 'weak', prompt: 'weather?', stream, tools: true });
  expect(called).toMatchObject({
    text: expect.stringMatching(/^I look\.\s*$/) as string,
    calls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }],
    finish: 'tool_calls',
  });
  const told = await client.ask({ model: 'weak', prompt: 'a person', stream, schema });
  expect(JSON.parse(told.text)).toEqual({ name: 'Ada' });
  const other = await client.ask({ model: 'unmarked', prompt: 'weather?', stream, tools: true });
  expect(other).toMatchObject({ calls: [], text: expect.stringContaining('<tool_call>') as string });
});

it('is told in the receipt, in the answer and in the metrics', async () => {
  const client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${server.url}/v1`, maxRetries: 0 });
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } }];
  const messages = [{ role: 'user' as const, content: 'weather?' }];
  const asked = await client.chat.completions.create({ model: 'weak', messages, tools }).withResponse();
  expect(asked.response.headers.get('x-freeway-mended')).toBe('tool_calls');
  expect(asked.data).toMatchObject({ freeway: { mended: ['tool_calls'] } });
  const stream = await client.chat.completions.create({
    model: 'weak',
    messages,
    tools,
    stream: true,
    stream_options: { include_usage: true },
  });
  let last: unknown = null;
  for await (const chunk of stream) last = chunk;
  expect(last).toMatchObject({ freeway: { mended: ['tool_calls'] } });
  const metrics = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${OWNER_KEY}` } });
  expect(await metrics.text()).toMatch(/freeway_mended_total\{provider="vllm",what="tool_calls"\} \d/);
});
