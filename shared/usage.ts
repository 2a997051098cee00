// What a call used: tokens, seconds, pictures, characters. Absent is unknown, never 0.

/**
 * `inputTokens` includes those read from a cache (`cachedInputTokens`) and written to one (`cacheWriteTokens`), which include those to be kept
 * there for an hour (`longCacheWriteTokens`); `outputTokens` includes reasoning.
 */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly cacheWriteTokens?: number;
  readonly longCacheWriteTokens?: number;
  readonly reasoningTokens?: number;
  /** Of the input, sound that was read from no cache; of what was read from one, sound. */
  readonly audioInputTokens?: number;
  readonly cachedAudioInputTokens?: number;
  /** Of the output, sound and pictures. */
  readonly audioOutputTokens?: number;
  readonly imageOutputTokens?: number;
  readonly audioSeconds?: number;
  /** Pictures made. */
  readonly images?: number;
  /** Characters spoken. */
  readonly characters?: number;
  /** Searches of the web that the provider made by itself. */
  readonly searches?: number;
  /** What the provider itself says the call cost, US dollars. */
  readonly reportedCostUsd?: number;
  /** On which terms the provider says it has billed the call, where not on the usual ones: `flex`, `priority`, `batch`, `fast`, `us`. */
  readonly billedAs?: readonly string[];
}
