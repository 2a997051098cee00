// What calls cost in US dollars, from prices and use; null whenever a part of it is unknown.
import type { Price } from '#shared/price.ts';
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

/** What a token costs more (or less) than others of its kind; 0 where it has no price of its own. */
const above = (usual = 0, own = usual): number => own - usual;

/** By what the tokens of a call cost more on the terms on which it was billed; undefined where that is not known. A price that names no terms is the same on all. */
function factorOf({ factors }: Price, { billedAs }: Usage): number | undefined {
  if (factors === undefined || billedAs === undefined) return 1;
  const factor = billedAs.reduce((all, terms) => all * (factors[terms] ?? NaN), 1);
  return Number.isNaN(factor) ? undefined : factor;
}

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
  const rest = input - read - long - short;
  let cost = part(inputTokens === undefined ? undefined : rest, fresh);
  if (read !== 0) cost = plus(cost, part(read, cached));
  if (long !== 0) cost = plus(cost, part(long, longWrite));
  if (short !== 0) cost = plus(cost, part(short, write));
  // Models without output (embeddings) have no price for it and report none.
  if (outputTokens !== undefined || output !== undefined) cost = plus(cost, part(outputTokens, output));
  if (cost === null) return null;
  const { audioInputTokens = 0, cachedAudioInputTokens = 0, audioOutputTokens = 0, imageOutputTokens = 0 } = usage;
  const written = outputTokens ?? 0;
  cost +=
    Math.min(audioInputTokens, rest) * above(fresh, rates.audioInputPerMillionUsd) +
    Math.min(cachedAudioInputTokens, read) * above(cached, rates.cachedAudioInputPerMillionUsd) +
    Math.min(audioOutputTokens, written) * above(output, rates.audioOutputPerMillionUsd) +
    Math.min(imageOutputTokens, written) * above(output, rates.imageOutputPerMillionUsd);
  return part(cost / 1_000_000, factorOf(price, usage));
}

/** What is counted in other units than tokens, as far as the price names them. */
function extrasCostUsd(price: Price, usage: Usage): number | null {
  const { perMinuteUsd, perImageUsd, perMillionCharactersUsd, perRequestUsd = 0, minimumSeconds = 0 } = price;
  const { audioSeconds, images = 0, characters = 0, searches = 0 } = usage;
  const minutes = audioSeconds === undefined ? undefined : Math.max(audioSeconds, minimumSeconds) / 60;
  let cost: number | null = perRequestUsd;
  if (perMinuteUsd !== undefined) cost = plus(cost, part(minutes, perMinuteUsd));
  if (perImageUsd !== undefined) cost = plus(cost, part(images, perImageUsd));
  if (perMillionCharactersUsd !== undefined) cost = plus(cost, part(characters / 1_000_000, perMillionCharactersUsd));
  return plus(cost, part(searches / 1000, price.perThousandSearchesUsd));
}

/**
 * Cost at list prices, US dollars: tokens, audio minutes (with the minimum billed), images, characters, searches and the call itself, as far as
 * the price names them. null when unknown.
 */
export function listCostUsd(price: Price | null, usage: Usage): number | null {
  if (price === null) return null;
  const isOfTokens = (price.inputPerMillionUsd ?? price.outputPerMillionUsd) !== undefined;
  const isOfMore = (price.perMinuteUsd ?? price.perImageUsd ?? price.perMillionCharactersUsd) !== undefined;
  if (!isOfTokens && !isOfMore && price.perRequestUsd === undefined) return null;
  const extras = extrasCostUsd(price, usage);
  return isOfTokens ? plus(extras, tokensCostUsd(price, usage)) : extras;
}

/** Whom a call is paid to. */
interface Priced {
  readonly price: Price | null;
  readonly tellsCost?: boolean;
}

/**
 * What a call on a paid plan cost, US dollars: what the provider says, where it is known to tell the truth of it or there is nothing else to go
 * by; else list prices. null when unknown.
 */
export function costUsd({ price, tellsCost = false }: Priced, usage: Usage): number | null {
  const told = usage.reportedCostUsd ?? null;
  if (tellsCost && told !== null) return told;
  return listCostUsd(price, usage) ?? told;
}

/** The most that a call of such use can cost, US dollars: some providers write all input to a cache by themselves, and ask more for it. null when unknown. */
export function mostCostUsd(price: Price | null, usage: Usage): number | null {
  const plain = listCostUsd(price, usage);
  if (plain === null || usage.inputTokens === undefined) return plain;
  return Math.max(plain, listCostUsd(price, { ...usage, longCacheWriteTokens: usage.inputTokens }) ?? 0);
}
