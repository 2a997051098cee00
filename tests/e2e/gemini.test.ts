// What only the Gemini surface has: streams as one array, countTokens, embedContent, its lists of models, its errors.
import { LLMock } from '@copilotkit/aimock';
import { GoogleGenAI } from '@google/genai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
const vector = [0.25, -0.5, 0.125, 1];
let server: Started;
beforeAll(async () => {
  mock.onMessage(/hello/i, { content: 'Hello from the simulator.' });
  mock.onEmbedding(/.*/, { embedding: vector });
  await mock.start();
  const models = [
    { id: 'm1', size: 'large', context: 131_072 },
    { id: 'e1', kind: 'embedding', dimensions: 4 },
  ];
  server = await startServer([toEntry('alpha', `${mock.url}/v1`, { models })]);
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

const hello = { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] };
const call = (path: string, body?: unknown): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    headers: { 'x-goog-api-key': OWNER_KEY, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });

interface Chunk {
  readonly candidates?: readonly { readonly content?: { readonly parts?: readonly { readonly text?: string }[] } }[];
}
const textOf = (chunks: readonly Chunk[]): string =>
  chunks
    .flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
    .map(({ text }) => text ?? '')
    .join('');

it.each(['/v1beta', '/v1'])('a stream below %s without alt=sse is one JSON array', async (base) => {
  const reply = await call(`${base}/models/auto:streamGenerateContent`, hello);
  expect(reply.headers.get('content-type')).toBe('application/json');
  expect(reply.headers.get('x-freeway-route')).toBe('openai-compatible/m1');
  expect(textOf((await reply.json()) as Chunk[])).toBe('Hello from the simulator.');
});

it('a name with a colon of its own is a name', async () => {
  const reply = await call('/v1beta/models/auto:large:generateContent', hello);
  expect(textOf([(await reply.json()) as Chunk])).toBe('Hello from the simulator.');
});

it('tokens are counted, in either shape of the question', async () => {
  const plain = await (await call('/v1beta/models/auto:countTokens', hello)).json();
  const wrapped = await (await call('/v1beta/models/auto:countTokens', { generateContentRequest: hello })).json();
  expect(plain).toEqual(wrapped);
  expect((plain as { totalTokens: number }).totalTokens).toBeGreaterThan(1);
});

// Until 2.x Google's client called v1beta, since 3.0 it calls v1.
it.each(['v1beta', 'v1'])('models are listed for Google’s client, and found by any name (%s)', async (apiVersion) => {
  const client = new GoogleGenAI({ apiKey: OWNER_KEY, httpOptions: { baseUrl: server.url, apiVersion } });
  const names: string[] = [];
  for await (const { name } of await client.models.list()) names.push(name ?? '');
  expect(names).toEqual(expect.arrayContaining(['models/auto', 'models/m1', 'models/openai-compatible/m1']));
  expect(await client.models.get({ model: 'm1' })).toMatchObject({
    name: 'models/m1',
    inputTokenLimit: 131_072,
    supportedActions: ['generateContent', 'streamGenerateContent', 'countTokens'],
  });
  expect((await client.models.get({ model: 'e1' })).supportedActions).toContain('embedContent');
});

it.each([undefined, 'v1'])('Google’s client gets vectors from it (version %s of the API)', async (apiVersion) => {
  const httpOptions = { baseUrl: server.url, ...(apiVersion === undefined ? {} : { apiVersion }) };
  const client = new GoogleGenAI({ apiKey: OWNER_KEY, httpOptions });
  const config = { taskType: 'RETRIEVAL_QUERY', outputDimensionality: 4 };
  const reply = await client.models.embedContent({ model: 'e1', contents: ['first', 'second'], config });
  expect(reply.embeddings).toEqual([{ values: vector }, { values: vector }]);
  const sent = mock.getRequests().at(-1);
  expect(sent?.body).toMatchObject({ model: 'e1' });
  expect(JSON.stringify(sent?.body)).not.toContain('RETRIEVAL_QUERY');
  const tooLong = client.models.embedContent({ model: 'e1', contents: 'x', config: { outputDimensionality: 5 } });
  await expect(tooLong).rejects.toMatchObject({ status: 400 });
});

it.each([
  ['/v1beta/models/nope:generateContent', hello, 404, 'NOT_FOUND', 'model_not_found'],
  ['/v1beta/models/auto:generateContent', {}, 400, 'INVALID_ARGUMENT', 'invalid_request'],
  ['/v1beta/models/auto:paint', hello, 404, 'NOT_FOUND', 'not_found'],
  ['/v1/models/auto', hello, 404, 'NOT_FOUND', 'not_found'],
])('%s answers its error in the format', async (path, body, code, ...[status, reason]) => {
  const reply = await call(path, body);
  expect(reply.status).toBe(code);
  expect(await reply.json()).toMatchObject({ error: { code, status, reason, details: [{ domain: 'freeway' }] } });
});

it('others are told of models below /v1 in the format of OpenAI', async () => {
  for (const headers of [{ authorization: `Bearer ${OWNER_KEY}` }, { 'x-goog-api-key': OWNER_KEY }])
    for (const [path, object] of [
      ['/v1/models', 'list'],
      ['/v1/models/m1', 'model'],
    ] as const)
      expect(await (await fetch(`${server.url}${path}`, { headers })).json()).toMatchObject({ object });
});

it.each(['/v1beta/models', '/v1/models'])('who is not let in is told in the format at %s', async (path) => {
  const reply = await fetch(`${server.url}${path}`, {
    headers: { 'x-goog-api-key': 'nope', 'x-goog-api-client': 'google-genai-sdk/3.1.0 gl-node/24' },
  });
  expect(await reply.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
});
