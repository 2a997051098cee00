// What official clients are told of models: one list with every name a request may use, models found by any of them, and whose request it was.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

let server: Started;
let openai: OpenAI;
let anthropic: Anthropic;

const model = { family: 'llama-x', size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools'] };
const nowhere = 'http://127.0.0.1:9';

beforeAll(async () => {
  server = await startServer([
    toEntry('alpha', nowhere, { models: [{ ...model, id: 'meta/Llama-X-70B' }] }),
    toEntry('beta', nowhere, { models: [{ ...model, id: 'llama-x:70b', context: 32_768 }] }),
    toEntry('gamma', nowhere, { models: [{ id: 'embed-1', kind: 'embedding' }] }),
  ]);
  openai = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${server.url}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: OWNER_KEY, baseURL: server.url, maxRetries: 0 });
});
afterAll(() => server.stop());

interface Listed {
  readonly id: string;
  readonly freeway: { readonly names?: readonly string[]; readonly context: number | null };
}

it('each name that can be called is listed once, as an id or beside one', async () => {
  const listed = (await openai.models.list()).data as unknown as Listed[];
  const ids = listed.map(({ id }) => id);
  const autos = ['auto', 'auto:small', 'auto:large', 'auto:fast', 'auto:cheap', 'auto:long'];
  const routes = ['meta/Llama-X-70B', 'llama-x:70b', 'embed-1'].map((id) => `openai-compatible/${id}`);
  expect(ids).toEqual([...autos, 'llama-x', 'embed-1', ...routes]);
  const names = Object.fromEntries(listed.map(({ id, freeway }) => [id, freeway.names]));
  expect(names['auto']).toBeUndefined();
  expect(names['llama-x']).toEqual(['meta/Llama-X-70B', 'Llama-X-70B', 'openai-compatible/llama-x', 'llama-x:70b']);
  expect(names['openai-compatible/llama-x:70b']).toEqual(['beta/llama-x:70b']);
  // Nothing else to call it by but the pins.
  expect(names['embed-1']).toBeUndefined();
  expect(names['openai-compatible/embed-1']).toEqual(['gamma/embed-1']);
});

it('a model is found by each of its names, by one that stands for it, and with `:free`', async () => {
  const listed = (await openai.models.list()).data as unknown as Listed[];
  const names = listed.flatMap(({ id, freeway }) => [id, ...(freeway.names ?? [])]);
  for (const id of [...names, 'LLAMA-x:free', 'auto:large:free', 'claude-opus-4-5', 'claude-haiku-4-5:free'])
    expect((await openai.models.retrieve(id)).id).toBe(id);
  for (const id of ['meta-llama/Llama_X-70B-instruct:nitro', 'openrouter/auto', 'anthropic/claude-opus-4.1'])
    expect((await openai.models.retrieve(id)).id).toBe(id);
  // A pin means that provider's alone.
  const pinned = (await openai.models.retrieve('beta/llama-x:70b')) as unknown as Listed;
  expect(pinned.freeway.context).toBe(32_768);
  await expect(openai.models.retrieve('lama-x')).rejects.toThrow(/Did you mean "llama-x"/);
});

it('clients made for OpenRouter read lengths, price and what a model may be asked with', async () => {
  const reply = await fetch(`${server.url}/api/v1/models`, { headers: { authorization: `Bearer ${OWNER_KEY}` } });
  const { data, ...page } = (await reply.json()) as { data: readonly Readonly<Record<string, unknown>>[] };
  expect(page).toMatchObject({ total_count: data.length, links: { next: null } });
  const text = { modality: 'text->text', input_modalities: ['text'], output_modalities: ['text'] };
  expect(data.find(({ id }) => id === 'llama-x')).toMatchObject({
    name: 'llama-x',
    context_length: 131_072,
    top_provider: { context_length: 131_072, max_completion_tokens: 8_192 },
    pricing: { prompt: '0', completion: '0' },
    architecture: text,
    supported_parameters: expect.arrayContaining(['max_tokens', 'tools', 'tool_choice']) as string[],
    max_input_tokens: 131_072,
    max_tokens: 8_192,
  });
  expect(data.find(({ id }) => id === 'embed-1')).toMatchObject({
    context_length: null,
    architecture: { ...text, modality: 'text->embeddings', output_modalities: ['embeddings'] },
    supported_parameters: [],
  });
});

it('Anthropic’s client reads the list, too', async () => {
  const page = await anthropic.models.list();
  const [first] = page.data;
  expect(first).toMatchObject({ type: 'model', id: 'auto', display_name: 'auto' });
  expect(Date.parse(first?.created_at ?? '')).toBeGreaterThan(0);
  expect([page.has_more, page.first_id, page.last_id]).toEqual([false, 'auto', 'openai-compatible/embed-1']);
  expect((await anthropic.models.retrieve('claude-sonnet-4-5')).type).toBe('model');
});

it('Google’s client is told of the same names, and the largest context of each', async () => {
  const client = new GoogleGenAI({ apiKey: OWNER_KEY, httpOptions: { baseUrl: server.url } });
  const found = new Map<string, number | undefined>();
  for await (const { name, inputTokenLimit } of await client.models.list()) found.set(name ?? '', inputTokenLimit);
  expect([...found.keys()].slice(0, 2)).toEqual(['models/auto', 'models/auto:small']);
  expect(found.get('models/llama-x')).toBe(131_072);
  expect(found.get('models/openai-compatible/llama-x:70b')).toBe(32_768);
  expect((await client.models.get({ model: 'embed-1' })).supportedActions).toEqual([
    'embedContent',
    'batchEmbedContents',
  ]);
  expect(found.has('models/embed-1')).toBe(true);
  expect((await client.models.get({ model: 'claude-opus-4-5' })).name).toBe('models/claude-opus-4-5');
});

it('every reply bears its request’s id where official clients look for it', async () => {
  const list = await openai.models.list().withResponse();
  const one = await openai.models.retrieve('auto').withResponse();
  const messages = [{ role: 'user' as const, content: 'Hi.' }];
  const counted = await anthropic.messages.countTokens({ model: 'auto', messages }).withResponse();
  const weighed = await openai.responses.inputTokens.count({ model: 'auto', input: 'Hi.' }).withResponse();
  expect(weighed.data).toEqual({ object: 'response.input_tokens', input_tokens: counted.data.input_tokens });
  const listed = await anthropic.models.list().withResponse();
  for (const { request_id: told, response } of [list, one, counted, weighed, listed]) {
    expect(told).toMatch(/^req_/);
    expect(told).toBe(response.headers.get('x-freeway-request-id'));
  }
});
