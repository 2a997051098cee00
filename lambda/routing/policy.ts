// What a request is allowed to do: pay or not, where to go, in which order, and how long to wait.

import type { PaidPolicy, Strategy } from '#shared/policy.ts';

export { paidPolicies, strategies, type PaidPolicy, type Strategy } from '#shared/policy.ts';

export interface Policy {
  readonly paid: PaidPolicy;
  readonly strategy: Strategy;
  /** Only providers known not to train on prompts; unknown is excluded. */
  readonly noTraining: boolean;
  /** Only where prompts are known to be worked on in these regions alone; unknown is excluded. Absent: anywhere. */
  readonly regions?: readonly string[];
  /** Only providers known to keep prompts no longer, days; unknown is excluded. Absent: however long. */
  readonly maxRetentionDays?: number;
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
  /** The most that a model's list price may be, US dollars per million tokens, of input and of output; absent: no bound. */
  readonly maxPrice?: { readonly input?: number | undefined; readonly output?: number | undefined };
  /** When the whole request must be over, ms after it came; absent: no bound of its own. */
  readonly timeoutMs?: number;
  /** Part of free quota of hours and days that is left to others, 0..1; absent: none. */
  readonly leavePart?: number;
  /** How long the caller is ready to wait for quota, ms. */
  readonly maxWaitMs: number;
}
