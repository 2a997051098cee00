// Embeddings in the Gemini format: what the provider was asked, in how many calls, and what the caller gets of it.
import { describe, expect, it } from 'vitest';
import { createFakeVectors, vectorOf, type FakeVectors } from '../fakes/vectors.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

interface House {
  readonly world: World;
  readonly provider: FakeVectors;
}

async function createHouse(maxInputs = 100): Promise<House> {
  let provider: FakeVectors | undefined;
  const world = await createWorld({
    providers: [],
    others: (clock) => {
      provider = createFakeVectors({ maxInputs }, clock);
      return { one: provider };
    },
    entries: [
      toEntry('one', {
        models: [
          { id: 'e1', kind: 'embedding', family: 'e1', dimensions: 3, batch: { inputs: maxInputs } },
          { id: 'm1', kind: 'chat' },
        ] as never,
      }),
    ],
  });
  if (provider === undefined) throw new Error('no provider was made');
  return { world, provider };
}

const ask = ({ world }: House, method: string, body: Record<string, unknown>): Promise<Reply> =>
  world.ask({ messages: undefined, model: undefined, ...body }, {}, `/v1beta/models/e1:${method}`);
const textOf = (text: string, more: Record<string, unknown> = {}) => ({ content: { parts: [{ text }] }, ...more });
const errorOf = (reply: Reply): unknown => (reply.json() as unknown as { error: unknown }).error;

describe('embedContent', () => {
  it('answers one vector and what it used', async () => {
    const house = await createHouse();
    const reply = await ask(house, 'embedContent', {
      content: { parts: [{ text: 'two words' }, { text: 'and more' }] },
    });
    expect(reply.json()).toEqual({
      embedding: { values: vectorOf('two words\nand more') },
      usageMetadata: { promptTokenCount: 4 },
    });
    expect(house.provider.answered).toEqual([['two words\nand more']]);
    expect(reply.headers['x-freeway-route']).toBe('openai-compatible/e1');
    expect(reply.headers['x-freeway-dropped']).toBeUndefined();
    const [record] = await house.world.records();
    expect(record).toMatchObject({ operation: 'embedding', outcome: 'ok', input_tokens: 4 });
  });

  it.each([
    [{ taskType: 'RETRIEVAL_DOCUMENT', title: 'A title' }, 'taskType, title'],
    [{ embedContentConfig: { task_type: 'RETRIEVAL_QUERY' } }, 'task_type'],
    [{ taskType: 'TASK_TYPE_UNSPECIFIED' }, undefined],
  ])('tells what nobody was told: %j', async (more, dropped) => {
    const house = await createHouse();
    const reply = await ask(house, 'embedContent', textOf('a', more));
    expect(reply.headers['x-freeway-dropped']).toBe(dropped);
    expect(house.provider.answered).toEqual([['a']]);
  });

  it.each([
    [{}, 'content.parts[0]'],
    [textOf(''), 'content.parts'],
    [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }] } }, 'content.parts[0]'],
    [textOf('a', { outputDimensionality: 0 }), 'outputDimensionality'],
  ])('refuses %j in the format, naming the field', async (body, param) => {
    const house = await createHouse();
    const reply = await ask(house, 'embedContent', body);
    expect(reply.status).toBe(400);
    expect(errorOf(reply)).toMatchObject({
      code: 400,
      status: 'INVALID_ARGUMENT',
      details: [{ domain: 'freeway', metadata: { param } }],
    });
    expect(house.provider.statuses).toEqual([]);
  });

  it('tells in the format that nobody makes vectors as long', async () => {
    const house = await createHouse();
    const reply = await ask(house, 'embedContent', textOf('a', { outputDimensionality: 4 }));
    expect(errorOf(reply)).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    expect(house.provider.statuses).toEqual([]);
  });

  it('is not answered by a model of chats', async () => {
    const { world } = await createHouse();
    const reply = await world.ask(textOf('a'), {}, '/v1beta/models/m1:embedContent');
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(errorOf(reply)).toMatchObject({ details: [{ domain: 'freeway' }] });
  });
});

describe('batchEmbedContents', () => {
  it('answers the vectors of all requests in their order, in as many calls as the provider needs', async () => {
    const house = await createHouse(2);
    const texts = ['a', 'b c', 'd', 'e', 'f'];
    const requests = texts.map((text) => textOf(text, { model: 'models/e1', taskType: 'CLUSTERING' }));
    const reply = await ask(house, 'batchEmbedContents', { requests });
    expect(reply.json()).toEqual({
      embeddings: texts.map((text) => ({ values: vectorOf(text) })),
      usageMetadata: { promptTokenCount: 6 },
    });
    expect(house.provider.answered.map((inputs) => inputs.length).toSorted()).toEqual([1, 2, 2]);
    expect(reply.headers['x-freeway-batches']).toBe('openai-compatible/e1=3');
    expect(reply.headers['x-freeway-dropped']).toBe('requests.taskType');
  });

  it.each([
    [[], 'requests'],
    [[textOf('a'), textOf('b', { model: 'models/e2' })], 'requests[1].model'],
    [[textOf('a', { outputDimensionality: 3 }), textOf('b')], 'requests[1].outputDimensionality'],
    [[textOf('a'), { content: 7 }], 'requests[1].content.parts[0]'],
  ])('refuses %j, naming the request', async (requests, param) => {
    const house = await createHouse();
    const reply = await ask(house, 'batchEmbedContents', { requests });
    expect(errorOf(reply)).toMatchObject({ code: 400, details: [{ metadata: { param } }] });
    expect(house.provider.statuses).toEqual([]);
  });
});
