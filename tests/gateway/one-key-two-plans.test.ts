// A key whose free models and billed ones have limits of their own: what is over for the ones is not for the others.
import { describe, expect, it } from 'vitest';
import type { FakeLimit } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type World } from './harness.ts';

const model = { kind: 'chat' as const, context: 131_072, maxOutput: 8_192, size: 'large' as const, capabilities: [] };
const free = ['google/gemma-4-31b-it:free', 'google/gemma-4-26b-a4b-it:free'] as const;
const billed = 'openai/gpt-6-luna';

/** A billed key of OpenRouter, of whose free models other programs have taken all but `left` calls a day. */
const createBroker = (limits: readonly FakeLimit[], fault?: string): Promise<World> =>
  createWorld({
    providers: [
      {
        name: 'broker',
        dialect: 'openrouter',
        keepRequests: 50,
        limits,
        models: [...free.map((id) => ({ id })), { id: billed, ...(fault === undefined ? {} : { fault }) }],
      },
    ],
    entries: [
      toEntry('broker', {
        provider: 'openrouter',
        tier: 'paid',
        models: [{ ...model, id: billed, price: { inputPerMillionUsd: 0.1, outputPerMillionUsd: 0.5 } }],
      }),
    ],
  });

const perDay: FakeLimit = {
  models: ['*:free'],
  unit: 'requests',
  max: 2,
  clock: { kind: 'calendar', every: 'day', zone: 'UTC' },
};
const perMinute: FakeLimit = { models: ['*:free'], unit: 'requests', max: 2, clock: { kind: 'fixed', seconds: 60 } };

describe.each([
  ['day', perDay],
  ['minute', perMinute],
])('when the free %s of a key is over', (_, limit) => {
  it('its billed models are asked on, and its other free ones are not', async () => {
    const world = await createBroker([limit]);
    const ask = (id: string) => world.ask({ model: `openrouter/${id}`, freeway: { max_wait_ms: 0 } });
    const statuses: number[] = [];
    for (const id of [free[0], free[0], free[0], free[1], billed]) statuses.push((await ask(id)).status);
    expect(statuses).toEqual([200, 200, 503, 503, 200]);
    expect(world.providers['broker']!.books().total()).toMatchObject({ limited: 1, served: 3 });
  });
});

it('what a billed model costs more than there is keeps no free one away', async () => {
  const world = await createBroker([], 'quota-402');
  const ask = (id: string) => world.ask({ model: `openrouter/${id}`, freeway: { max_wait_ms: 0 } });
  expect((await ask(billed)).status).toBe(503);
  expect((await ask(free[0])).status).toBe(200);
});
