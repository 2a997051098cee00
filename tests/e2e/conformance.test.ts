// Official clients of every format against providers of every format, through the started server: the conformance table.
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChatClient, createMessagesClient, createResponsesClient, type Client } from './clients.ts';
import { createAiClients } from './ai-clients.ts';
import { createGeminiClient } from './gemini-client.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;
let clients: Readonly<Record<string, Client>>;

const greeting = 'Hello from the simulator, 世界 🚦.';
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
};

const clientNames = [
  'openai chat',
  'openai responses',
  'anthropic',
  'gemini',
  'ai chat',
  'ai responses',
  'ai anthropic',
] as const;
/** Providers by the format they speak; each serves a model named after it. */
const wires = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'bedrock-converse'] as const;
/** Where the simulator answers in each of them. */
const places = { gemini: '/v1beta', 'bedrock-converse': '' } as const;
const pairs = clientNames.flatMap((client) => wires.map((wire) => ({ client, wire })));

beforeAll(async () => {
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in Oslo.' });
  mock.onMessage(/weather/, { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }] });
  mock.onMessage(/two cities/, {
    toolCalls: [
      { id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' },
      { id: 'call_2', name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  });
  mock.onMessage(/person/, { content: '{"name":"Ada","age":36}' });
  mock.onMessage(/picture/, { content: 'I see a picture.' });
  mock.onMessage(/think/, { content: 'It is 42.', reasoning: 'Six times seven.' });
  mock.onMessage(/long/, { content: 'word '.repeat(2_000) }, { chunkSize: 20, latency: 5 });
  // Each format reads its own words.
  const usage = { prompt_tokens: 9, completion_tokens: 7, input_tokens: 9, output_tokens: 7 };
  mock.onMessage(/hello/i, { content: greeting, usage });
  await mock.start();
  const model = { size: 'large', context: 131_072, maxOutput: 8_192 };
  const capabilities = ['tools', 'vision', 'json', 'reasoning'];
  server = await startServer(
    wires.map((wire) =>
      toEntry(wire, `${mock.url}${wire in places ? places[wire as keyof typeof places] : '/v1'}`, {
        models: [{ ...model, id: `${wire}-model`, wire, capabilities }],
      }),
    ),
  );
  clients = {
    'openai chat': createChatClient(`${server.url}/v1`, OWNER_KEY),
    'openai responses': createResponsesClient(`${server.url}/v1`, OWNER_KEY),
    anthropic: createMessagesClient(server.url, OWNER_KEY),
    gemini: createGeminiClient(server.url, OWNER_KEY),
    ...createAiClients(server.url, OWNER_KEY),
  };
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

const clientOf = (name: string): Client => {
  const client = clients[name];
  if (client === undefined) throw new Error(`no client ${name}`);
  return client;
};

describe.each(pairs)('$client to $wire', ({ client: name, wire }) => {
  const model = `${wire}-model`;

  it.each([false, true])('text, streamed: %s', async (stream) => {
    const client = clientOf(name);
    const heard = await client.ask({ model, prompt: 'hello', stream, system: 'Be kind.' });
    expect(heard).toMatchObject({ text: greeting, calls: [], finish: client.finishes.stop });
    expect(heard).toMatchObject({ inputTokens: 9, outputTokens: 7 });
    expect(heard.pieces > 0).toBe(stream);
  });

  it.each([false, true])('a tool call and its result, streamed: %s', async (stream) => {
    const client = clientOf(name);
    const called = await client.ask({ model, prompt: 'weather in Oslo?', stream, tools: true });
    expect(called).toMatchObject({
      text: '',
      calls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }],
      finish: client.finishes.tools,
    });
    const result = { id: 'call_1', city: 'Oslo', text: 'rain' };
    const told = await client.ask({ model, prompt: 'weather in Oslo?', stream, tools: true, result });
    expect(told).toMatchObject({ text: 'It rains in Oslo.', calls: [], finish: client.finishes.stop });
  });

  it.each([false, true])('parallel tool calls, streamed: %s', async (stream) => {
    const client = clientOf(name);
    const { calls, finish } = await client.ask({ model, prompt: 'the two cities', stream, tools: true });
    expect(calls).toEqual([
      { name: 'get_weather', arguments: { city: 'Oslo' } },
      { name: 'get_weather', arguments: { city: 'Rome' } },
    ]);
    expect(finish).toBe(client.finishes.tools);
  });

  it('a picture', async () => {
    const { text } = await clientOf(name).ask({ model, prompt: 'this picture', stream: false, image: pixel });
    expect(text).toBe('I see a picture.');
  });

  it.each([false, true])('an answer by a schema, streamed: %s', async (stream) => {
    const { text } = await clientOf(name).ask({ model, prompt: 'a person', stream, schema: person });
    expect(JSON.parse(text)).toEqual({ name: 'Ada', age: 36 });
  });

  it.each([false, true])('thoughts, streamed: %s', async (stream) => {
    const client = clientOf(name);
    const { text, reasoning } = await client.ask({ model, prompt: 'think', stream });
    expect({ text, reasoning }).toEqual({
      text: 'It is 42.',
      reasoning: client.showsThoughts ? 'Six times seven.' : '',
    });
  });

  it('errors by their kind', async () => {
    await expect(clientOf(name).ask({ model: 'no-such-model', prompt: 'hello', stream: false })).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('no-such-model') as string,
    });
  });

  it('hanging up', async () => {
    const stop = new AbortController();
    const asking = clientOf(name).ask({ model, prompt: 'long', stream: true }, stop.signal);
    setTimeout(() => stop.abort(), 60);
    await asking.catch((error: unknown) => expect(String(error)).toMatch(/abort/i));
    const { text } = await clientOf(name).ask({ model, prompt: 'hello', stream: false });
    expect(text).toBe(greeting);
  });
});
