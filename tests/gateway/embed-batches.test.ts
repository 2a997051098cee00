// Embeddings of more inputs than a provider takes at once: in batches of one space, in their order, counted by providers with limits of their own.
import { describe, expect, it } from 'vitest';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createFakeVectors, vectorOf, type FakeVectors, type VectorsSpec } from '../fakes/vectors.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

const EMBEDDINGS = '/v1/embeddings';
type Model = NonNullable<ProviderEntry['models']>[number];

const model = (more: Partial<Model> = {}): Model => ({ id: 'e1', kind: 'embedding', family: 'e1', ...more }) as Model;
const price = { inputPerMillionUsd: 10, outputPerMillionUsd: 0 };

interface Side {
  readonly spec?: VectorsSpec;
  readonly entry?: Partial<ProviderEntry>;
}

/** Providers of vectors, asked in their order. */
async function createSides(
  sides: Readonly<Record<string, Side>>,
  env: Readonly<Record<string, string>> = {},
): Promise<{ world: World; fakes: Record<string, FakeVectors> }> {
  const fakes: Record<string, FakeVectors> = {};
  const world = await createWorld({
    providers: [],
    env,
    others: (clock) => {
      for (const [name, { spec = {} }] of Object.entries(sides)) fakes[name] = createFakeVectors(spec, clock);
      return fakes;
    },
    entries: Object.entries(sides).map(([name, { entry }], index) =>
      toEntry(name, { models: [model()], priority: index, ...entry }),
    ),
  });
  return { world, fakes };
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `text number ${index}`);

interface Document {
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] | string }[];
  readonly usage?: { readonly prompt_tokens: number };
}
const documentOf = (reply: Reply): Document => reply.json() as unknown as Document;
const embed = (world: World, body: Record<string, unknown>): Promise<Reply> =>
  world.ask({ messages: undefined, model: 'e1', ...body }, {}, EMBEDDINGS);

const sizesOf = ({ answered }: FakeVectors): number[] => answered.map((inputs) => inputs.length);

describe('what nobody takes at once', () => {
  it.each([
    ['cohere', 'embed-v4.0', 96, 1536, [96, 96, 96, 96, 96, 96, 96, 96, 96, 96, 40]],
    ['gemini', 'gemini-embedding-001', 100, 3072, Array.from({ length: 10 }, () => 100)],
    ['openai', 'text-embedding-3-small', 2_048, 1536, [1_000]],
  ])('is asked of %s as its catalog says', async (...row) => {
    const [provider, id, maxInputs, dimensions, sizes] = row;
    const { world, fakes } = await createSides({
      one: { spec: { maxInputs, dimensions }, entry: { provider, tier: 'paid', models: [] } },
    });
    const input = texts(1_000);
    const reply = await embed(world, { model: id, input });
    expect(reply.status).toBe(200);
    const { data, usage } = documentOf(reply);
    expect(data.map(({ index }) => index)).toEqual(input.map((_, index) => index));
    expect(data.map(({ embedding }) => embedding)).toEqual(input.map((text) => vectorOf(text, dimensions)));
    expect(sizesOf(fakes['one']!).toSorted((a, b) => b - a)).toEqual(sizes);
    expect(fakes['one']!.statuses.every((status) => status === 200)).toBe(true);
    expect(usage?.prompt_tokens).toBe(fakes['one']!.tokens());
    expect(fakes['one']!.crowd).toBeLessThanOrEqual(4);
    expect(reply.headers['x-freeway-batches']).toBe(
      sizes.length === 1 ? undefined : `${provider}/${id}=${sizes.length}`,
    );
  });

  it('is split by tokens, too', async () => {
    const { world, fakes } = await createSides({
      one: {
        spec: { maxTokens: 16_384, dimensions: 1024 },
        entry: { provider: 'mistral', tier: 'paid', models: [] },
      },
    });
    const input = texts(200).map((text) => `${text} ${'word '.repeat(200)}`);
    const reply = await embed(world, { model: 'mistral-embed', input });
    expect(documentOf(reply).data.map(({ embedding }) => embedding)).toEqual(input.map((text) => vectorOf(text, 1024)));
    expect(fakes['one']!.statuses.every((status) => status === 200)).toBe(true);
  });

  it('comes as tokens and in base64 just so', async () => {
    const { world } = await createSides({ one: { spec: { maxInputs: 2 }, entry: { models: [model({ batch: { inputs: 2 } })] } } }); // prettier-ignore
    const input = [[1, 2], [3], [4, 5, 6]];
    const { data } = documentOf(await embed(world, { input, encoding_format: 'base64' }));
    const vectors = data.map(({ embedding }) => [...new Float32Array(Uint8Array.from(Buffer.from(String(embedding), 'base64')).buffer)]); // prettier-ignore
    expect(vectors).toEqual(input.map((tokens) => vectorOf(tokens)));
  });

  it.each([
    ['Gemini', { error: { code: 400, message: '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n', status: 'INVALID_ARGUMENT' } }], // prettier-ignore
    ['Mistral', { object: 'error', message: 'Too many tokens overall, split into more batches.', type: 'invalid_request_prompt', param: null, code: '3210' }], // prettier-ignore
    ['Text Embeddings Inference', { error: 'batch size 64 > maximum allowed batch size 32', error_type: 'Validation' }],
    ['Cohere', { message: 'invalid request: total number of texts must be at most 96 but was 97' }],
    ['OpenAI', { error: { message: "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length 4096 instead.", type: 'invalid_request_error', param: 'input', code: 'array_above_max_length' } }], // prettier-ignore
    ['Voyage', { detail: 'The batch size limit is 1000. Your batch size is 1001.' }],
  ])('and nobody knew of is found out from the words of %s', async (_, said) => {
    const { world, fakes } = await createSides({ one: { spec: { maxInputs: 32, words: () => said } } });
    const input = texts(200);
    const reply = await embed(world, { input });
    expect(documentOf(reply).data.map(({ embedding }) => embedding)).toEqual(input.map((text) => vectorOf(text)));
    expect(reply.headers['x-freeway-trail']).toContain('too_large');
    // 200, 100, 50 in vain, each once for those under way together; never again what was found too large.
    expect(fakes['one']!.statuses.filter((status) => status === 400)).toHaveLength(3);
  });
});

describe('batches', () => {
  it('are served by whoever of the same space has room', async () => {
    const pools = [{ models: ['*'], unit: 'requests', max: 3, clock: { kind: 'rolling', seconds: 60 } }] as never;
    const batch = { inputs: 10 };
    const { world, fakes } = await createSides({
      free: { spec: { maxInputs: 10, perMinute: 3 }, entry: { models: [model({ batch })], pools } },
      paid: { spec: { maxInputs: 10 }, entry: { tier: 'paid', models: [model({ batch, price })] } },
      strange: { spec: {}, entry: { models: [model({ id: 'e2', family: 'e2' })] } },
    });
    const input = texts(60);
    const reply = await embed(world, { input, freeway: { max_wait_ms: 0 } });
    expect(documentOf(reply).data.map(({ embedding }) => embedding)).toEqual(input.map((text) => vectorOf(text)));
    expect([sizesOf(fakes['free']!), sizesOf(fakes['paid']!), sizesOf(fakes['strange']!)]).toEqual([
      [10, 10, 10],
      [10, 10, 10],
      [],
    ]);
    expect(reply.headers['x-freeway-batches']?.split(', ').toSorted()).toEqual(['openai-compatible/e1=6']);
    expect(Number(reply.headers['x-freeway-cost-usd'])).toBeCloseTo((fakes['paid']!.tokens() * 10) / 1e6, 9);
  });

  it('are free where they can be, although somebody would take it all at once for money', async () => {
    const { world, fakes } = await createSides({
      paid: { entry: { tier: 'paid', models: [model({ price })] } },
      free: { spec: { maxInputs: 10 }, entry: { models: [model({ batch: { inputs: 10 } })] } },
    });
    await embed(world, { input: texts(30) });
    expect([sizesOf(fakes['paid']!), sizesOf(fakes['free']!)]).toEqual([[], [10, 10, 10]]);
  });

  it('become smaller for those who are left', async () => {
    const { world, fakes } = await createSides({
      wide: { spec: { key: 'another' }, entry: { models: [model({ batch: { inputs: 100 } })] } },
      narrow: { spec: { maxInputs: 10 }, entry: { models: [model({ batch: { inputs: 10 } })] } },
    });
    const reply = await embed(world, { input: texts(30), freeway: { max_wait_ms: 0 } });
    expect(reply.status).toBe(200);
    expect(sizesOf(fakes['narrow']!)).toEqual([10, 10, 10]);
  });

  it('fit into what a limit holds at once', async () => {
    const pools = [{ models: ['*'], unit: 'tokens', max: 500, clock: { kind: 'rolling', seconds: 1 } }] as never;
    const { world, fakes } = await createSides({ one: { entry: { pools } } });
    const reply = await embed(world, { input: texts(300), freeway: { max_wait_ms: 60_000 } });
    expect(reply.status).toBe(200);
    expect(sizesOf(fakes['one']!).length).toBeGreaterThan(2);
  });

  it('stand in the order of the inputs, whichever comes first', async () => {
    const slow = { 'text number 0': 5_000, 'text number 10': 2_000 };
    const { world } = await createSides({
      one: { spec: { slow }, entry: { models: [model({ batch: { inputs: 10 } })] } },
    });
    const input = texts(60);
    const reply = await embed(world, { input });
    expect(documentOf(reply).data.map(({ embedding }) => embedding)).toEqual(input.map((text) => vectorOf(text)));
  });
});

describe('one batch that fails', () => {
  const broken: VectorsSpec = {
    maxInputs: 10,
    faults: {
      'text number 20': [400, { error: { message: 'input[3] is not allowed here', type: 'invalid_request_error' } }],
    },
  };
  const entry: Partial<ProviderEntry> = { tier: 'paid', models: [model({ batch: { inputs: 10 }, price })] };

  it('fails the whole, says which inputs it was, and begins nothing more', async () => {
    const { world, fakes } = await createSides({ one: { spec: broken, entry } });
    const reply = await embed(world, { input: texts(1_000) });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.error()?.message).toMatch(/^Inputs 20 to 29 of 1000, asked for as one batch, failed: /);
    expect(fakes['one']!.statuses.length).toBeLessThanOrEqual(8);
  });

  it('is not waited for by the others', async () => {
    const spec = { ...broken, slow: { 'text number 0': 30_000 } };
    const { world } = await createSides({ one: { spec, entry } });
    const reply = await embed(world, { input: texts(40) });
    expect(reply.ms).toBeLessThan(5_000);
    expect(world.upstream.open()).toBe(0);
  });

  it('leaves in the books what the others cost', async () => {
    const { world, fakes } = await createSides({ one: { spec: broken, entry } }, { FREEWAY_BUDGET_USD_PER_DAY: '1' });
    await embed(world, { input: texts(40) });
    const paid = (fakes['one']!.tokens() * 10) / 1e6;
    expect(paid).toBeGreaterThan(0);
    expect(world.metrics()).toContain(`freeway_cost_usd_total{provider="openai-compatible"} ${paid}`);
    const [record] = await world.records();
    expect(record).toMatchObject({ input_tokens: fakes['one']!.tokens(), route: null });
    expect(record?.cost_usd).toBeCloseTo(paid, 12);
    expect(record?.attempts.at(-1)?.failure).toBe('rejected');
  });
});

it('a caller who leaves has nothing more asked for', async () => {
  const { world, fakes } = await createSides({
    one: { spec: { maxInputs: 10 }, entry: { models: [model({ batch: { inputs: 10 } })] } },
  });
  const call = world.begin({ messages: undefined, model: 'e1', input: texts(1_000) }, {}, EMBEDDINGS);
  await world.clock.advance(150);
  call.hangUp();
  await world.clock.runUntil(call.reply);
  expect(fakes['one']!.statuses.length).toBeLessThanOrEqual(8);
});

it('what would be asked is told of the first batch, and how many there would be', async () => {
  const pools = [{ models: ['*'], unit: 'tokens', max: 500, clock: { kind: 'rolling', seconds: 60 } }] as never;
  const batch = { inputs: 20 };
  const { world, fakes } = await createSides({ one: { entry: { models: [model({ batch })], pools } } });
  const reply = await world.ask({ kind: 'embedding', model: 'e1', input: texts(1_000) }, {}, '/v1/explain');
  const told = reply.json() as unknown as {
    batches: number;
    candidates: { eligible: boolean; need: { tokens: number } }[];
  };
  expect(told.batches).toBe(50);
  expect(told.candidates).toMatchObject([{ eligible: true }]);
  expect(told.candidates[0]?.need.tokens).toBeLessThan(500);
  expect(fakes['one']!.statuses).toEqual([]);
});

describe('a model that has retired', () => {
  it('is not the one that auto stays with', async () => {
    const { world, fakes } = await createSides({
      old: { entry: { models: [{ ...model(), retiresOn: '2020-01-31' } as Model] } },
      next: { entry: { tier: 'paid', models: [model({ id: 'e2', family: 'e2', price })] } },
    });
    const reply = await embed(world, { model: 'auto', input: texts(1) });
    expect(reply.status).toBe(200);
    expect([sizesOf(fakes['old']!), sizesOf(fakes['next']!)]).toEqual([[], [1]]);
  });
});
