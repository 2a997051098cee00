// Token usage as providers of the OpenAI chat format report it, read and written.
import type { Usage } from '#shared/usage.ts';
import { toTerms } from '../billed.ts';
import type { Json } from '../json.ts';
import { isRecord, toAmount, toKnown, toRecord, toTokens } from '../json.ts';

/** Usage of a reply or chunk, wherever the provider put it (`usage`, `x_groq.usage`); null when there is none. */
export function parseUsage(body: Json): Usage | null {
  const raw = isRecord(body['usage']) ? body['usage'] : toRecord(body['x_groq'])['usage'];
  if (!isRecord(raw)) return null;
  const inputDetails = toRecord(raw['prompt_tokens_details']);
  const outputDetails = toRecord(raw['completion_tokens_details']);
  const inputTokens = toTokens(raw['prompt_tokens']);
  const cached = toTokens(inputDetails['cached_tokens'] ?? raw['cached_tokens'] ?? raw['prompt_cache_hit_tokens']);
  return toKnown<Usage>({
    inputTokens,
    outputTokens: outputTokens(raw, inputTokens),
    // Some report more cached tokens than input tokens; a share can't be larger than the whole.
    cachedInputTokens: cached && Math.min(cached, inputTokens ?? cached),
    cacheWriteTokens: toTokens(inputDetails['cache_write_tokens']),
    reasoningTokens: toTokens(outputDetails['reasoning_tokens'] ?? raw['reasoning_tokens']),
    // Told by many with every call, as 0.
    audioInputTokens: toTokens(inputDetails['audio_tokens']) || undefined,
    audioOutputTokens: toTokens(outputDetails['audio_tokens']) || undefined,
    imageOutputTokens: toTokens(outputDetails['image_tokens']) || undefined,
    reportedCostUsd: reportedCostUsd(raw),
    billedAs: toTerms(body['service_tier'], raw['service_tier']),
  });
}

const TICKS_PER_USD = 1e10;

/** What a provider says in its usage that the call cost, US dollars, whatever it was charged for; undefined when it does not say. */
export function reportedCostUsd(usage: Json): number | undefined {
  const { cost, cost_in_usd_ticks: ticks } = usage;
  const counted = toAmount(ticks);
  const total = toAmount(isRecord(cost) ? cost['total_cost'] : cost) ?? (counted && counted / TICKS_PER_USD);
  // Of calls on a key of one's own at the provider behind, `cost` is the fee alone.
  const behind = usage['is_byok'] === true ? toAmount(toRecord(usage['cost_details'])['upstream_inference_cost']) : 0;
  return total === undefined ? undefined : total + (behind ?? 0);
}

/** Usage in the format's own words; null when nothing is known. Unknown counts are left out. */
export function toUsageJson(usage: Usage | null): Json | null {
  if (usage === null) return null;
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage;
  if (inputTokens === undefined && outputTokens === undefined) return null;
  const known = inputTokens !== undefined && outputTokens !== undefined;
  // JSON leaves out what is undefined.
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: known ? inputTokens + outputTokens : undefined,
    prompt_tokens_details: details({ cached_tokens: cachedInputTokens, cache_write_tokens: cacheWriteTokens }),
    completion_tokens_details: details({ reasoning_tokens: reasoningTokens }),
  };
}

const details = (counts: Json): Json | undefined =>
  Object.values(counts).some((count) => count !== undefined) ? counts : undefined;

/** Some leave reasoning out of `completion_tokens` but not out of `total_tokens`. */
function outputTokens(raw: Json, inputTokens: number | undefined): number | undefined {
  const completion = toTokens(raw['completion_tokens']);
  const total = toTokens(raw['total_tokens']);
  if (completion === undefined || inputTokens === undefined || total === undefined) return completion;
  return Math.max(completion, total - inputTokens);
}
