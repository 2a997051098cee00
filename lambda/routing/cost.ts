// What calls cost in US dollars, from prices and use; null whenever a part of it is unknown.
import type { Price } from '#shared/catalog.ts';
import type { Usage } from '#shared/usage.ts';

/** What a call is expected to take; `audioSeconds` and the like only where the operation has them. */
export interface CostEstimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The caller's bound on the reply. */
  readonly maxOutputTokens?: number | null;
  readonly audioSeconds?: number | null;
  readonly images?: number;
  readonly characters?: number;
}

interface TokenPrice {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cachedInput: number | undefined;
}

/** Prices per million tokens for a call with that much input: the highest tier it exceeds, else the base prices. */
function tokenPriceAt(price: Price, inputTokens: number): TokenPrice {
  let best: NonNullable<Price['tiers']>[number] | null = null;
  for (const tier of price.tiers ?? []) {
    if (inputTokens > tier.inputTokensAbove && (best === null || tier.inputTokensAbove > best.inputTokensAbove))
      best = tier;
  }
  const from = best ?? price;
  return {
    input: from.inputPerMillionUsd,
    output: from.outputPerMillionUsd,
    cachedInput: from.cachedInputPerMillionUsd ?? from.inputPerMillionUsd,
  };
}

/** quantity x rate, where a quantity of 0 needs no rate and a rate of 0 no quantity; null when either is unknown. */
function part(quantity: number | undefined, rate: number | undefined): number | null {
  if (quantity === 0 || rate === 0) return 0;
  return quantity === undefined || rate === undefined ? null : quantity * rate;
}

function tokensCostUsd(price: Price, usage: Usage): number | null {
  const { inputTokens, outputTokens } = usage;
  const rates = tokenPriceAt(price, inputTokens ?? 0);
  const cached = Math.min(usage.cachedInputTokens ?? 0, inputTokens ?? 0);
  const input = part(inputTokens === undefined ? undefined : inputTokens - cached, rates.input);
  // Models without output (embeddings) have no price for it and report none.
  const output = outputTokens === undefined && rates.output === undefined ? 0 : part(outputTokens, rates.output);
  const fromCache = part(cached, rates.cachedInput);
  return input === null || output === null || fromCache === null ? null : (input + fromCache + output) / 1_000_000;
}

/** Cost at list prices, US dollars: tokens, audio minutes (with the minimum billed), images and characters, as far as the price names them. null when unknown. */
export function listCostUsd(price: Price | null, usage: Usage): number | null {
  if (price === null) return null;
  const parts: (number | null)[] = [];
  if (price.inputPerMillionUsd !== undefined || price.outputPerMillionUsd !== undefined)
    parts.push(tokensCostUsd(price, usage));
  if (price.perMinuteUsd !== undefined) {
    const { audioSeconds } = usage;
    const billed = audioSeconds === undefined ? undefined : Math.max(audioSeconds, price.minimumSeconds ?? 0) / 60;
    parts.push(part(billed, price.perMinuteUsd));
  }
  if (price.perImageUsd !== undefined) parts.push(part(usage.images ?? 0, price.perImageUsd));
  if (price.perMillionCharactersUsd !== undefined)
    parts.push(part((usage.characters ?? 0) / 1_000_000, price.perMillionCharactersUsd));
  if (parts.length === 0) return null;
  return parts.reduce((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0);
}

/** What a call on a paid plan cost, US dollars: what the provider says, else list prices; null when unknown. */
export const costUsd = (price: Price | null, usage: Usage): number | null =>
  usage.reportedCostUsd ?? listCostUsd(price, usage);

/** The most a call can cost, US dollars: nothing from the cache, and a reply as long as allowed. null when the price is unknown. */
export function estimateCostUsd(price: Price | null, estimate: CostEstimate): number | null {
  const { inputTokens, outputTokens, maxOutputTokens, audioSeconds, images, characters } = estimate;
  return listCostUsd(price, {
    inputTokens,
    outputTokens: Math.max(outputTokens, maxOutputTokens ?? 0),
    ...(typeof audioSeconds === 'number' && { audioSeconds }),
    ...(images !== undefined && { images }),
    ...(characters !== undefined && { characters }),
  });
}
