// What users of OpenRouter and LiteLLM write into their requests: heeded, told in words of the format, handed on to routers, listed as left out, or refused.
import { describe, expect, it } from 'vitest';
import { parseModeration } from '#lambda/wire/moderations/question.ts';
import { renderPlain } from '#lambda/wire/plain.ts';
import type { RequestTarget } from '#lambda/wire/types.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { toErrorDraft } from '../fakes/provider/plan.ts';
import type { ReplyPlan } from '../fakes/provider/spec.ts';
import { createFakeVectors } from '../fakes/vectors.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

type Json = Readonly<Record<string, unknown>>;

/** Three by whom the same model is served: two that are asked as they are named, and a router. */
const places = ['groq', 'cerebras', 'openrouter'] as const;
const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 2 };

const createHouse = (more: Parameters<typeof toEntry>[1] = {}): Promise<World> =>
  createWorld({
    providers: places.map((name) => ({ name, keepRequests: 20, models: [{ id: 'm1' }, { id: 'm2' }] })),
    entries: places.map((name) => {
      const { models = [] } = toEntry(name);
      const own = models.flatMap((model) => [
        { ...model, price },
        { ...model, id: 'm2', price },
      ]);
      return toEntry(name, { provider: name, models: own, ...more });
    }),
  });

const bodiesAt = (world: World, name: string): Json[] =>
  (world.providers[name]?.received() ?? []).map(({ body }) => JSON.parse(body) as Json);
const askedOf = (world: World): string[] => places.filter((name) => bodiesAt(world, name).length > 0);
const routeOf = ({ headers }: Reply): string | undefined => headers['x-freeway-route'];
const droppedOf = ({ headers }: Reply): string | undefined => headers['x-freeway-dropped'];

describe('provider', () => {
  it.each([
    [{ order: ['cerebras', 'groq'] }, 'cerebras/m1'],
    [{ order: ['Groq'] }, 'groq/m1'],
    [{ order: ['nobody-here', 'groq'] }, 'openrouter/m1'],
    [{ only: ['cerebras'] }, 'cerebras/m1'],
    [{ only: ['deepinfra/turbo'] }, 'openrouter/m1'],
    [{ ignore: ['groq', 'openrouter'] }, 'cerebras/m1'],
    [{ order: ['cerebras'], allow_fallbacks: false }, 'cerebras/m1'],
  ])('%j leads to %s, and says nothing to those who do not know it', async (provider, route) => {
    const world = await createHouse();
    const reply = await world.ask({ provider });
    expect(reply.status).toBe(200);
    expect(routeOf(reply)).toBe(route);
    expect(droppedOf(reply)).toBeUndefined();
    for (const name of ['groq', 'cerebras'])
      for (const body of bodiesAt(world, name)) expect(body).not.toHaveProperty('provider');
  });

  it('in an order goes on with the next, and then with whoever is left', async () => {
    const world = await createHouse();
    world.providers['cerebras']?.script(['503', '503', '503', '503']);
    const reply = await world.ask({ provider: { order: ['cerebras', 'groq'] } });
    expect(routeOf(reply)).toBe('groq/m1');
    expect(askedOf(world)).toEqual(['groq', 'cerebras']);
  });

  it('that alone may answer is not stood in for', async () => {
    const world = await createHouse();
    world.providers['cerebras']?.script(Array.from({ length: 20 }, () => '503'));
    const reply = await world.ask({
      provider: { order: ['cerebras'], allow_fallbacks: false },
      freeway: { max_wait_ms: 0 },
    });
    expect(reply.status).toBeGreaterThanOrEqual(500);
    expect(askedOf(world)).toEqual(['cerebras']);
  });

  it('without a list, no fallback means one attempt', async () => {
    const world = await createHouse();
    for (const name of places) world.providers[name]?.script(['503']);
    const reply = await world.ask({ provider: { allow_fallbacks: false } });
    expect(reply.status).toBeGreaterThanOrEqual(500);
    expect(reply.headers['x-freeway-attempts']).toBe('1');
  });

  it('that is in no list here, where nobody routes further, is nobody', async () => {
    const world = await createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1' }] }] });
    const reply = await world.ask({ provider: { only: ['deepinfra'] } });
    expect([reply.status, reply.error()?.code]).toEqual([422, 'no_candidate']);
  });

  it('may be no dearer than it says, and may not train', async () => {
    const world = await createHouse({ tier: 'paid', trainsOnPrompts: true });
    const reply = await world.ask({ provider: { max_price: { prompt: '0.5' } } });
    expect([reply.status, reply.error()?.message]).toEqual([
      422,
      expect.stringContaining('above the price that the request allows') as string,
    ]);
    expect((await world.ask({ provider: { max_price: { prompt: 1, completion: 2 } } })).status).toBe(200);
    const strict = await world.ask({ model: 'm2', provider: { data_collection: 'deny', zdr: true } });
    expect(strict.error()?.message).toMatch(/train/);
  });

  it.each([
    [{ provider: { order: 'groq' } }, 'provider.order'],
    [{ provider: { only: [1] } }, 'provider.only[0]'],
    [{ reasoning: 'high' }, 'reasoning'],
    [{ fallbacks: 'm2' }, 'fallbacks'],
    [{ mock_response: 'Hi.' }, 'mock_response'],
    [{ guardrails: ['pii'] }, 'guardrails'],
    [{ api_key: 'k' }, 'api_key'],
    [{ api_base: 'http://x.test' }, 'api_base'],
  ])('%j is refused by its name, and nobody is asked', async (body, param) => {
    const world = await createHouse();
    const reply = await world.ask(body);
    expect([reply.status, reply.json().error?.param]).toEqual([400, param]);
    expect(askedOf(world)).toEqual([]);
  });
});

describe('a router', () => {
  const said = {
    provider: { only: ['deepinfra', 'OpenRouter'], ignore: ['baseten'], quantizations: ['fp8'] },
    transforms: ['middle-out'],
    plugins: [{ id: 'web' }],
    reasoning: { max_tokens: 2_000, exclude: true },
    usage: { include: true },
    num_retries: 2,
  };
  it('is told all of it that it knows, less its own name', async () => {
    const world = await createHouse();
    const reply = await world.ask(said);
    expect(routeOf(reply)).toBe('openrouter/m1');
    expect(droppedOf(reply)).toBe('num_retries');
    const [body] = bodiesAt(world, 'openrouter');
    const { transforms, plugins, reasoning, usage } = said;
    expect(body).toMatchObject({ transforms, plugins, reasoning, usage });
    expect(body?.['provider']).toEqual({ only: ['deepinfra'], ignore: ['baseten'], quantizations: ['fp8'] });
    expect(body).not.toHaveProperty('num_retries');
    expect(body).not.toHaveProperty('reasoning_effort');
  });
  it('is not whoever else answers: those are told in words of the format, and the rest is listed', async () => {
    const world = await createHouse();
    const reply = await world.ask({ ...said, provider: { only: ['groq'], quantizations: ['fp8'] } });
    expect(droppedOf(reply)).toBe('provider.quantizations, transforms, plugins, reasoning.exclude, num_retries');
    const [body] = bodiesAt(world, 'groq');
    expect(Object.keys(body ?? {}).sort()).toEqual(['messages', 'model', 'reasoning_effort']);
  });
});

describe('thoughts in words of OpenRouter', () => {
  it.each([
    [{ effort: 'high' }, 'high'],
    [{ max_tokens: 1_024 }, 'low'],
    [{ max_tokens: 32_000 }, 'high'],
    [{ enabled: true }, 'medium'],
    [{ enabled: false }, 'none'],
    [{}, undefined],
  ])('%j is an effort of %s', async (reasoning, effort) => {
    const world = await createHouse();
    await world.ask({ reasoning, provider: { only: ['groq'] } });
    expect(bodiesAt(world, 'groq')[0]?.['reasoning_effort']).toBe(effort);
  });
  it('are those of the Responses format there', async () => {
    const world = await createHouse();
    const body = { messages: undefined, input: 'Hi.', reasoning: { effort: 'low' }, provider: { only: ['groq'] } };
    const reply = await world.ask(body, {}, '/v1/responses');
    expect(routeOf(reply)).toBe('groq/m1');
    expect(droppedOf(reply)).toBeUndefined();
    expect(bodiesAt(world, 'groq')[0]).toMatchObject({ reasoning_effort: 'low' });
  });
});

describe('the cost in the usage', () => {
  interface Told {
    readonly usage: Json;
  }
  it.each([
    ['free', 0],
    ['paid', expect.closeTo(0, 3) as number],
  ] as const)('is told in whole answers and streams to who asks for it: %s', async (tier, cost) => {
    const world = await createHouse({ tier });
    const asked = { usage: { include: true }, provider: { only: ['groq'] } };
    const whole = await world.ask(asked);
    const { usage } = whole.json() as unknown as Told;
    expect(usage).toMatchObject({ cost, prompt_tokens: expect.any(Number) as number });
    if (tier === 'paid') expect(String(usage['cost'])).toBe(String(Number(whole.headers['x-freeway-cost-usd'])));
    const stream = await world.ask({ ...asked, stream: true });
    const last = JSON.parse(stream.events().at(-2) ?? '') as Told & { readonly freeway: Json };
    expect(last.usage).toMatchObject({ cost: last.freeway['cost_usd'], prompt_tokens: expect.any(Number) as number });
    // The provider was asked for what it is told by.
    expect(bodiesAt(world, 'groq')[1]).toMatchObject({ stream_options: { include_usage: true } });
    expect((await world.ask({ provider: { only: ['groq'] } })).text).not.toContain('"cost"');
  });
});

it('the cost is told in answers before which a provider sends blanks to keep the connection', async () => {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 };
  const body = `\n   \n${JSON.stringify({ id: 'c1', object: 'chat.completion', created: 1, model: 'm1', choices, usage })}`;
  const reply = { status: 200, headers: { 'content-type': 'application/json' }, body };
  const handle = (): ReplyPlan => ({ ...toErrorDraft(reply, 10), close: () => undefined });
  const models = [{ id: 'm1', kind: 'chat' as const, price }];
  const world = await createWorld({
    providers: [],
    others: () => ({ alpha: { handle } }),
    entries: [toEntry('alpha', { tier: 'paid', models })],
  });
  const told = (await world.ask({ usage: { include: true } })).json() as unknown as { readonly usage: Json };
  expect(told.usage).toEqual({ ...usage, cost: 0.0002 });
});

describe('words of LiteLLM', () => {
  it.each([[{ fallbacks: ['m2'] }], [{ fallbacks: [{ m1: ['m2'] }] }], [{ fallbacks: [{ model: 'm2' }] }]])(
    '%j: another model stands in for the first',
    async (body) => {
      const world = await createHouse();
      for (const name of places) world.providers[name]?.script(['503', '503', '503']);
      const reply = await world.ask({ ...body, provider: { only: ['groq'] } });
      expect(reply.status).toBe(200);
      const models = bodiesAt(world, 'groq').map(({ model }) => model);
      expect([models[0], models.at(-1)]).toEqual(['m1', 'm2']);
    },
  );
  it('disable_fallbacks is one attempt', async () => {
    const world = await createHouse();
    for (const name of places) world.providers[name]?.script(['503']);
    expect((await world.ask({ disable_fallbacks: true })).headers['x-freeway-attempts']).toBe('1');
  });
  it('that we have none for are listed', async () => {
    const world = await createHouse();
    const reply = await world.ask({ litellm_trace_id: 't', litellm_metadata: {}, provider: { only: ['groq'] } });
    expect(droppedOf(reply)).toBe('litellm_trace_id, litellm_metadata');
    expect(Object.keys(bodiesAt(world, 'groq')[0] ?? {}).sort()).toEqual(['messages', 'model']);
  });
  it('timeout bounds the whole request, in seconds', async () => {
    const world = await createHouse();
    for (const name of places) world.providers[name]?.script(Array.from({ length: 9 }, () => 'stall-0'));
    const reply = await world.ask({ timeout: 2, stream: true });
    expect(reply.status).toBe(504);
    expect(reply.ms).toBeLessThanOrEqual(3_000);
  });
});

describe('what stands behind a model’s name', () => {
  it.each([
    ['m1:nitro', undefined],
    ['m1:online', 'model:online'],
    ['m1:thinking:free', undefined],
  ])('%s is heeded or listed', async (model, dropped) => {
    const world = await createHouse();
    const reply = await world.ask({ model, provider: { only: ['groq'] } });
    expect([reply.status, droppedOf(reply)]).toEqual([200, dropped]);
    expect(bodiesAt(world, 'groq')[0]?.['model']).toBe('m1');
  });
  it.each([
    ['m3:20b:floor', undefined],
    ['thinking', undefined],
    ['thinking:nitro', undefined],
    ['m3:20b:online', 'model:online'],
    ['m4:exacto', undefined],
  ])('is not taken for more than it is, where %s has other parts of such a form', async (model, dropped) => {
    const models = ['m3:20b', 'm4:exacto', 'thinking'].map((id) => ({ id, kind: 'chat' as const, price }));
    const world = await createWorld({
      providers: [{ name: 'alpha', models }],
      entries: [toEntry('alpha', { models })],
    });
    const reply = await world.ask({ model }, {}, '/api/v1/chat/completions');
    expect([reply.status, droppedOf(reply)]).toEqual([200, dropped]);
  });
  it('is gone through once, however much there is of it', async () => {
    const world = await createHouse();
    const model = `m1${':online'.repeat(100_000)}:nitro:free`;
    expect((await world.ask({ model, provider: { only: ['groq'] } })).status).toBe(200);
  });
  it('asks for the cheapest', async () => {
    const world = await createHouse();
    const told = (await world.ask({ model: 'm1:floor' }, {}, '/v1/explain')).json() as unknown as Json;
    expect(told['policy'] ?? told).toMatchObject({ strategy: 'cost' });
  });
});

describe('requests with one reply', () => {
  const said = { input: 'Hi.', provider: { only: ['a'] }, fallbacks: ['b'], api_key: 'k', timeout: 3 };
  const sent = (quirks: RequestTarget['quirks']): unknown => {
    const target = { model: 'm', quirks, stripped: [], wantUsage: false, maxOutputTokens: null };
    return JSON.parse(renderPlain(parseModeration(said), target));
  };
  it('tell no provider what is meant for routers, and routers where to go', () => {
    expect(sent([])).toEqual({ model: 'm', input: 'Hi.' });
    expect(sent([{ kind: 'routing' }])).toEqual({ model: 'm', input: 'Hi.', provider: { only: ['a'] } });
  });
  it('list it', async () => {
    const vectors = createFakeVectors({}, createFakeClock(0, { seed: 1 }));
    const world = await createWorld({
      providers: [],
      others: () => ({ alpha: vectors }),
      entries: [toEntry('alpha', { models: [{ id: 'e1', kind: 'embedding', capabilities: [] }] })],
    });
    const body = { messages: undefined, model: 'e1', ...said };
    const reply = await world.ask(body, {}, '/v1/embeddings');
    expect([reply.status, droppedOf(reply)]).toEqual([200, 'provider, fallbacks, api_key, timeout']);
  });
});

it('words of our own win over those of others', async () => {
  const world = await createHouse();
  const reply = await world.ask({ provider: { only: ['groq'] }, freeway: { providers: { only: ['cerebras'] } } });
  expect(routeOf(reply)).toBe('cerebras/m1');
});

it.each([
  [{ ignore: ['cerebras'] }, { 'x-freeway-providers': '{"only":["groq"]}' }, 502],
  [{ max_price: { prompt: 9 } }, { 'x-freeway-max-price': '{"input":0.5}' }, 422],
])('%j does not undo what our own headers say: %j', async (provider, headers, status) => {
  const world = await createHouse({ tier: 'paid' });
  world.providers['groq']?.script(Array.from({ length: 9 }, () => '503'));
  const reply = await world.ask({ provider, freeway: { max_wait_ms: 0 } }, headers);
  expect([reply.status, askedOf(world)]).toEqual([status, status === 422 ? [] : ['groq']]);
});
