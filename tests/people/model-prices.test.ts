// Prices as they are given with a credential or a provider of one's own, and as the list of models tells them.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';
import { createHouse, owner } from './house.ts';

const price = {
  inputPerMillionUsd: 1,
  outputPerMillionUsd: 2,
  audioInputPerMillionUsd: 3,
  perRequestUsd: 0.01,
  perThousandSearchesUsd: 10,
  tiers: [{ inputTokensAbove: 200_000, inputPerMillionUsd: 2, outputPerMillionUsd: 4 }],
  factors: { flex: 0.5 },
  peaks: [{ from: '12:00', until: '18:00', factor: 2 }],
  changes: [
    { from: '2020-01-01', inputPerMillionUsd: 5, outputPerMillionUsd: 6 },
    { from: '2100-01-01', inputPerMillionUsd: 7, outputPerMillionUsd: 8 },
  ],
};
const model = { id: 'm1', kind: 'chat' as const, price };

it('the list of models tells what they cost now, and how that changes', async () => {
  const house = await createHouse({ entry: { tier: 'paid', models: [model] } });
  const priceOf = async () =>
    ((await house.ask('GET /v1/models/m1', { headers: owner })).json['freeway'] as { price: unknown }).price;
  const lasting = {
    per_request_usd: 0.01,
    per_thousand_searches_usd: 10,
    factors: { flex: 0.5 },
    peaks: price.peaks,
    changes: [{ from: '2100-01-01', input_per_million_usd: 7, output_per_million_usd: 8 }],
  };
  const hour = new Date(house.clock.now()).getUTCHours();
  expect(hour).toBe(12);
  expect(await priceOf()).toEqual({ ...lasting, input_per_million_usd: 10, output_per_million_usd: 12 });
  await house.clock.advance(6 * 3_600_000);
  expect(await priceOf()).toEqual({ ...lasting, input_per_million_usd: 5, output_per_million_usd: 6 });
});

describe('a price', () => {
  const read = (given: object) =>
    readConfig({
      env: {
        FREEWAY_PROVIDERS: JSON.stringify([
          {
            provider: 'openai-compatible',
            baseUrl: 'http://x.test/v1',
            apiKey: 'k',
            models: [{ id: 'm1', price: given }],
          },
        ]),
      },
      providers,
      readText: () => '',
      older: [],
    }).entries[0]?.models?.[0]?.price;

  it('is taken from FREEWAY_PROVIDERS as it is', () => {
    expect(read(price)).toEqual(price);
  });

  it.each([
    [{ peaks: [{ from: '6:00', until: '18:00', factor: 2 }] }, /peaks\S*from/],
    [{ peaks: [{ days: [7], from: '06:00', until: '18:00', factor: 2 }] }, /peaks\S*days/],
    [{ changes: [{ from: '2027-13-01' }] }, /changes\S*from/],
    [{ factors: { flex: -1 } }, /factors\S*flex/],
  ])('that can not be is refused by name: %o', (given, name) => {
    expect(() => read(given)).toThrow(name);
  });

  it('is taken with a provider of one’s own', async () => {
    const house = await createHouse();
    const body = { id: 'acme', name: 'Acme', base_url: 'https://api.acme.example/v1', models: [model] };
    const made = await house.ask('POST /api/templates', { headers: owner, body });
    expect(made.status).toBe(201);
    expect(made.json['models']).toMatchObject([{ price }]);
  });
});
