// What a request is allowed to do: pay or not, where to go, in which order, and how long to wait.

/** Installation-wide attitude to paying: never, only when no free candidate can serve, or also to keep the quality floor. */
export const paidPolicies = ['never', 'fallback', 'allowed'] as const;
export type PaidPolicy = (typeof paidPolicies)[number];

/** Orders among candidates that may serve; free before paid holds in all but `cost`-blind ones, see decide. */
export const strategies = [
  'free-first',
  'cost',
  'latency',
  'availability',
  'round-robin',
  'weighted',
  'least-connections',
  'priority',
] as const;
export type Strategy = (typeof strategies)[number];

export interface Policy {
  readonly paid: PaidPolicy;
  readonly strategy: Strategy;
  /** Only providers known not to train on prompts; unknown is excluded. */
  readonly noTraining: boolean;
  /** Provider ids or credential names; null means any. */
  readonly only: readonly string[] | null;
  readonly ignore: readonly string[];
  /** False: one attempt, its failure is the answer. */
  readonly failover: boolean;
  /** What a provider's content filter means: the answer (absent), or a reason to ask the next candidate. */
  readonly contentFilter?: 'failover';
  /** Whether an answer that breaks off in the middle goes on elsewhere. */
  readonly rescue: boolean;
  /** The most this one answer may cost, US dollars; absent: no bound of its own. */
  readonly maxCostUsd?: number;
  /** How long the caller is ready to wait for quota, ms. */
  readonly maxWaitMs: number;
}
