// What calls cost, and what is not known of it.
import { describe, expect, it } from 'vitest';
import type { Price } from '#shared/catalog.ts';
import { costUsd, estimateCostUsd, listCostUsd } from '#lambda/routing/cost.ts';
import type { Usage } from '#shared/usage.ts';

const plain: Price = { inputPerMillionUsd: 0.15, outputPerMillionUsd: 0.6 };
const cached: Price = { ...plain, cachedInputPerMillionUsd: 0.075 };
const tiered: Price = {
  inputPerMillionUsd: 1.25,
  outputPerMillionUsd: 10,
  cachedInputPerMillionUsd: 0.31,
  tiers: [
    { inputTokensAbove: 200_000, inputPerMillionUsd: 2.5, outputPerMillionUsd: 15 },
    { inputTokensAbove: 500_000, inputPerMillionUsd: 5, outputPerMillionUsd: 20, cachedInputPerMillionUsd: 1 },
  ],
};
const audio: Price = { perMinuteUsd: 0.006, minimumSeconds: 10 };

describe('listCostUsd', () => {
  it.each<[string, Price | null, Usage, number | null]>([
    ['tokens', plain, { inputTokens: 1_000_000, outputTokens: 500_000 }, 0.45],
    [
      'cached input without a price of its own',
      plain,
      { inputTokens: 1_000_000, outputTokens: 0, cachedInputTokens: 400_000 },
      0.15,
    ],
    ['cached input', cached, { inputTokens: 1_000_000, outputTokens: 0, cachedInputTokens: 400_000 }, 0.12],
    ['more cached than input', cached, { inputTokens: 100, outputTokens: 0, cachedInputTokens: 400 }, 0.0000075],
    [
      'reasoning, which is part of the output',
      plain,
      { inputTokens: 0, outputTokens: 1_000_000, reasoningTokens: 900_000 },
      0.6,
    ],
    ['input at the edge of a tier', tiered, { inputTokens: 200_000, outputTokens: 0 }, 0.25],
    ['input above it', tiered, { inputTokens: 200_001, outputTokens: 1000 }, 0.5150025],
    ['the highest tier', tiered, { inputTokens: 600_000, outputTokens: 1000, cachedInputTokens: 100_000 }, 2.62],
    ['embeddings', { inputPerMillionUsd: 0.02 }, { inputTokens: 50_000 }, 0.001],
    ['output without a price', { inputPerMillionUsd: 0.02 }, { inputTokens: 1, outputTokens: 1 }, null],
    ['audio', audio, { audioSeconds: 90 }, 0.009],
    ['audio below the minimum', audio, { audioSeconds: 2 }, 0.001],
    ['audio of unknown length', audio, {}, null],
    ['free audio of unknown length', { perMinuteUsd: 0 }, {}, 0],
    ['images', { perImageUsd: 0.04 }, { images: 3 }, 0.12],
    ['speech', { perMillionCharactersUsd: 15 }, { characters: 2000 }, 0.03],
    [
      'tokens and images',
      { ...plain, perImageUsd: 0.04 },
      { inputTokens: 1_000_000, outputTokens: 0, images: 1 },
      0.19,
    ],
    ['free tokens, unknown how many', { inputPerMillionUsd: 0, outputPerMillionUsd: 0 }, {}, 0],
    ['tokens of unknown number', plain, { inputTokens: 5 }, null],
    ['a price that names nothing', {}, { inputTokens: 5, outputTokens: 5 }, null],
    ['no price', null, { inputTokens: 5, outputTokens: 5 }, null],
  ])('of %s', (_name, price, usage, expected) => {
    const cost = listCostUsd(price, usage);
    if (expected === null) expect(cost).toBeNull();
    else expect(cost).toBeCloseTo(expected, 12);
  });
});

describe('costUsd', () => {
  it('believes the provider before the list', () => {
    const usage = { inputTokens: 1_000_000, outputTokens: 0, reportedCostUsd: 0.02 };
    expect([costUsd(plain, usage), listCostUsd(plain, usage)]).toEqual([0.02, 0.15]);
    expect(costUsd(null, usage)).toBe(0.02);
    expect(costUsd(plain, { inputTokens: 1_000_000, outputTokens: 0 })).toBe(0.15);
  });
});

describe('estimateCostUsd', () => {
  it('takes the longest reply allowed and nothing from the cache', () => {
    expect(
      estimateCostUsd(cached, { inputTokens: 1_000_000, outputTokens: 10, maxOutputTokens: 1_000_000 }),
    ).toBeCloseTo(0.75, 12);
    expect(estimateCostUsd(cached, { inputTokens: 0, outputTokens: 1_000_000, maxOutputTokens: null })).toBeCloseTo(
      0.6,
      12,
    );
    expect(estimateCostUsd(audio, { inputTokens: 0, outputTokens: 0, audioSeconds: 3 })).toBeCloseTo(0.001, 12);
    expect(estimateCostUsd(null, { inputTokens: 1, outputTokens: 1 })).toBeNull();
  });
});
