// Embeddings, images, speech and moderation with the official openai client, against the started server.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
const vector = [0.25, -0.5, 0.125, 1];
const sound = Buffer.from('ID3 some sound, long enough to be one');
let server: Started;
let client: OpenAI;
let raw: Server;

/** A provider that fails in the ways a test names in its input, and keeps what it was sent. */
const asked: { path: string; body: Record<string, unknown> }[] = [];
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  // A provider that has failed is looked after, by asking for its models.
  if (request.method === 'GET') return void response.writeHead(404).end();
  const body = JSON.parse(text) as Record<string, unknown>;
  asked.push({ path: request.url ?? '', body });
  if (String(body['input']).includes('cut')) {
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    response.write(sound, () => response.destroy());
    return;
  }
  if (request.url?.endsWith('/embeddings')) {
    const data = [{ object: 'embedding', index: 0, embedding: vector.slice(0, 3) }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ object: 'list', data, model: 'short' }));
    return;
  }
  response.writeHead(503, { 'content-type': 'application/json' });
  response.end('{"error":{"message":"The server is overloaded."}}');
}

beforeAll(async () => {
  mock.onEmbedding(/.*/, { embedding: vector });
  mock.onImage(/.*/, { image: { b64Json: 'aGVsbG8=' } });
  mock.onSpeech(/.*/, { audio: sound.toString('base64') });
  mock.onModerate(/.*/, { flagged: true, categories: { violence: true }, category_scores: { violence: 0.9 } } as never);
  await mock.start();
  raw = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void raw.listen(0, '127.0.0.1', resolve));
  const models = [
    { id: 'e1', kind: 'embedding', family: 'e1', dimensions: 4 },
    { id: 'image-1', kind: 'image' },
    { id: 'voice-1', kind: 'speech' },
    { id: 'judge-1', kind: 'moderation' },
  ];
  const { port } = raw.address() as AddressInfo;
  server = await startServer([
    toEntry('broken', `http://127.0.0.1:${port}/v1`, {
      priority: 1,
      models: [...models, { id: 'e3', kind: 'embedding', family: 'e1', dimensions: 3 }],
    }),
    toEntry('alpha', `${mock.url}/v1`, { models: [...models, { id: 'm1', size: 'large' }] }),
  ]);
  client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${server.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
  await new Promise((resolve) => raw.close(resolve));
});

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('embeddings', () => {
  it('come as numbers, and in base64 where the client asks for it by itself', async () => {
    const { data, response } = await client.embeddings.create({ model: 'e1', input: ['a', 'b'] }).withResponse();
    expect(data.data.map(({ index, embedding }) => [index, embedding])).toEqual([
      [0, vector],
      [1, vector],
    ]);
    expect(response.headers.get('x-freeway-credential')).toBe('alpha');
    const plain = await client.embeddings.create({ model: 'e1', input: 'a', encoding_format: 'float' });
    expect(plain.data[0]?.embedding).toEqual(vector);
  });

  it('of another length than the model makes are no answer: somebody else is asked', async () => {
    const { response } = await client.embeddings.create({ model: 'e1', input: 'a', dimensions: 4 }).withResponse();
    expect(response.headers.get('x-freeway-trail')).toMatch(/bad_reply/);
  });

  it('are never taken from another model or length, whatever fails', async () => {
    const reply = await post('/v1/embeddings', { model: 'openai-compatible/e3', input: 'a' });
    expect(await reply.json()).toMatchObject({ data: [{ embedding: vector.slice(0, 3) }] });
    const auto = await post('/v1/embeddings', {
      model: 'auto',
      input: 'a',
      freeway: { providers: { ignore: ['alpha'] } },
    });
    expect([auto.status, auto.headers.get('x-freeway-credential')]).toEqual([200, 'broken']);
  });

  it('of token arrays are asked for as they are', async () => {
    await client.embeddings.create({ model: 'openai-compatible/e3', input: [[1, 2, 3]] });
    expect(asked.at(-1)?.body).toEqual({ model: 'e3', input: [[1, 2, 3]] });
  });

  it.each([
    [{ input: '' }, 'input'],
    [{ input: [] }, 'input'],
    [{ input: [1.5] }, 'input[0]'],
    [{ input: 'a', encoding_format: 'hex' }, 'encoding_format'],
    [{ input: 'a', dimensions: 0 }, 'dimensions'],
    [{ input: 'a', dimensions: 9 }, 'dimensions'],
  ])('%j is refused with the field at fault', async (body, param) => {
    const reply = await post('/v1/embeddings', { model: 'e1', ...body });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { code: 'invalid_request', param } });
  });
});

describe('images, speech and moderation', () => {
  it('a picture comes from whoever can paint it', async () => {
    const { data, response } = await client.images
      .generate({ model: 'image-1', prompt: 'a boat', n: 1 })
      .withResponse();
    expect(data.data?.[0]?.b64_json).toBe('aGVsbG8=');
    expect(response.headers.get('x-freeway-trail')).toMatch(/overloaded/);
  });

  it('sound is passed on byte for byte', async () => {
    const reply = await client.audio.speech.create({ model: 'voice-1', voice: 'alloy', input: 'Hello.' });
    expect(Buffer.from(await reply.arrayBuffer()).equals(sound)).toBe(true);
    expect(reply.headers.get('content-type')).toMatch(/^audio\//);
  });

  it('sound that breaks off is no whole sound: the connection is cut', async () => {
    const reply = await post('/v1/audio/speech', { model: 'voice-1', voice: 'alloy', input: 'cut' });
    await expect(reply.arrayBuffer()).rejects.toThrow();
  });

  it('texts are judged', async () => {
    const judged = await client.moderations.create({ input: 'I will hit you.' });
    expect(judged.results[0]?.flagged).toBe(true);
  });

  it.each([
    ['/v1/images/generations', { model: 'image-1' }, 'prompt'],
    ['/v1/images/generations', { model: 'image-1', prompt: 'a', n: 11 }, 'n'],
    ['/v1/images/generations', { model: 'image-1', prompt: 'a', stream: true }, 'stream'],
    ['/v1/audio/speech', { model: 'voice-1', voice: 'alloy', input: 'a'.repeat(5_000) }, 'input'],
    ['/v1/audio/speech', { model: 'voice-1', voice: 'alloy', input: 'a', response_format: 'mp4' }, 'response_format'],
    ['/v1/audio/speech', { model: 'voice-1', voice: 'alloy', input: 'a', speed: 9 }, 'speed'],
    ['/v1/moderations', { input: [] }, 'input'],
  ])('%s with %j is refused with the field at fault', async (path, body, param) => {
    const reply = await post(path, body);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { param } });
  });

  it('a chat model is no answer to a request for pictures', async () => {
    const reply = await post('/v1/images/generations', { model: 'm1', prompt: 'a' });
    expect(reply.status).toBe(422);
  });
});

describe('what is told of them', () => {
  it('models are listed with their kind, and auto stands for chats', async () => {
    const { data } = await client.models.list();
    const kinds = Object.fromEntries(
      data.map(({ id, ...rest }) => [id, (rest as unknown as { freeway: { kind: string } }).freeway.kind]),
    );
    expect(kinds).toMatchObject({ auto: 'chat', e1: 'embedding', 'image-1': 'image', 'voice-1': 'speech' });
  });

  it('no size is listed that nobody has', async () => {
    const listed = async (sizes: readonly string[]): Promise<string[]> => {
      const models = sizes.map((size) => ({ id: `of-${size}`, size }));
      const other = await startServer([toEntry('alpha', `${mock.url}/v1`, { models })]);
      const reply = await fetch(`${other.url}/v1/models`, { headers: { authorization: `Bearer ${OWNER_KEY}` } });
      const { data } = (await reply.json()) as { data: { id: string }[] };
      await other.stop();
      return data
        .map(({ id }) => id)
        .filter((id) => ['auto', 'auto:large', 'auto:reasoning', 'auto:fast'].includes(id));
    };
    expect(await listed(['small'])).toEqual(['auto', 'auto:fast']);
    expect(await listed(['small', 'large'])).toEqual(['auto', 'auto:large', 'auto:fast']);
    expect(await listed(['reasoning'])).toEqual(['auto', 'auto:large', 'auto:reasoning', 'auto:fast']);
  });

  it('explain tells who would be asked', async () => {
    const reply = await post('/v1/explain', { kind: 'embedding', model: 'e1' });
    const { candidates } = (await reply.json()) as { candidates: { credential: string; rejected: string | null }[] };
    const meant = candidates.filter(({ rejected }) => rejected !== 'other_model');
    expect(meant.map(({ credential }) => credential).sort()).toEqual(['alpha', 'broken']);
    const wrong = await post('/v1/explain', { kind: 'poem' });
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { param: 'kind' } }]);
  });
});
