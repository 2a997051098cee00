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
  readonly audioSeconds?: number;
  /** Pictures made. */
  readonly images?: number;
  /** Characters spoken. */
  readonly characters?: number;
  /** What the provider itself says the call cost, US dollars. */
  readonly reportedCostUsd?: number;
}
