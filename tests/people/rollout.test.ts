// Flags and experiments over the whole app: set by routes, in force for requests, compared by what the providers were really asked.
import { describe, expect, it } from 'vitest';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createHouse, owner, type Answer, type House } from './house.ts';

const shadow = { name: 'try-m2', kind: 'shadow', percent: 100, models: ['m1'], variant: { model: 'm2' } };
const split = { name: 'half', kind: 'split', by: 'request', percent: 50, models: ['m1'], variant: { model: 'm2' } };

const models = (fault?: string): Pick<FakeProviderSpec, 'models' | 'keepRequests'> => ({
  models: [{ id: 'm1' }, { id: 'm2', ...(fault === undefined ? {} : { fault }) }],
  keepRequests: 200,
});

async function setUp(experiment: Record<string, unknown>, fault?: string): Promise<House> {
  const house = await createHouse({ spec: models(fault) });
  const set = await house.ask('PUT /api/rollout/experiments', { headers: owner, body: experiment });
  expect(set.status, set.message).toBe(200);
  // The first request of an instance finds nothing read; it reads.
  await house.chat(owner, { model: 'm2' });
  return house;
}

const askedOf = (house: House): readonly string[] =>
  house.provider.received().map(({ body }) => (JSON.parse(body) as { model: string }).model);

const arms = async (house: House, name: string): Promise<Record<string, unknown>[]> => {
  const { json } = await house.ask(`GET /api/rollout/experiments/${name}`, { headers: owner });
  return json['arms'] as Record<string, unknown>[];
};

describe('a split', () => {
  it('sends its part the other way, says so in the head, and compares both', async () => {
    const house = await setUp(split);
    const answers: Answer[] = [];
    for (let round = 0; round < 40; round++) answers.push(await house.chat(owner, { model: 'm1' }));
    const sides = answers.map(({ headers }) => headers['x-freeway-experiment']);
    const routes = answers.map(({ headers }) => headers['x-freeway-route']);
    const inVariant = sides.filter((side) => side === 'half=variant').length;
    expect(inVariant).toBeGreaterThan(5);
    expect(inVariant).toBeLessThan(35);
    sides.forEach((side, index) => {
      expect(routes[index]).toMatch(side === 'half=variant' ? /m2$/ : /m1$/);
    });
    const [control, variant] = await arms(house, 'half');
    expect(control).toMatchObject({ arm: 'control', requests: 40 - inVariant, ok: 40 - inVariant });
    expect(variant).toMatchObject({ arm: 'variant', requests: inVariant, finishes: { stop: inVariant } });
  });

  it('falls back to what the caller asked for when the variant cannot serve', async () => {
    const house = await setUp({ ...split, percent: 100 }, 'reset');
    const answer = await house.chat(owner, { model: 'm1' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'x-freeway-experiment': 'half=variant',
      'x-freeway-route': 'openai-compatible/m1',
    });
  });

  it('is refused when nobody could serve it, or its controls do not exist', async () => {
    const house = await createHouse();
    const put = (variant: unknown): Promise<Answer> =>
      house.ask('PUT /api/rollout/experiments', { headers: owner, body: { ...split, variant } });
    expect(await put({ model: 'm3' })).toMatchObject({ status: 404 });
    expect((await put({ freeway: { tire: 'free' } })).status).toBe(400);
    expect((await put({ freeway: { tier: 'free' } })).status).toBe(200);
  });
});

describe('a shadow', () => {
  it('asks the variant beside, and the caller sees nothing of it but a header', async () => {
    const house = await setUp(shadow);
    const before = askedOf(house).length;
    const answer = await house.chat(owner, { model: 'm1' });
    expect(answer.headers['x-freeway-experiment']).toBe('try-m2=control');
    expect(answer.headers['x-freeway-route']).toBe('openai-compatible/m1');
    expect(askedOf(house).slice(before)).toEqual(['m1', 'm2']);
    const [control, variant] = await arms(house, 'try-m2');
    expect(control).toMatchObject({ requests: 1, routes: { 'openai-compatible/m1': 1 } });
    expect(variant).toMatchObject({ requests: 1, routes: { 'openai-compatible/m2': 1 } });
  });

  it('that fails fails nobody', async () => {
    const house = await setUp(shadow, 'reset');
    const answer = await house.chat(owner, { model: 'm1' });
    expect(answer.status).toBe(200);
    const [, variant] = await arms(house, 'try-m2');
    expect(variant).toMatchObject({ requests: 1, ok: 0 });
  });

  it('pays nothing unless it is told to', async () => {
    const paid = { tier: 'paid' as const };
    for (const [freeway, asked] of [
      [undefined, ['m1']],
      [{ tier: 'any' }, ['m1', 'm2']],
    ] as const) {
      const house = await createHouse({ entry: paid, spec: models() });
      const variant = freeway === undefined ? { model: 'm2' } : { model: 'm2', freeway };
      await house.ask('PUT /api/rollout/experiments', { headers: owner, body: { ...shadow, variant } });
      await house.chat(owner, { model: 'm2' });
      const before = askedOf(house).length;
      await house.chat(owner, { model: 'm1' });
      expect(askedOf(house).slice(before)).toEqual(asked);
    }
  });
});

describe('a flag', () => {
  it('is asked for by programs, and unknown ones are off', async () => {
    const house = await createHouse();
    const { headers } = await house.key();
    const ask = async (name: string, query = ''): Promise<unknown> =>
      (await house.ask(`GET /api/rollout/flags/${name}`, { headers, query })).json['on'];
    expect(await ask('new-agent')).toBe(false);
    await house.ask('PUT /api/rollout/flags', { headers: owner, body: { name: 'new-agent', always: ['ada'] } });
    expect(await ask('new-agent', 'subject=ada')).toBe(true);
    expect(await ask('new-agent', 'subject=bob')).toBe(false);
    await house.ask('PUT /api/rollout/flags', { headers: owner, body: { name: 'new-agent', percent: 100 } });
    expect(await ask('new-agent', 'subject=bob')).toBe(true);
    await house.ask('DELETE /api/rollout/flags/new-agent', { headers: owner });
    expect(await ask('new-agent', 'subject=bob')).toBe(false);
  });
});
