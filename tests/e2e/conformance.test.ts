// Official clients of every format against providers of every format, through the started server: the conformance table.
import { LLMock } from '@copilotkit/aimock';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChatClient, createMessagesClient, createResponsesClient, type Client } from './clients.ts';
import { createAiClients } from './ai-clients.ts';
import { createGeminiClient } from './gemini-client.ts';
import { createLangchainClients } from './langchain-clients.ts';
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

/** The clients, with the packages they come from. */
const packages = {
  'openai chat': 'openai',
  'openai responses': 'openai',
  anthropic: '@anthropic-ai/sdk',
  gemini: '@google/genai',
  'ai chat': 'ai, @ai-sdk/openai',
  'ai responses': 'ai, @ai-sdk/openai',
  'ai anthropic': 'ai, @ai-sdk/anthropic',
  'ai compatible': 'ai, @ai-sdk/openai-compatible',
  'langchain chat': '@langchain/openai',
  'langchain responses': '@langchain/openai',
} as const;
const clientNames = Object.keys(packages) as (keyof typeof packages)[];
/** Providers by the format they speak; each serves a model named after it. */
const wires = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'bedrock-converse'] as const;
/** Where the simulator answers in each of them. */
const places = { gemini: '/v1beta', 'bedrock-converse': '' } as const;
const pairs = clientNames.flatMap((client) => wires.map((wire) => ({ client, wire })));

const features = [
  'text',
  'stream',
  'tools',
  'streamed tools',
  'parallel tools',
  'vision',
  'JSON schema',
  'reasoning',
  'error',
  'abort',
] as const;
/** What was tried and held, by client and wire. */
const held = new Map<string, Set<string>>();
function hold(client: string, wire: string, feature: (typeof features)[number]): void {
  const key = `${client} | ${wire}`;
  held.set(key, (held.get(key) ?? new Set()).add(feature));
}

/** The table as the docs show it. */
function toTable(): string {
  const mark = (client: string, wire: string) => (feature: (typeof features)[number]) => {
    if (!held.get(`${client} | ${wire}`)?.has(feature)) return 'no';
    return feature === 'reasoning' && !clientOf(client).showsThoughts ? 'unseen' : 'yes';
  };
  const rows = [
    ['client', 'package', 'provider speaks', ...features],
    ...pairs.map(({ client, wire }) => [client, packages[client], wire, ...features.map(mark(client, wire))]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const toLine = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [
    '# Client conformance',
    '',
    'Which features of official clients work with providers of every format. The clients are unchanged except for their URL.',
    '`npm test` writes this page (`tests/e2e/conformance.test.ts`) and fails when a line changes. It compares answers word by word with',
    'those of the provider, whole and streamed. `unseen`: the answer is right, but the client does not show reasoning in this format.',
    '',
    toLine(head),
    toLine(
      widths.map(() => ''),
      '-',
    ),
    ...body.map((row) => toLine(row)),
    '',
  ].join('\n');
}

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
    ...createLangchainClients(server.url, OWNER_KEY),
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
    hold(name, wire, stream ? 'stream' : 'text');
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
    hold(name, wire, stream ? 'streamed tools' : 'tools');
  });

  it.each([false, true])('parallel tool calls, streamed: %s', async (stream) => {
    const client = clientOf(name);
    const { calls, finish } = await client.ask({ model, prompt: 'the two cities', stream, tools: true });
    expect(calls).toEqual([
      { name: 'get_weather', arguments: { city: 'Oslo' } },
      { name: 'get_weather', arguments: { city: 'Rome' } },
    ]);
    expect(finish).toBe(client.finishes.tools);
    if (stream) hold(name, wire, 'parallel tools');
  });

  it('a picture', async () => {
    const { text } = await clientOf(name).ask({ model, prompt: 'this picture', stream: false, image: pixel });
    expect(text).toBe('I see a picture.');
    hold(name, wire, 'vision');
  });

  it.each([false, true])('an answer by a schema, streamed: %s', async (stream) => {
    const { text } = await clientOf(name).ask({ model, prompt: 'a person', stream, schema: person });
    expect(JSON.parse(text)).toEqual({ name: 'Ada', age: 36 });
    if (stream) hold(name, wire, 'JSON schema');
  });

  it.each([false, true])('thoughts, streamed: %s', async (stream) => {
    const client = clientOf(name);
    const { text, reasoning } = await client.ask({ model, prompt: 'think', stream });
    expect({ text, reasoning }).toEqual({
      text: 'It is 42.',
      reasoning: client.showsThoughts ? 'Six times seven.' : '',
    });
    if (stream) hold(name, wire, 'reasoning');
  });

  it('errors by their kind', async () => {
    await expect(clientOf(name).ask({ model: 'no-such-model', prompt: 'hello', stream: false })).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('no-such-model') as string,
    });
    hold(name, wire, 'error');
  });

  it('hanging up', async () => {
    const stop = new AbortController();
    const asking = clientOf(name).ask({ model, prompt: 'long', stream: true }, stop.signal);
    setTimeout(() => stop.abort(), 60);
    await asking.catch((error: unknown) => expect(String(error)).toMatch(/abort/i));
    const { text } = await clientOf(name).ask({ model, prompt: 'hello', stream: false });
    expect(text).toBe(greeting);
    hold(name, wire, 'abort');
  });
});

it('is the table of the docs', async () => {
  await expect(toTable()).toMatchFileSnapshot('../../docs/conformance.md');
});

describe('the id of a request', () => {
  it('is where the client of each format looks for it, of answers, streams and errors', async () => {
    const claude = new Anthropic({ baseURL: server.url, apiKey: OWNER_KEY, maxRetries: 0 });
    const question = {
      model: 'anthropic-model',
      max_tokens: 50,
      messages: [{ role: 'user' as const, content: 'hello' }],
    };
    expect((await claude.messages.create(question))._request_id).toMatch(/^req_/);
    const { request_id: streamed } = await claude.messages.create({ ...question, stream: true }).withResponse();
    expect(streamed).toMatch(/^req_/);
    const error: unknown = await claude.messages
      .create({ ...question, model: 'nobody' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ requestID: expect.stringMatching(/^req_/) as string });
  });
});
