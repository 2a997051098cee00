// Words of the Anthropic format for why an answer ended and what it used, read and written.
import type { Usage } from '#shared/usage.ts';
import { toTerms } from '../billed.ts';
import type { Finish } from '../types.ts';
import type { Json } from '../json.ts';
import { toKnown, toList, toRecord, toText, toTokens } from '../json.ts';

const finishes: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** The reason an answer ended; null while it goes on. */
export function toFinish(raw: unknown): Finish | null {
  const word = toText(raw);
  if (word === null) return null;
  return Object.hasOwn(finishes, word) ? (finishes[word] ?? 'other') : 'other';
}

/** The format's word for a reason. */
export const stopReasons: Readonly<Record<Finish, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  // The format has no word for these; an answer that ended this way is told apart by its error.
  error: 'end_turn',
  other: 'end_turn',
};

/**
 * What is known of the use so far, in the format's own counts; later events replace earlier ones. Of what was used beside the answer, to shorten
 * what came before it, under `beside:`; terms on which it is billed under `as:`.
 */
export type Counts = Readonly<Record<string, number>>;

const tokenNames = [
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'ephemeral_1h_input_tokens',
] as const;
const names = [...tokenNames, 'thinking_tokens', 'web_search_requests'] as const;

/** The counts of a `usage` object laid over those known before. */
export function addCounts(before: Counts, raw: unknown): Counts {
  const usage = toRecord(raw);
  const found = {
    ...usage,
    ...toRecord(usage['output_tokens_details']),
    ...toRecord(usage['cache_creation']),
    ...toRecord(usage['server_tool_use']),
  };
  const next: Record<string, number> = { ...before };
  for (const name of names) {
    const value = toTokens(found[name]);
    if (value !== undefined) next[name] = value;
  }
  for (const terms of toTerms(usage['service_tier'], usage['speed'], usage['inference_geo']) ?? [])
    next[`as:${terms}`] = 1;
  if (usage['iterations'] !== undefined) addIterations(next, toList(usage['iterations']).map(toRecord));
  return next;
}

/** The whole counts messages alone: what shortens the conversation is billed beside it, and other models at prices of their own. */
function addIterations(next: Record<string, number>, iterations: readonly Json[]): void {
  for (const name of tokenNames) delete next[`beside:${name}`];
  for (const iteration of iterations) {
    const type = toText(iteration['type']) ?? 'message';
    if (type === 'compaction') {
      const counts = addCounts({}, { ...iteration, iterations: undefined });
      for (const name of tokenNames) next[`beside:${name}`] = (next[`beside:${name}`] ?? 0) + (counts[name] ?? 0);
    } else if (type !== 'message') next[`as:${type}`] = 1;
  }
}

/** The use in our words: here input counts what was read from and written to a cache, too. */
export function toUsage(counts: Counts): Usage | null {
  const all = (name: (typeof tokenNames)[number]): number | undefined => {
    const beside = counts[`beside:${name}`] ?? 0;
    return beside === 0 ? counts[name] : (counts[name] ?? 0) + beside;
  };
  const fresh = all('input_tokens');
  const cached = all('cache_read_input_tokens');
  const written = all('cache_creation_input_tokens');
  const outputTokens = all('output_tokens');
  if (fresh === undefined && outputTokens === undefined) return null;
  const terms = Object.keys(counts).filter((name) => name.startsWith('as:'));
  return toKnown<Usage>({
    inputTokens: fresh === undefined ? fresh : fresh + (cached ?? 0) + (written ?? 0),
    outputTokens,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    // Told with every call, mostly as 0.
    longCacheWriteTokens: all('ephemeral_1h_input_tokens') || undefined,
    reasoningTokens: counts['thinking_tokens'],
    searches: counts['web_search_requests'] || undefined,
    billedAs: terms.length === 0 ? undefined : terms.map((name) => name.slice(3)),
  });
}

/** The use in the format's words, which demand numbers: what is not known is told as 0. */
export function toUsageJson(usage: Usage | null): Json {
  const cached = usage?.cachedInputTokens ?? 0;
  const written = usage?.cacheWriteTokens ?? 0;
  const long = usage?.longCacheWriteTokens;
  return {
    input_tokens: Math.max(0, (usage?.inputTokens ?? 0) - cached - written),
    cache_creation_input_tokens: written,
    ...(long === undefined
      ? {}
      : {
          cache_creation: { ephemeral_5m_input_tokens: Math.max(0, written - long), ephemeral_1h_input_tokens: long },
        }),
    cache_read_input_tokens: cached,
    output_tokens: usage?.outputTokens ?? 0,
  };
}
