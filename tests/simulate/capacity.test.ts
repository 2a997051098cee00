// The yardstick of the simulation: what free providers can serve at best.
import { describe, expect, it } from 'vitest';
import {
  bestPossible,
  toSources,
  toSourcesAsUsed,
  totalCapacity,
  type Source,
} from '../../scripts/simulate/capacity.ts';
import { providers } from '../../scripts/simulate/world.ts';

const source = (perMs: number, stock: number): Source => ({
  provider: 'p',
  key: 'k',
  models: ['m'],
  perMs,
  stock,
  burst: 0,
});

describe('bestPossible', () => {
  it.each<[string, Source[], number[], number]>([
    ['is all demand when there is enough', [source(1, 1000)], [5, 5], 10],
    ['is cut by the rate of each moment', [source(1, 1000)], [15, 5], 15],
    ['is cut by the stock of the day', [source(1, 12)], [10, 10], 12],
    ['spends stock at peaks and rate between them', [source(1, Infinity), source(1, 8)], [18, 10, 2], 28 + 2 - 0],
    ['takes both cuts together', [source(1, Infinity), source(1, 3)], [18, 10, 2], 25],
  ])('%s', (_name, sources, demand, served) => {
    expect(bestPossible(sources, demand, 10)).toBe(served);
  });
});

const span = { startMs: Date.UTC(2026, 10, 21), lengthMs: 86_400_000, tokens: 2_000, foreign: true };

describe('toSourcesAsUsed', () => {
  it('counts what requests took that were served, without what others took', () => {
    const others = { requests: 40, tokens: 60_000 };
    const used = toSourcesAsUsed(providers, span, () => ({ requests: 100, tokens: 50_000, others }));
    const bucket = used.find(({ key, models }) => key === 'buckets-1' && models[0] === 'bucket-20b');
    expect(bucket?.stock).toBeCloseTo((2 * 200_000 - 60_000) / 500);
    const trial = used.find(({ provider }) => provider === 'trial');
    expect(trial).toMatchObject({ stock: 12 * 1_440 - 40, burst: 12 });
    // A moment's burst comes on top of the rate.
    expect(bestPossible([{ ...source(1, 1000), burst: 3 }], [15, 5], 10)).toBe(18);
  });
});

describe('toSources', () => {
  it('joins models that share a count, and takes the tightest limit', () => {
    const sources = toSources(providers, span);
    const trial = sources.filter(({ provider }) => provider === 'trial');
    expect(trial).toHaveLength(1);
    expect(trial[0]).toMatchObject({ models: ['trial-large', 'trial-small'], perMs: 12 / 60_000 });
    // A full bucket and a day's refill.
    const bucket = sources.find(({ key, models }) => key === 'buckets-1' && models[0] === 'bucket-20b');
    expect(bucket?.stock).toBeCloseTo((2 * 200_000) / 2_000);
    expect(totalCapacity(sources, span.lengthMs)).toBeGreaterThan(30_000);
  });

  it('leaves others their share of a shared key', () => {
    const own = toSources(providers, { ...span, foreign: false });
    const shared = toSources(providers, span);
    const rate = (sources: readonly Source[]) =>
      sources.find(({ models }) => models[0] === 'sliding-small')?.perMs ?? 0;
    expect(rate(shared) / rate(own)).toBeCloseTo(0.9);
  });
});
