// The yardstick of the simulation: what free providers can serve at best.
import fc from 'fast-check';
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

/**
 * The most that requests of so many stretches can be given by sources, found by sending one request after another along any way that still
 * has room, moving others out of its way: a maximum flow by its definition. Whole numbers only.
 */
function plainBest(sources: readonly Source[], perBin: readonly number[], binMs: number): number {
  const given = perBin.map(() => sources.map(() => 0));
  const stockUsed = (at: number): number => given.reduce((sum, row) => sum + (row[at] ?? 0), 0);
  /** Gives a request of that stretch to a source not visited yet, which may send another of its requests away for it. */
  const place = (bin: number, visited: Set<string>): boolean =>
    sources.some(({ perMs, burst, stock }, at) => {
      const row = given[bin]!;
      if (visited.has(`${bin} ${at}`) || row[at]! >= perMs * binMs + burst) return false;
      visited.add(`${bin} ${at}`);
      row[at]!++;
      if (stockUsed(at) <= stock || given.some((_, other) => other !== bin && sendAway(other, at, visited)))
        return true;
      row[at]!--;
      return false;
    });
  const sendAway = (bin: number, at: number, visited: Set<string>): boolean => {
    if (given[bin]![at] === 0) return false;
    visited.add(`${bin} ${at}`);
    given[bin]![at]!--;
    if (place(bin, visited)) return true;
    given[bin]![at]!++;
    return false;
  };
  let served = 0;
  for (const [bin, count] of perBin.entries()) for (let i = 0; i < count && place(bin, new Set()); i++) served++;
  return served;
}

describe('bestPossible, held against a flow that is sent request by request,', () => {
  const one = fc.record({ perMs: fc.nat(3), stock: fc.nat(12), burst: fc.nat(2) });
  const demand = fc.array(fc.nat(8), { minLength: 1, maxLength: 4 });

  it('never says less than can be served', () => {
    fc.assert(
      fc.property(fc.array(one, { maxLength: 4 }), demand, (some, perBin) => {
        const all = some.map((changes) => ({ ...source(0, 0), ...changes }));
        expect(bestPossible(all, perBin, 2)).toBeGreaterThanOrEqual(plainBest(all, perBin, 2));
      }),
      { numRuns: 500 },
    );
  });

  it('says exactly that where sources are alike', () => {
    fc.assert(
      fc.property(one, fc.integer({ min: 1, max: 3 }), demand, (changes, count, perBin) => {
        const all = Array.from({ length: count }, () => ({ ...source(0, 0), ...changes }));
        expect(bestPossible(all, perBin, 2)).toBe(plainBest(all, perBin, 2));
      }),
      { numRuns: 500 },
    );
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
