// Prices that change: on a day known beforehand, or with the time of the day.
import type { Price } from '#shared/price.ts';
import type { Candidate } from './types.ts';

const DAY_MS = 86_400_000;

type Peak = NonNullable<Price['peaks']>[number];

/** Minutes since midnight of `06:30`. */
const toMinutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function isOn({ days, from, until }: Peak, atMs: number): boolean {
  if (days !== undefined && !days.includes(new Date(atMs).getUTCDay())) return false;
  const minutes = (atMs % DAY_MS) / 60_000;
  return minutes >= toMinutes(from) && minutes < toMinutes(until);
}

const isOfTokens = (name: string): boolean => name.endsWith('PerMillionUsd');

/** Prices of tokens times `factor`. */
const times = <Prices extends object>(prices: Prices, factor: number): Prices =>
  Object.fromEntries(
    Object.entries(prices).map(([name, rate]) => [name, isOfTokens(name) ? Number(rate) * factor : (rate as unknown)]),
  ) as Prices;

/** The prices that hold from the last change on, instead of those before. */
function afterChange({ changes = [], ...before }: Price, atMs: number): Price {
  const change = changes.findLast(({ from }) => atMs >= Date.parse(from));
  if (change === undefined) return before;
  const { from: _, ...since } = change;
  const kept = Object.entries(before).filter(([name]) => name !== 'tiers' && !isOfTokens(name));
  return { ...Object.fromEntries(kept), ...since };
}

/** A price as `toFactor` finds it of its peaks; the same object where it never changes. */
function resolve(price: Price | null, atMs: number, toFactor: (peaks: readonly Peak[]) => number): Price | null {
  if (price?.changes === undefined && price?.peaks === undefined) return price;
  const { peaks = [], ...now } = afterChange(price, atMs);
  const factor = toFactor(peaks);
  if (factor === 1) return now;
  return { ...times(now, factor), ...(now.tiers && { tiers: now.tiers.map((tier) => times(tier, factor)) }) };
}

/** The price as it is at a moment; the same object where it never changes. */
export const priceAt = (price: Price | null, atMs: number): Price | null =>
  resolve(price, atMs, (peaks) => peaks.find((peak) => isOn(peak, atMs))?.factor ?? 1);

/** The price as it is on a day at its dearest: whoever asks now may be answered in a peak. */
export const dearestPrice = (price: Price | null, atMs: number): Price | null =>
  resolve(price, atMs, (peaks) => Math.max(1, ...peaks.map(({ factor }) => factor)));

/** The candidate at the price of a moment; itself where that never changes. */
export function pricedAt(candidate: Candidate, atMs: number): Candidate {
  const price = priceAt(candidate.price, atMs);
  return price === candidate.price ? candidate : { ...candidate, price };
}
