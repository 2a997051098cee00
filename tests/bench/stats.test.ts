// The statistics of the bench: known answers, and intervals that behave.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, estimateMedian, estimateRatio, median, percentile, shuffle } from '../../scripts/bench/stats.ts';

describe('percentile', () => {
  it.each([
    [[5], 0.99, 5],
    [[1, 2, 3], 0.5, 2],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[10, 0], 0.25, 2.5],
    [[1, 2, 3, 4, 5], 1, 5],
    [[-3, -1, -2], 0, -3],
  ])('of %j at %d is %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN();
  });

  it('lies between least and greatest, grows with the share, and leaves its input alone', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.double({ noNaN: true, min: 0, max: 1 }), (list, share) => {
        const before = [...list];
        const found = percentile(list, share);
        expect(list).toEqual(before);
        expect(found).toBeGreaterThanOrEqual(Math.min(...list));
        expect(found).toBeLessThanOrEqual(Math.max(...list));
        expect(percentile(list, 0.5)).toBeLessThanOrEqual(percentile(list, 1));
      }),
    );
  });
});

describe('shuffle', () => {
  it('keeps every value, and every order comes up', () => {
    const random = createRandom(3);
    const seen = new Set(Array.from({ length: 200 }, () => shuffle(['a', 'b', 'c'], random).join('')));
    expect([...seen].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  });
});

describe('estimates', () => {
  const random = createRandom(5);
  const unit = Array.from({ length: 400 }, () => 100 + 20 * random());
  const twice = unit.map((value) => value * 2 + 5 * random());

  it('put the median of a constant into an empty interval', () => {
    expect(estimateMedian([7, 7, 7, 7])).toEqual({ value: 7, low: 7, high: 7 });
  });

  it('hold the value within their interval', () => {
    const { value, low, high } = estimateMedian(unit);
    expect(value).toBe(median(unit));
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
    expect(high - low).toBeLessThan(5);
  });

  it('find a ratio of two series that were measured together', () => {
    const { value, low, high } = estimateRatio(twice, unit);
    expect(value).toBeCloseTo(2.02, 1);
    expect(low).toBeGreaterThan(1.95);
    expect(high).toBeLessThan(2.1);
  });

  it('are the same for the same numbers', () => {
    expect(estimateRatio(twice, unit)).toEqual(estimateRatio(twice, unit));
  });
});
