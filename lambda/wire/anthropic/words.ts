// Words of the Anthropic format for why an answer ended and what it used, read and written.
import type { Usage } from '#shared/usage.ts';
import type { Finish } from '../types.ts';
import type { Json } from '../json.ts';
import { toKnown, toRecord, toText, toTokens } from '../json.ts';

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

/** What is known of the use so far, in the format's own counts; later events replace earlier ones. */
export type Counts = Readonly<Record<string, number>>;

const names = [
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'thinking_tokens',
  'ephemeral_1h_input_tokens',
] as const;

/** The counts of a `usage` object laid over those known before. */
export function addCounts(before: Counts, raw: unknown): Counts {
  const usage = toRecord(raw);
  const found = { ...usage, ...toRecord(usage['output_tokens_details']), ...toRecord(usage['cache_creation']) };
  const next: Record<string, number> = { ...before };
  for (const name of names) {
    const value = toTokens(found[name]);
    if (value !== undefined) next[name] = value;
  }
  return next;
}

/** The use in our words: here input counts what was read from and written to a cache, too. */
export function toUsage(counts: Counts): Usage | null {
  const fresh = counts['input_tokens'];
  const cached = counts['cache_read_input_tokens'];
  const written = counts['cache_creation_input_tokens'];
  const outputTokens = counts['output_tokens'];
  if (fresh === undefined && outputTokens === undefined) return null;
  return toKnown<Usage>({
    inputTokens: fresh === undefined ? fresh : fresh + (cached ?? 0) + (written ?? 0),
    outputTokens,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    // Told with every call, mostly as 0.
    longCacheWriteTokens: counts['ephemeral_1h_input_tokens'] || undefined,
    reasoningTokens: counts['thinking_tokens'],
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
