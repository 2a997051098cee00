// Prices that change with the calendar and the clock.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import type { Price } from '#shared/price.ts';
import { dearestPrice, priceAt } from '#lambda/routing/price-at.ts';

const at = (time: string): number => Date.parse(time);
const workdays = [1, 2, 3, 4, 5];
const peaking: Price = {
  inputPerMillionUsd: 1,
  outputPerMillionUsd: 2,
  perThousandSearchesUsd: 10,
  tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 3, outputPerMillionUsd: 4 }],
  peaks: [
    { days: workdays, from: '01:00', until: '04:00', factor: 2 },
    { from: '21:30', until: '24:00', factor: 0.5 },
  ],
};
const changing: Price = {
  inputPerMillionUsd: 1,
  outputPerMillionUsd: 2,
  cachedInputPerMillionUsd: 0.1,
  perThousandSearchesUsd: 10,
  tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 3, outputPerMillionUsd: 4 }],
  changes: [
    { from: '2027-01-01', inputPerMillionUsd: 2, outputPerMillionUsd: 4 },
    { from: '2027-02-01', inputPerMillionUsd: 3, outputPerMillionUsd: 6 },
  ],
};

describe('a price by the time of the day', () => {
  it.each([
    ['a Monday before the peak', '2026-11-23T00:59:59.999Z', 1],
    ['the beginning of the peak', '2026-11-23T01:00:00Z', 2],
    ['the last moment of the peak', '2026-11-23T03:59:59.999Z', 2],
    ['the end of the peak', '2026-11-23T04:00:00Z', 1],
    ['the same hour on a Sunday', '2026-11-22T02:00:00Z', 1],
    ['the last second of every day', '2026-11-22T23:59:59Z', 0.5],
    ['the minute before the evening', '2026-11-22T21:29:59.999Z', 1],
    ['the evening', '2026-11-22T21:30:00Z', 0.5],
  ])('is what it is on %s', (_name, time, input) => {
    expect(priceAt(peaking, at(time))?.inputPerMillionUsd).toBe(input);
  });

  it('goes for long calls, and for nothing but tokens', () => {
    const price = priceAt(peaking, at('2026-11-23T02:00:00Z'));
    expect(price).toEqual({
      inputPerMillionUsd: 2,
      outputPerMillionUsd: 4,
      perThousandSearchesUsd: 10,
      tiers: [{ inputTokensAbove: 1000, inputPerMillionUsd: 6, outputPerMillionUsd: 8 }],
    });
  });

  it('is at its dearest when money is held back', () => {
    expect(dearestPrice(peaking, at('2026-11-22T12:00:00Z'))?.inputPerMillionUsd).toBe(2);
  });

  it('is never below that of the list when money is held back', () => {
    const cheaper = { ...peaking, peaks: peaking.peaks!.slice(1) };
    expect(dearestPrice(cheaper, at('2026-11-22T23:00:00Z'))?.inputPerMillionUsd).toBe(1);
  });
});

describe('a price with a date', () => {
  it.each([
    ['the day before', '2026-12-31T23:59:59.999Z', { inputPerMillionUsd: 1, cachedInputPerMillionUsd: 0.1 }],
    ['that day', '2027-01-01T00:00:00Z', { inputPerMillionUsd: 2 }],
    ['the second change', '2027-03-01T00:00:00Z', { inputPerMillionUsd: 3 }],
  ])('is what it is on %s', (_name, time, expected) => {
    expect(priceAt(changing, at(time))).toMatchObject(expected);
  });

  it('keeps none of the prices of tokens that are over, and all others', () => {
    expect(priceAt(changing, at('2027-01-01T00:00:00Z'))).toEqual({
      inputPerMillionUsd: 2,
      outputPerMillionUsd: 4,
      perThousandSearchesUsd: 10,
    });
  });
});

it('is the very same object where it never changes', () => {
  const price = { inputPerMillionUsd: 1 };
  expect([priceAt(price, 0), dearestPrice(price, 0), priceAt(null, 0)]).toEqual([price, price, null]);
  expect(priceAt(price, 0)).toBe(price);
});

describe('the catalog', () => {
  const priceOf = (provider: string, model: string): Price | null =>
    providers.find(({ id }) => id === provider)?.models.find(({ id }) => id === model)?.price ?? null;

  it.each([
    ['deepseek', 'deepseek-v4-pro', '2026-11-23T02:30:00Z', 1.32, 3.96],
    ['deepseek', 'deepseek-v4-pro', '2026-11-23T05:00:00Z', 0.66, 1.98],
    ['deepseek', 'deepseek-v4-pro', '2026-11-21T02:30:00Z', 0.66, 1.98],
    ['gemini', 'gemini-3.8-flash', '2026-12-31T23:00:00Z', 0.75, 3.75],
    ['gemini', 'gemini-3.8-flash', '2027-01-01T00:00:00Z', 1.5, 7.5],
    ['vertex', 'google/gemini-3.6-flash', '2027-01-01T00:00:00Z', 1.5, 7.5],
  ])('knows what %s asks for %s at %s', (provider, model, time, ...prices) => {
    const price = priceAt(priceOf(provider, model), at(time));
    expect([price?.inputPerMillionUsd, price?.outputPerMillionUsd]).toEqual(prices);
  });
});
