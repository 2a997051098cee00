// Words of routing that people choose from: the attitude to paying, and the orders in which candidates are tried.

/** Attitude to paying: never, only when no free candidate can serve, or also to keep the quality floor. The strictest first. */
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
  // The installation's own, where it has one; else the same as `free-first`.
  'custom',
] as const;
export type Strategy = (typeof strategies)[number];
