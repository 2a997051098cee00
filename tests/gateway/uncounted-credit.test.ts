// A credit in dollars, spent on a model whose price nobody has told: it ends here before it can end in a bill.
import { expect, it } from 'vitest';
import { createWorld, toEntry } from './harness.ts';

const CREDIT_USD = 0.01;

it('calls at an unknown price use up a credit as calls of a dear model would', async () => {
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: 8_192, size: 'large' as const };
  const month = { kind: 'calendar', every: 'month', zone: 'UTC' } as const;
  const world = await createWorld({
    providers: [{ name: 'alpha', models: [{ id: 'm1' }] }],
    entries: [
      toEntry('alpha', {
        models: [{ ...model, capabilities: [] }],
        pools: [{ models: ['*'], scope: 'account', unit: 'usd', max: CREDIT_USD, clock: month }],
      }),
    ],
  });
  const prompt = 'word '.repeat(1_000);
  const statuses: number[] = [];
  for (let call = 0; call < 20; call++) {
    const { status } = await world.ask({
      messages: [{ role: 'user', content: prompt }],
      freeway: { max_wait_ms: 0 },
    });
    statuses.push(status);
  }
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  // 1,000 tokens in and some dozens out: a tenth of the credit each.
  const { served, inputTokens } = world.providers['alpha']!.books().total();
  expect(served).toBeGreaterThanOrEqual(3);
  expect(inputTokens / 1_000_000).toBeLessThanOrEqual(CREDIT_USD);
});
