// Batches as the page shows them: what each is called.
import { expect, it } from 'vitest';
import { toBatch } from '../../ui/src/features/batches/data.ts';

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
