// What calls cost in US dollars, from prices and use; null whenever a part of it is unknown.
import type { Price } from '#shared/catalog.ts';
import type { Usage } from '#shared/usage.ts';

type TokenPrice = Omit<NonNullable<Price['tiers']>[number], 'inputTokensAbove'>;

/** Prices per million tokens for a call with that much input: the highest tier it exceeds, else the base prices. */
function tokenPriceAt(price: Price, inputTokens: number): TokenPrice {
  const exceeded = price.tiers?.filter(({ inputTokensAbove }) => inputTokens > inputTokensAbove) ?? [];
  const [best = price] = exceeded.sort((a, b) => b.inputTokensAbove - a.inputTokensAbove);
  return best;
}

/** quantity x rate, where a quantity of 0 needs no rate and a rate of 0 no quantity; null when either is unknown. */
function part(quantity: number | undefined, rate: number | undefined): number | null {
  if (quantity === 0 || rate === 0) return 0;
  return quantity === undefined || rate === undefined ? null : quantity * rate;
}

/** null when a part of it is unknown. */
const sum = (parts: readonly (number | null)[]): number | null =>
  parts.reduce((all, one) => (all === null || one === null ? null : all + one), 0);

/** Where no price is known of what is read from a cache or written to one, it is billed as input like any other. */
function tokensCostUsd(price: Price, usage: Usage): number | null {
  const { inputTokens, outputTokens } = usage;
  const rates = tokenPriceAt(price, inputTokens ?? 0);
  const { inputPerMillionUsd: fresh, outputPerMillionUsd: output } = rates;
  const { cachedInputPerMillionUsd: cached = fresh, cacheWritePerMillionUsd: write = fresh } = rates;
  const { longCacheWritePerMillionUsd: longWrite = write } = rates;
  const { cachedInputTokens = 0, longCacheWriteTokens = 0, cacheWriteTokens = longCacheWriteTokens } = usage;
  let left = inputTokens ?? 0;
  const take = (tokens: number): number => {
    const taken = Math.min(tokens, left);
    left -= taken;
    return taken;
  };
  const costs = [
    part(take(cachedInputTokens), cached),
    part(take(longCacheWriteTokens), longWrite),
    part(take(cacheWriteTokens - longCacheWriteTokens), write),
    part(inputTokens === undefined ? undefined : left, fresh),
    // Models without output (embeddings) have no price for it and report none.
    outputTokens === undefined && output === undefined ? 0 : part(outputTokens, output),
  ];
  const cost = sum(costs);
  return cost === null ? null : cost / 1_000_000;
}

/** Cost at list prices, US dollars: tokens, audio minutes (with the minimum billed), images and characters, as far as the price names them. null when unknown. */
export function listCostUsd(price: Price | null, usage: Usage): number | null {
  if (price === null) return null;
  const { audioSeconds, images = 0, characters = 0 } = usage;
  const billedSeconds = audioSeconds === undefined ? audioSeconds : Math.max(audioSeconds, price.minimumSeconds ?? 0);
  const counted: readonly (readonly [number | undefined, number | undefined])[] = [
    [billedSeconds && billedSeconds / 60, price.perMinuteUsd],
    [images, price.perImageUsd],
    [characters / 1_000_000, price.perMillionCharactersUsd],
  ];
  const parts = counted.flatMap(([quantity, rate]) => (rate === undefined ? [] : [part(quantity, rate)]));
  if ((price.inputPerMillionUsd ?? price.outputPerMillionUsd) !== undefined) parts.push(tokensCostUsd(price, usage));
  return parts.length === 0 ? null : sum(parts);
}

/** What a call on a paid plan cost, US dollars: what the provider says, else list prices; null when unknown. */
export const costUsd = (price: Price | null, usage: Usage): number | null =>
  usage.reportedCostUsd ?? listCostUsd(price, usage);

/** The most that a call of such use can cost, US dollars: some providers write all input to a cache by themselves, and ask more for it. null when unknown. */
export function mostCostUsd(price: Price | null, usage: Usage): number | null {
  const plain = listCostUsd(price, usage);
  if (plain === null || usage.inputTokens === undefined) return plain;
  return Math.max(plain, listCostUsd(price, { ...usage, longCacheWriteTokens: usage.inputTokens }) ?? 0);
}
