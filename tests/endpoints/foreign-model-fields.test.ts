// The price of a model as clients of OpenRouter read it: US dollars a token, as text.
import { expect, it } from 'vitest';
import { toForeignFields } from '#lambda/endpoints/foreign-model-fields.ts';
import { toCandidate } from '../fakes/candidates.ts';

const price = { inputPerMillionUsd: 0.15, outputPerMillionUsd: 15, cachedInputPerMillionUsd: 0.0036 };
const known = { id: 'm', context: 8_192, maxOutput: null, capabilities: ['vision', 'json', 'reasoning'] as const };
const pricingOf = (more: Parameters<typeof toCandidate>[0]): unknown =>
  toForeignFields({ ...known, best: toCandidate(more) })['pricing'];

it.each([
  [
    { tier: 'paid', price } as const,
    { prompt: '0.00000015', completion: '0.000015', input_cache_read: '0.0000000036' },
  ],
  [{ tier: 'paid', price: null } as const, { prompt: '-1', completion: '-1' }],
  [
    { tier: 'paid', kind: 'embedding', price: { inputPerMillionUsd: 1 } } as const,
    { prompt: '0.000001', completion: '0' },
  ],
  [{ tier: 'free', price } as const, { prompt: '0', completion: '0' }],
  [{ tier: 'local', price: null } as const, { prompt: '0', completion: '0' }],
])('%j costs %j', (candidate, pricing) => expect(pricingOf(candidate)).toEqual(pricing));

it('tells what goes in, and by which fields it is asked', () => {
  expect(toForeignFields({ ...known, best: toCandidate() })).toMatchObject({
    architecture: { modality: 'text+image->text', input_modalities: ['text', 'image'] },
    supported_parameters: expect.arrayContaining(['response_format', 'structured_outputs', 'reasoning']) as string[],
  });
  expect(toForeignFields({ ...known, best: toCandidate() })['supported_parameters']).not.toContain('tools');
});
