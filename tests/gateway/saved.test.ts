// What free calls saved, and what paid ones cost, is reckoned from all that the provider says of their use.
import { expect, it } from 'vitest';
import { toErrorDraft } from '../fakes/provider/plan.ts';
import { createWorld, toEntry } from './harness.ts';

const usage = { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 800 } };
const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }];
const toBody = (usage: unknown): string =>
  JSON.stringify({ id: 'c1', object: 'chat.completion', created: 1, model: 'm1', choices, usage });
const headers = { 'content-type': 'application/json' };

it.each([
  ['free', 'freeway_list_price_saved_usd_total'],
  ['paid', 'freeway_cost_usd_total'],
] as const)('%s: input read from a cache counts at its own price', async (tier, metric) => {
  const price = { inputPerMillionUsd: 10, outputPerMillionUsd: 20, cachedInputPerMillionUsd: 1 };
  const world = await createWorld({
    providers: [],
    others: () => ({
      host: {
        handle: () => ({ ...toErrorDraft({ status: 200, headers, body: toBody(usage) }, 100), close: () => undefined }),
      },
    }),
    entries: [toEntry('host', { tier, models: [{ id: 'm1', kind: 'chat', size: 'large', price }] })],
  });
  expect((await world.ask()).status).toBe(200);
  const usd = (200 * 10 + 800 * 1 + 100 * 20) / 1e6;
  expect(world.metrics()).toContain(`${metric}{provider="openai-compatible"} ${usd}`);
});

it('what the provider says a paid call cost is paid from the budget, though nobody knows its price', async () => {
  const body = toBody({ ...usage, cost: 0.25 });
  const world = await createWorld({
    providers: [],
    others: () => ({
      host: { handle: () => ({ ...toErrorDraft({ status: 200, headers, body }, 100), close: () => undefined }) },
    }),
    entries: [toEntry('host', { tier: 'paid', models: [{ id: 'm1', kind: 'chat', size: 'large' }] })],
  });
  expect((await world.ask()).headers['x-freeway-cost-usd']).toBe('0.25');
  expect(world.metrics()).toContain('freeway_cost_usd_total{provider="openai-compatible"} 0.25');
});
