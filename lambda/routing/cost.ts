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

/** null when either is unknown. */
const plus = (all: number | null, one: number | null): number | null =>
  all === null || one === null ? null : all + one;

/**
 * Where no price is known of what is read from a cache or written to one, it is billed as input like any other. Asked several times for each
 * request: it makes nothing that would have to be collected.
 */
function tokensCostUsd(price: Price, usage: Usage): number | null {
  const { inputTokens, outputTokens } = usage;
  const rates = price.tiers === undefined ? price : tokenPriceAt(price, inputTokens ?? 0);
  const { inputPerMillionUsd: fresh, outputPerMillionUsd: output } = rates;
  const { cachedInputPerMillionUsd: cached = fresh, cacheWritePerMillionUsd: write = fresh } = rates;
  const { longCacheWritePerMillionUsd: longWrite = write } = rates;
  const { cachedInputTokens = 0, longCacheWriteTokens = 0, cacheWriteTokens = longCacheWriteTokens } = usage;
  const input = inputTokens ?? 0;
  const read = Math.min(cachedInputTokens, input);
  const long = Math.min(longCacheWriteTokens, input - read);
  const short = Math.max(0, Math.min(cacheWriteTokens - longCacheWriteTokens, input - read - long));
  let cost = part(inputTokens === undefined ? undefined : input - read - long - short, fresh);
  if (read !== 0) cost = plus(cost, part(read, cached));
  if (long !== 0) cost = plus(cost, part(long, longWrite));
  if (short !== 0) cost = plus(cost, part(short, write));
  // Models without output (embeddings) have no price for it and report none.
  if (outputTokens !== undefined || output !== undefined) cost = plus(cost, part(outputTokens, output));
  return cost === null ? null : cost / 1_000_000;
}

/** What is counted in other units than tokens, as far as the price names them. */
function extrasCostUsd(price: Price, { audioSeconds, images = 0, characters = 0 }: Usage): number | null {
  const { perMinuteUsd, perImageUsd, perMillionCharactersUsd, minimumSeconds = 0 } = price;
  const minutes = audioSeconds === undefined ? undefined : Math.max(audioSeconds, minimumSeconds) / 60;
  let cost: number | null = 0;
  if (perMinuteUsd !== undefined) cost = plus(cost, part(minutes, perMinuteUsd));
  if (perImageUsd !== undefined) cost = plus(cost, part(images, perImageUsd));
  if (perMillionCharactersUsd !== undefined) cost = plus(cost, part(characters / 1_000_000, perMillionCharactersUsd));
  return cost;
}

/** Cost at list prices, US dollars: tokens, audio minutes (with the minimum billed), images and characters, as far as the price names them. null when unknown. */
export function listCostUsd(price: Price | null, usage: Usage): number | null {
  if (price === null) return null;
  const isOfTokens = (price.inputPerMillionUsd ?? price.outputPerMillionUsd) !== undefined;
  const isOfMore = (price.perMinuteUsd ?? price.perImageUsd ?? price.perMillionCharactersUsd) !== undefined;
  const tokens = isOfTokens ? tokensCostUsd(price, usage) : null;
  if (!isOfMore) return tokens;
  const extras = extrasCostUsd(price, usage);
  return isOfTokens ? plus(extras, tokens) : extras;
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
