// Batches as the page shows them: what each is called, and how often many of them are asked for.
import { expect, it } from 'vitest';
import { toBatch, toPauseMs } from '../../ui/src/features/batches/data.ts';

const view = {
  id: 'batch_1',
  endpoint: '/v1/chat/completions',
  status: 'in_progress',
  errors: null,
  created_at: 1,
  expires_at: 2,
  request_counts: { total: 1, completed: 0, failed: 0 },
  freeway: { cost_usd: 0, free: 0, paid: 0, waiting: null },
};

it.each([
  [{ description: 'Nightly', name: 'n' }, 'm1', 'Nightly'],
  [{ description: '', name: 'n' }, 'm1', 'n'],
  [{ description: ' ' }, 'm1', 'm1'],
  [null, undefined, '/v1/chat/completions'],
])('a batch described as %j of the model %s is called %s', (metadata, model, title) => {
  expect(toBatch({ ...view, metadata, ...(model === undefined ? {} : { model }) }).title).toBe(title);
});

it('a hundred open batches are asked for no more often than once a second together', () => {
  const perMinute = (open: number): number => (open * 60_000) / toPauseMs(open);
  expect(perMinute(1)).toBe(20);
  for (const open of [3, 40, 200]) expect(perMinute(open)).toBeLessThanOrEqual(60);
});
