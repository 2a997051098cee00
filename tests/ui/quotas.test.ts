// Bounds as people type them: whole numbers with or without signs between thousands; what can't be read is never taken to be no bound.
import { describe, expect, it } from 'vitest';
import { formatBound } from '../../ui/src/lib/format.ts';
import { parseCount, toQuota, toQuotaTexts } from '../../ui/src/lib/quotas.ts';

describe('a count', () => {
  it.each([
    ['', null],
    ['   ', null],
    ['1', 1],
    [' 250000 ', 250_000],
    ['100,000', 100_000],
    ['1.500.000', 1_500_000],
    ['1 500 000', 1_500_000],
    ['1’000', 1_000],
    ['1000000000000', 1_000_000_000_000],
    ['0', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['1,50', undefined],
    ['1,500.000', undefined],
    ['10,00', undefined],
    ['ten', undefined],
    ['5k', undefined],
    ['1e6', undefined],
    ['1000000000001', undefined],
  ])('%j is %j', (text, count) => {
    expect(parseCount(text)).toBe(count);
  });
});

it('a quota comes back as it was typed, and none is empty', () => {
  const quota = { requests_per_minute: null, requests_per_day: 40, tokens_per_minute: null, tokens_per_day: 1_500_000 };
  expect(toQuota(toQuotaTexts(quota))).toEqual(quota);
  expect(Object.values(toQuotaTexts(null))).toEqual(['', '', '', '']);
});

it.each([
  [1_250, '1,250'],
  [999_999, '999,999'],
  [1_499_950, '1.49M'],
  [999_999_999_999, '999.99B'],
])('the bound %i is told as %s, never as more than it is', (count, told) => {
  expect(formatBound(count, 'en')).toBe(told);
});
