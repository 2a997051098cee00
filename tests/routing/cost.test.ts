// What calls cost, and what is not known of it.
import { describe, expect, it } from 'vitest';
import type { Price } from '#shared/price.ts';
import { costUsd, listCostUsd, mostCostUsd } from '#lambda/routing/cost.ts';
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
const writing: Price = {
  ...cached,
  cacheWritePerMillionUsd: 0.1875,
  longCacheWritePerMillionUsd: 0.3,
  tiers: [{ ...plain, inputTokensAbove: 2_000_000, cacheWritePerMillionUsd: 0.25, longCacheWritePerMillionUsd: 0.5 }],
};
const audio: Price = { perMinuteUsd: 0.006, minimumSeconds: 10 };

/** Unknown is not free: `toBeCloseTo` alone takes null for 0. */
function expectCost(cost: number | null, expected: number | null): void {
  if (expected === null || cost === null) expect(cost).toBe(expected);
  else expect(cost).toBeCloseTo(expected, 12);
}

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
    ['input written to a cache', writing, { inputTokens: 1_000_000, outputTokens: 0, cacheWriteTokens: 1e6 }, 0.1875],
    [
      'input written to a cache for long',
      writing,
      { inputTokens: 1_000_000, outputTokens: 0, cacheWriteTokens: 1e6, longCacheWriteTokens: 400_000 },
      0.2325,
    ],
    [
      'input read, written and neither',
      writing,
      { inputTokens: 1_000_000, outputTokens: 1_000_000, cachedInputTokens: 500_000, cacheWriteTokens: 200_000 },
      0.72,
    ],
    [
      'input written above the edge of a tier',
      writing,
      { inputTokens: 3_000_000, outputTokens: 0, cacheWriteTokens: 2_000_000, longCacheWriteTokens: 1_000_000 },
      0.9,
    ],
    [
      'input written where no price for it is known',
      cached,
      { inputTokens: 1_000_000, outputTokens: 0, cacheWriteTokens: 1e6, longCacheWriteTokens: 1e6 },
      0.15,
    ],
    [
      'input written for long where only one price for it is known',
      { ...plain, cacheWritePerMillionUsd: 0.2 },
      { inputTokens: 1_000_000, outputTokens: 0, longCacheWriteTokens: 1e6 },
      0.2,
    ],
    [
      'more read and written than there is input',
      writing,
      { inputTokens: 100, outputTokens: 0, cachedInputTokens: 60, cacheWriteTokens: 400 },
      0.000012,
    ],
    [
      'more read and written for long than there is input',
      writing,
      { inputTokens: 100, outputTokens: 0, cachedInputTokens: 60, cacheWriteTokens: 400, longCacheWriteTokens: 400 },
      0.0000165,
    ],
    [
      'more written, some of it for long, than there is input',
      writing,
      { inputTokens: 100, outputTokens: 0, cacheWriteTokens: 400, longCacheWriteTokens: 60 },
      0.0000255,
    ],
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
    [
      'sound heard, of which some was in a cache',
      { ...cached, audioInputPerMillionUsd: 1, cachedAudioInputPerMillionUsd: 0.1 },
      {
        inputTokens: 1_000_000,
        outputTokens: 0,
        cachedInputTokens: 400_000,
        audioInputTokens: 100_000,
        cachedAudioInputTokens: 200_000,
      },
      0.5 * 0.15 + 0.1 * 1 + 0.2 * 0.075 + 0.2 * 0.1,
    ],
    ['sound without a price of its own', plain, { inputTokens: 1_000_000, outputTokens: 0, audioInputTokens: 9 }, 0.15],
    [
      'more sound than there is input',
      { ...plain, audioInputPerMillionUsd: 1 },
      { inputTokens: 1_000_000, outputTokens: 0, audioInputTokens: 2_000_000 },
      1,
    ],
    [
      'sound and pictures made',
      { ...plain, audioOutputPerMillionUsd: 12, imageOutputPerMillionUsd: 60 },
      { inputTokens: 0, outputTokens: 1_000_000, audioOutputTokens: 100_000, imageOutputTokens: 200_000 },
      0.7 * 0.6 + 0.1 * 12 + 0.2 * 60,
    ],
    [
      'searches',
      { ...plain, perThousandSearchesUsd: 10 },
      { inputTokens: 1_000_000, outputTokens: 0, searches: 3 },
      0.18,
    ],
    ['searches without a price', plain, { inputTokens: 1, outputTokens: 1, searches: 1 }, null],
    ['the call itself', { perRequestUsd: 0.005 }, {}, 0.005],
    [
      'the call itself and its tokens',
      { ...plain, perRequestUsd: 0.005 },
      { inputTokens: 1_000_000, outputTokens: 0 },
      0.155,
    ],
    [
      'a dearer tier of service, but for its searches',
      { ...plain, perThousandSearchesUsd: 10, factors: { priority: 2 } },
      { inputTokens: 1_000_000, outputTokens: 0, searches: 1, billedAs: ['priority'] },
      0.31,
    ],
    [
      'terms that add up',
      { ...plain, factors: { priority: 2, us: 1.1 } },
      { inputTokens: 1_000_000, outputTokens: 0, billedAs: ['priority', 'us'] },
      0.33,
    ],
    [
      'terms that are free',
      { ...plain, factors: { flex: 0 } },
      { inputTokens: 1_000_000, outputTokens: 0, billedAs: ['flex'] },
      0,
    ],
    [
      'terms that nobody knows',
      { ...plain, factors: { flex: 0.5 } },
      { inputTokens: 1, outputTokens: 1, billedAs: ['priority'] },
      null,
    ],
    ['terms where there are none', plain, { inputTokens: 1_000_000, outputTokens: 0, billedAs: ['priority'] }, 0.15],
    [
      'the usual terms where others cost more',
      { ...plain, factors: { priority: 2 } },
      { inputTokens: 1_000_000, outputTokens: 0 },
      0.15,
    ],
    ['free tokens, unknown how many', { inputPerMillionUsd: 0, outputPerMillionUsd: 0 }, {}, 0],
    ['output of unknown length', plain, { inputTokens: 5 }, null],
    ['input of unknown length', plain, { outputTokens: 5 }, null],
    ['output where only that has a price', { outputPerMillionUsd: 1 }, { inputTokens: 0, outputTokens: 1_000_000 }, 1],
    ['a price that names nothing', {}, { inputTokens: 5, outputTokens: 5 }, null],
    ['no price', null, { inputTokens: 5, outputTokens: 5 }, null],
  ])('of %s', (_name, price, usage, expected) => {
    const cost = listCostUsd(price, usage);
    expectCost(cost, expected);
  });
});

describe('costUsd', () => {
  it('believes the provider before the list', () => {
    const usage = { inputTokens: 1_000_000, outputTokens: 0, reportedCostUsd: 0.02 };
    const told = { price: plain, tellsCost: true };
    expect([costUsd(told, usage), listCostUsd(plain, usage)]).toEqual([0.02, 0.15]);
    expect(costUsd(told, { inputTokens: 1_000_000, outputTokens: 0 })).toBe(0.15);
  });

  it('believes the list where nobody knows what the provider means by a cost, and the provider where there is no list', () => {
    const usage = { inputTokens: 1_000_000, outputTokens: 0, reportedCostUsd: 2 };
    expect(costUsd({ price: plain }, usage)).toBe(0.15);
    expect(costUsd({ price: null }, usage)).toBe(2);
  });
});

describe('mostCostUsd', () => {
  it.each<[string, Price | null, number | null]>([
    ['as much as it can be', writing, 0.9],
    ['at what writing costs, where it is not kept for long', { ...plain, cacheWritePerMillionUsd: 0.2 }, 0.8],
    ['no less where writing is free', { ...plain, cacheWritePerMillionUsd: 0 }, 0.75],
    ['the input where nothing is said of writing', plain, 0.75],
    ['unknown without a price', null, null],
    ['unknown where only writing has a price', { outputPerMillionUsd: 1, cacheWritePerMillionUsd: 1 }, null],
  ])('takes input written to a cache for %s', (_name, price, expected) => {
    const most = mostCostUsd(price, { inputTokens: 1_000_000, outputTokens: 1_000_000 });
    expectCost(most, expected);
  });

  it('takes what has no tokens as it is', () => {
    expect(mostCostUsd(audio, { audioSeconds: 3 })).toBeCloseTo(0.001, 12);
    expect(mostCostUsd(audio, {})).toBeNull();
  });
});

describe('counts that contradict each other', () => {
  it('never take away what was written for an hour', () => {
    const price = {
      inputPerMillionUsd: 1,
      outputPerMillionUsd: 0,
      cacheWritePerMillionUsd: 5,
      longCacheWritePerMillionUsd: 2,
    };
    const usage = { inputTokens: 1_000_000, outputTokens: 0, cacheWriteTokens: 0, longCacheWriteTokens: 1_000_000 };
    expect(listCostUsd(price, usage)).toBe(2);
  });
});
