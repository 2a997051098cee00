// What can be said of a candidate: it may serve, or why not.

/** Why a candidate is not in the plan; `eligible` means it is. Order is the order of the checks. */
export const code = {
  eligible: 0,
  other_kind: 1,
  other_model: 2,
  provider_excluded: 3,
  already_tried: 4,
  paid_not_allowed: 5,
  may_train_on_prompts: 6,
  region_not_allowed: 7,
  may_keep_prompts: 8,
  lacks_capability: 9,
  context_too_small: 10,
  output_too_small: 11,
  below_quality_floor: 12,
  request_exceeds_limit: 13,
  resting: 14,
  breaker_open: 15,
  quota_used_up: 16,
  kept_for_later: 17,
  over_budget: 18,
  kept_for_people: 19,
  retired: 20,
  over_price: 21,
  locked: 22,
} as const;
export type Verdict = keyof typeof code;
/** All verdicts, in the order of their numbers. */
export const verdicts = Object.keys(code) as readonly Verdict[];

/** Verdicts that time will lift. */
export const passingVerdicts: ReadonlySet<Verdict> = new Set<Verdict>([
  'resting',
  'breaker_open',
  'quota_used_up',
  'kept_for_later',
  'kept_for_people',
]);
