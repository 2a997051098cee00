// Long requests are put together from the caller's bytes: whatever stands in them, providers get what was asked, and nothing that is meant for Freeway.
import { expect, it } from 'vitest';
import { createWorld } from './harness.ts';

const shortest = 'x'.repeat(4_000);

it.each([
  ['of one byte each', `${shortest}${'plain "quoted" \\ text\n'.repeat(50)}`],
  ['of two bytes', `${shortest}${'é'.repeat(200)}`],
  ['of three and four bytes', `${shortest}漢字${'😀'.repeat(200)}`],
  ['of one byte but for the last', `${shortest}é`],
])('characters %s', async (_, content) => {
  const world = await createWorld({ providers: [{ name: 'alpha', keepRequests: 2, models: [{ id: 'm1' }] }] });
  const messages = [{ role: 'user', content }];
  const reply = await world.ask({ model: 'auto', seed: 7, freeway: { tier: 'any' }, messages, stop: ['é'.slice(1)] });
  expect(reply.status).toBe(200);
  const [received] = world.providers['alpha']!.received();
  expect(JSON.parse(received!.body)).toEqual({ model: 'm1', seed: 7, messages, stop: [''] });
});
