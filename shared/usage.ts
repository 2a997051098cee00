// What a call used: tokens, seconds, pictures, characters. Absent is unknown, never 0.

/** `inputTokens` includes cached ones; `outputTokens` includes reasoning. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly reasoningTokens?: number;
  readonly audioSeconds?: number;
  /** Pictures made. */
  readonly images?: number;
  /** Characters spoken. */
  readonly characters?: number;
  /** What the provider itself says the call cost, US dollars. */
  readonly reportedCostUsd?: number;
}
