// Words of other routers in requests of other formats than OpenAI's for chats, and in answers that go on elsewhere.
import { describe, expect, it } from 'vitest';
import { createWorld, toEntry, type World } from './harness.ts';

type Json = Readonly<Record<string, unknown>>;

const places = ['groq', 'anthropic', 'openrouter'] as const;
const createHouse = (): Promise<World> =>
  createWorld({
    providers: places.map((name) => ({ name, keepRequests: 20, models: [{ id: 'm1' }, { id: 'anthropic/m2' }] })),
    entries: places.map((name) => {
      const { models = [] } = toEntry(name);
      const wire = name === 'anthropic' ? name : ('openai-chat' as const);
      const able = models.map((model) => ({
        ...model,
        wire,
        capabilities: ['prefill' as const, 'reasoning' as const],
      }));
      const own = able.flatMap((model) => [model, { ...model, id: 'anthropic/m2' }]);
      return toEntry(name, { provider: name, models: own });
    }),
  });
const bodiesAt = (world: World, name: string): Json[] =>
  (world.providers[name]?.received() ?? []).map(({ body }) => JSON.parse(body) as Json);

const message = { model: 'm1', system: 'Be kind.', max_tokens: 5_000, messages: [{ role: 'user', content: 'Hi.' }] };
const response = { model: 'm1', messages: undefined, instructions: 'Be kind.', input: 'Hi.' };
const stream = { stream: true, stream_options: { include_usage: true } };
const put = [
  { role: 'system', content: 'Be kind.' },
  { role: 'user', content: 'Hi.' },
];

describe('a router that is asked in another format', () => {
  const toRouter = { freeway: { providers: { only: ['openrouter'] } } };
  it.each([
    ['/v1/messages', message, { provider: { only: ['deepinfra'] } }],
    ['/v1/responses', response, { provider: { only: ['deepinfra'] } }],
    ['/api/v1/messages', message, {}],
    ['/api/v1/responses', response, {}],
    ['/v1/messages', { ...message, model: 'm1:floor' }, {}],
  ])('at %s is put the question in its own: %j with %j', async (path, body, words) => {
    const world = await createHouse();
    const reply = await world.ask({ ...body, ...words, ...toRouter }, {}, path);
    expect([reply.status, reply.headers['x-freeway-route']]).toEqual([200, 'openrouter/m1']);
    const [asked] = bodiesAt(world, 'openrouter');
    expect(asked).toMatchObject({ ...words, messages: put });
    for (const name of ['system', 'input', 'instructions']) expect(asked).not.toHaveProperty(name);
  });

  it('is told where to go together with marks of what is worth keeping', async () => {
    const world = await createHouse();
    const system = [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }];
    const provider = { order: ['amazon-bedrock'] };
    const reply = await world.ask(
      { ...message, model: 'anthropic/m2', system, provider, ...toRouter },
      {},
      '/v1/messages',
    );
    expect(reply.status).toBe(200);
    const [asked] = bodiesAt(world, 'openrouter');
    expect(asked).toMatchObject({ provider, messages: [{ content: system }, put[1]] });
  });
});

describe('thoughts that a format has no such words for', () => {
  it.each([
    ['/v1/messages', { ...message, reasoning: { effort: 'high' } }, 'high'],
    ['/v1/messages', { ...message, model: 'm1:thinking' }, 'medium'],
    ['/v1/responses', { ...response, model: 'm1:thinking' }, 'medium'],
    ['/v1/messages', { ...message, thinking: { type: 'enabled', budget_tokens: 1_024 }, model: 'm1:thinking' }, 'low'],
  ])('at %s %j are told to others in theirs', async (path, body, effort) => {
    const world = await createHouse();
    const reply = await world.ask({ ...body, freeway: { providers: { only: ['groq'] } } }, {}, path);
    expect([reply.status, reply.headers['x-freeway-dropped']]).toEqual([200, undefined]);
    expect(bodiesAt(world, 'groq')[0]).toMatchObject({ reasoning_effort: effort, messages: put });
  });
});

it.each([{ reasoning: { effort: 'high' } }, { model: 'm1:thinking' }])(
  'a provider of the format itself is told no field of another, and %j is listed',
  async (words) => {
    const world = await createHouse();
    const body = { ...message, ...words, freeway: { providers: { only: ['anthropic'] } } };
    const reply = await world.ask(body, {}, '/v1/messages');
    expect(reply.status).toBe(200);
    expect(reply.headers['x-freeway-dropped']).toBe('model' in words ? 'model:thinking' : 'reasoning');
    expect(bodiesAt(world, 'anthropic')[0]).toEqual({ ...message });
  },
);

it('an answer that goes on at a router is not begun anew there', async () => {
  const world = await createHouse();
  world.providers['groq']?.script(['cut-40']);
  const reply = await world.ask({ ...stream, provider: { order: ['groq', 'openrouter'] } });
  expect(JSON.parse(reply.events().at(-2) ?? '')).toMatchObject({ freeway: { resumed_by: 'prefill' } });
  const [asked] = bodiesAt(world, 'openrouter');
  expect(asked?.['messages']).toEqual([expect.anything(), expect.objectContaining({ role: 'assistant' })]);
});
