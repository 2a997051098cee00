// What one request needs, boiled down to what candidates are judged by.
import type { ModelKind } from '#shared/catalog.ts';
import { poolUnits, type Amounts, type PoolUnit } from '#shared/pools.ts';
import type { Usage } from '#shared/usage.ts';
import { capabilityBits } from './capabilities.ts';
import { listCostUsd, mostCostUsd } from './cost.ts';
import { dearestPrice } from './price-at.ts';
import type { Candidate, Classification } from './types.ts';

export interface RequestProfile {
  readonly kind: ModelKind;
  /** Capability bits the request can't do without. */
  readonly needs: number;
  /** null for operations that are not classified. */
  readonly classification: Classification | null;
  /** Estimates before the per-model correction, tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The caller's bound on the reply, tokens. */
  readonly maxOutputTokens: number | null;
  readonly audioSeconds: number | null;
  /** The longest part that must fit into the context alone, tokens; absent: all of it. */
  readonly longestInputTokens?: number;
  /** Pictures to be made, and characters to be spoken; absent where there are none. */
  readonly images?: number;
  readonly characters?: number;
  /** On which terms the caller asks to be billed (see Usage); absent: the usual ones. */
  readonly billedAs?: readonly string[];
}

/** Who is asked: the candidate and its learned tokens-per-estimate. */
export interface Asked {
  readonly candidate: Candidate;
  readonly ratio: number;
}

/** What is paid for beside tokens. */
const extrasOf = ({ audioSeconds, images, characters }: RequestProfile): Usage => ({
  ...(audioSeconds === null ? {} : { audioSeconds }),
  ...(images === undefined ? {} : { images }),
  ...(characters === undefined ? {} : { characters }),
});

function outputNeed(profile: RequestProfile, { candidate }: Asked): number {
  return Math.min(profile.outputTokens, candidate.maxOutput ?? profile.outputTokens);
}

/** What a credit pays for at a price that nobody has told is taken to cost what large models cost: what ends too early bills nothing. */
const PRESUMED = { tokens: { inputPerMillionUsd: 1, outputPerMillionUsd: 4 }, sound: { perMinuteUsd: 0.006 } } as const;

function creditNeed(profile: RequestProfile, usage: Usage, { pools }: Candidate): number | null {
  if (!pools.some(({ unit }) => unit === 'usd')) return null;
  return listCostUsd(profile.audioSeconds === null ? PRESUMED.tokens : PRESUMED.sound, usage);
}

/** What one call takes from a pool of this unit; null when unknown (a price we do not have). */
export function needOf(unit: PoolUnit, profile: RequestProfile, asked: Asked): number | null {
  const inputTokens = Math.ceil(profile.inputTokens * asked.ratio);
  switch (unit) {
    case 'requests':
    case 'concurrent':
      return 1;
    case 'input_tokens':
      return inputTokens;
    case 'output_tokens':
      return outputNeed(profile, asked);
    case 'tokens':
      return inputTokens + outputNeed(profile, asked);
    case 'audio_seconds':
      return profile.audioSeconds ?? 0;
    case 'usd': {
      const { candidate } = asked;
      const usage = { ...extrasOf(profile), inputTokens, outputTokens: outputNeed(profile, asked) };
      return listCostUsd(candidate.price, usage) ?? creditNeed(profile, usage, candidate);
    }
  }
}

/**
 * A reply that the caller does not bound is taken to be no longer than this, and each picture no larger, tokens. Models that may write eight times
 * as much hardly ever do, and whoever held that back would let a small budget carry one call at a time, or none.
 */
const LONGEST_REPLY = 16_384;

/** How long a reply is taken to be at most, thoughts included, tokens. */
function longestReply({ maxOutputTokens, outputTokens, images = 1 }: RequestProfile, candidate: Candidate): number {
  const longest = maxOutputTokens ?? Math.max(outputTokens, LONGEST_REPLY * images);
  return Math.min(longest, candidate.maxOutput ?? longest);
}

/**
 * The most a call can cost, US dollars: input taken with caution, a reply as long as the caller or the model allows or as replies are, at the dearest time and
 * on the dearer of the terms that were asked for and the usual ones. null when the price is unknown.
 */
export function mostUsdOf(
  profile: RequestProfile,
  { candidate, ratio, caution, nowMs }: Asked & { caution: number; nowMs: number },
): number | null {
  const outputTokens = longestReply(profile, candidate);
  const inputTokens = Math.ceil(profile.inputTokens * ratio * caution);
  const isHeard = (profile.needs & capabilityBits.audio) !== 0;
  const price = dearestPrice(candidate.price, nowMs);
  const usage: Usage = {
    ...extrasOf(profile),
    inputTokens,
    outputTokens,
    ...(isHeard && { audioInputTokens: inputTokens, audioOutputTokens: outputTokens }),
    ...(profile.images !== undefined && { imageOutputTokens: outputTokens }),
  };
  const usual = mostCostUsd(price, usage);
  const { billedAs } = profile;
  if (billedAs === undefined || usual === null) return usual;
  return Math.max(usual, mostCostUsd(price, { ...usage, billedAs }) ?? usual);
}

/** What one call takes from every kind of pool. */
export function toNeed(profile: RequestProfile, asked: Asked): Amounts {
  const need: Partial<Record<PoolUnit, number>> = {};
  for (const unit of poolUnits) {
    const amount = needOf(unit, profile, asked);
    if (amount !== null && amount > 0) need[unit] = amount;
  }
  return need;
}
