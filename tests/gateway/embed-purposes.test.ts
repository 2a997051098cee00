// What vectors are for: said in any words, told to each provider in its own, and listed where it was not told.
import { describe, expect, it } from 'vitest';
import type { ProviderEntry } from '#shared/credentials.ts';
import { toErrorDraft } from '../fakes/provider/plan.ts';
import type { ReplyPlan } from '../fakes/provider/spec.ts';
import { vectorOf } from '../fakes/vectors.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

interface Heard {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: Record<string, unknown>;
}

interface House {
  readonly world: World;
  readonly heard: readonly Heard[];
  /** The fields beside the input and the model that the provider was told. */
  readonly told: () => Record<string, unknown>;
}

const numbers = (texts: readonly string[]): number[][] => texts.map((text) => vectorOf(text));

/** Answers each way of asking in its form, and nothing else. */
function toDocument({ path, body }: Heard): unknown {
  if (path.endsWith(':batchEmbedContents')) {
    const requests = body['requests'] as { content: { parts: { text: string }[] } }[];
    return { embeddings: requests.map(({ content }) => ({ values: vectorOf(content.parts[0]?.text) })) };
  }
  if (path.endsWith('/v2/embed')) {
    const texts = body['texts'] as string[];
    return { embeddings: { float: numbers(texts) }, meta: { billed_units: { input_tokens: texts.length } } };
  }
  if (!path.endsWith('/embeddings')) return null;
  const input = body['input'] as string | string[];
  const data = numbers(Array.isArray(input) ? input : [input]).map((embedding, index) => ({ index, embedding }));
  return { data, usage: { prompt_tokens: data.length } };
}

const dimensions = 3;
async function createHouse(id: string, model: string, more: Partial<ProviderEntry> = {}): Promise<House> {
  const heard: Heard[] = [];
  const handle = ({ path, headers, body }: { path: string; headers: object; body?: unknown }): ReplyPlan => {
    const text = typeof body === 'string' ? body : Buffer.from((body ?? []) as Uint8Array).toString();
    const { authorization, 'x-goog-api-key': key } = headers as Record<string, string | undefined>;
    const one = { path, key: key ?? authorization, body: JSON.parse(text) as Record<string, unknown> };
    heard.push(one);
    const document = toDocument(one);
    const reply = document === null ? { error: { message: 'Not found' } } : document;
    const type = { 'content-type': 'application/json' };
    const draft = toErrorDraft(
      { status: document === null ? 404 : 200, headers: type, body: JSON.stringify(reply) },
      10,
    );
    return { ...draft, close: () => undefined };
  };
  const world = await createWorld({
    providers: [],
    others: () => ({ one: { handle } }) as never,
    entries: [
      toEntry('one', { provider: id, models: [{ id: model, kind: 'embedding', dimensions }] as never, ...more }),
    ],
  });
  const told = (): Record<string, unknown> => {
    const { input: _, model: _m, ...rest } = heard.at(-1)?.body ?? {};
    return rest;
  };
  return { world, heard, told };
}

const embed = ({ world }: House, model: string, body: Record<string, unknown>): Promise<Reply> =>
  world.ask({ messages: undefined, model, input: ['a', 'b'], ...body }, {}, '/v1/embeddings');
const droppedOf = ({ headers }: Reply): string | undefined => headers['x-freeway-dropped'];
const vectorsOf = (reply: Reply): unknown =>
  (reply.json() as unknown as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding);

interface Case {
  readonly id: string;
  readonly model: string;
  readonly said: Record<string, unknown>;
  readonly told: Record<string, unknown>;
  readonly dropped?: string;
}

describe('the caller’s word', () => {
  it.each<Case>([
    { id: 'voyage', model: 'voyage-4-lite', said: { input_type: 'search_query' }, told: { input_type: 'query' } },
    {
      id: 'voyage',
      model: 'voyage-4-lite',
      said: { task_type: 'RETRIEVAL_DOCUMENT' },
      told: { input_type: 'document' },
    },
    { id: 'voyage', model: 'voyage-4-lite', said: { taskType: 'CODE_RETRIEVAL_QUERY' }, told: { input_type: 'query' } },
    { id: 'voyage', model: 'voyage-4-lite', said: { input_type: 'clustering' }, told: {}, dropped: 'input_type' },
    { id: 'voyage', model: 'voyage-4-lite', said: { input_type: 'new-word' }, told: { input_type: 'new-word' } },
    { id: 'voyage', model: 'voyage-4-lite', said: { input_type: null, title: '' }, told: {} },
    { id: 'jina', model: 'jina-embeddings-v5', said: { input_type: 'passage' }, told: { task: 'retrieval.passage' } },
    { id: 'jina', model: 'jina-embeddings-v5', said: { task: 'text-matching' }, told: { task: 'text-matching' } },
    { id: 'jina', model: 'jina-embeddings-v3', said: { input_type: 'clustering' }, told: {}, dropped: 'input_type' },
    { id: 'nvidia', model: 'nvidia/nv-embedqa', said: { input_type: 'document' }, told: { input_type: 'passage' } },
    { id: 'nvidia', model: 'baai/bge-m3', said: { input_type: 'query' }, told: {}, dropped: 'input_type' },
    {
      id: 'mistral',
      model: 'mistral-embed',
      said: { input_type: 'query', title: 'T' },
      told: {},
      dropped: 'input_type, title',
    },
    { id: 'openai-compatible', model: 'e1', said: { input_type: 'passage' }, told: { input_type: 'passage' } },
    { id: 'openai-compatible', model: 'e1', said: { task: 'code.query' }, told: { task: 'code.query' } },
  ])('at $id of $model: $said is told as $told', async ({ id, model, said, told, dropped }) => {
    const house = await createHouse(id, model);
    const reply = await embed(house, model, said);
    expect([reply.status, house.told(), droppedOf(reply)]).toEqual([200, told, dropped]);
    expect(house.heard).toHaveLength(1);
  });
  it('that is none is refused by its name', async () => {
    const house = await createHouse('voyage', 'voyage-4-lite');
    const reply = await embed(house, 'voyage-4-lite', { input_type: 7 });
    expect([reply.status, reply.json().error?.param]).toEqual([400, 'input_type']);
    expect(house.heard).toEqual([]);
  });
});

describe('Gemini', () => {
  const model = 'gemini-embedding-001';
  const create = (): Promise<House> =>
    createHouse('gemini', model, {
      baseUrl: 'http://one.test/v1/openai',
      models: [{ id: model, kind: 'embedding', dimensions: 3_072 }] as never,
    });
  const ask = ({ world }: House, method: string, body: Record<string, unknown>): Promise<Reply> =>
    world.ask({ messages: undefined, model: undefined, ...body }, {}, `/v1beta/models/${model}:${method}`);
  const content = (text: string) => ({ parts: [{ text }] });

  it('is asked by its native path where there is a purpose, with the key where that belongs', async () => {
    const house = await create();
    const reply = await embed(house, model, { input_type: 'query', dimensions: 3 });
    expect([reply.status, vectorsOf(reply), droppedOf(reply)]).toEqual([200, numbers(['a', 'b']), undefined]);
    const [request] = house.heard;
    expect([request?.path.endsWith(`/models/${model}:batchEmbedContents`), request?.key]).toEqual([true, 'key-of-one']);
    const one = { model: `models/${model}`, taskType: 'RETRIEVAL_QUERY', outputDimensionality: 3 };
    expect(request?.body).toEqual({ requests: ['a', 'b'].map((text) => ({ ...one, content: content(text) })) });
  });
  it('is asked as ever where there is none', async () => {
    const house = await create();
    await embed(house, model, { dimensions: 3 });
    expect([house.heard[0]?.path.endsWith('/openai/embeddings'), house.told()]).toEqual([true, { dimensions: 3 }]);
  });
  it('is told titles of documents, each its own', async () => {
    const house = await create();
    const more = { taskType: 'RETRIEVAL_DOCUMENT', outputDimensionality: 3 };
    const requests = [
      { content: content('a'), title: 'A', ...more },
      { content: content('b'), ...more },
    ];
    const reply = await ask(house, 'batchEmbedContents', { requests });
    expect([reply.json(), droppedOf(reply)]).toEqual([
      { embeddings: numbers(['a', 'b']).map((values) => ({ values })) },
      undefined,
    ]);
    const told = { model: `models/${model}`, ...more };
    expect(house.heard[0]?.body).toEqual({
      requests: [
        { ...told, content: content('a'), title: 'A' },
        { ...told, content: content('b') },
      ],
    });
  });
  it('is told no title of a query, and no purpose where there are several', async () => {
    const house = await create();
    const query = { taskType: 'RETRIEVAL_QUERY', title: 'A', outputDimensionality: 3 };
    expect(droppedOf(await ask(house, 'embedContent', { content: content('a'), ...query }))).toBe('title');
    const requests = [
      { content: content('a'), taskType: 'RETRIEVAL_QUERY', outputDimensionality: 3 },
      { content: content('b'), taskType: 'CLUSTERING', outputDimensionality: 3 },
    ];
    const reply = await ask(house, 'batchEmbedContents', { requests });
    expect(droppedOf(reply)).toBe('requests.taskType');
    expect(house.heard.at(-1)?.path.endsWith('/openai/embeddings')).toBe(true);
  });
  it('is asked as ever for tokens, which have no place in its own way', async () => {
    const house = await create();
    const reply = await embed(house, model, { input: [1, 2], input_type: 'query', dimensions: 3 });
    expect([reply.status, house.told(), droppedOf(reply)]).toEqual([200, { dimensions: 3 }, 'input_type']);
  });
});

describe('Cohere', () => {
  it('is asked by its native path where there is a purpose', async () => {
    const house = await createHouse('cohere', 'embed-v4.0', { baseUrl: 'http://one.test/v1/compatibility/v1' });
    const reply = await embed(house, 'embed-v4.0', { input_type: 'document' });
    expect([reply.status, vectorsOf(reply), droppedOf(reply)]).toEqual([200, numbers(['a', 'b']), undefined]);
    expect((await house.world.records())[0]).toMatchObject({ input_tokens: 2, outcome: 'ok' });
    expect([house.heard[0]?.path.endsWith('/v2/embed'), house.heard[0]?.key]).toEqual([true, 'Bearer key-of-one']);
    expect(house.heard[0]?.body).toEqual({
      model: 'embed-v4.0',
      texts: ['a', 'b'],
      input_type: 'search_document',
      embedding_types: ['float'],
    });
    const other = await embed(house, 'embed-v4.0', { input_type: 'semantic_similarity' });
    expect([house.heard[1]?.path.endsWith('/embeddings'), droppedOf(other)]).toEqual([true, 'input_type']);
  });
});

it('each batch has the titles of its own inputs, and what was not told is listed once', async () => {
  const house = await createHouse('gemini', 'gemini-embedding-001', { baseUrl: 'http://one.test/v1/openai' });
  const input = Array.from({ length: 130 }, (_, index) => `text ${index}`);
  const requests = input.map((text, index) => ({
    content: { parts: [{ text }] },
    taskType: 'RETRIEVAL_DOCUMENT',
    title: `T${index}`,
  }));
  const reply = await house.world.ask(
    { messages: undefined, model: undefined, requests },
    {},
    '/v1beta/models/gemini-embedding-001:batchEmbedContents',
  );
  expect([reply.status, droppedOf(reply)]).toEqual([200, undefined]);
  const told = house.heard.flatMap(
    ({ body }) => body['requests'] as { title: string; content: { parts: { text: string }[] } }[],
  );
  expect(house.heard.length).toBeGreaterThan(1);
  expect(told.map(({ title }) => title).toSorted()).toEqual(input.map((_, index) => `T${index}`).toSorted());
  expect(told.every(({ title, content }) => content.parts[0]?.text === `text ${title.slice(1)}`)).toBe(true);
});
