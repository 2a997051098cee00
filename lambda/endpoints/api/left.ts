// What is left of limits, as routes tell it.
import type { BudgetLeftView, LeftView, QuotaLeftView } from '#shared/api/left.ts';
import { quotaNames } from '#shared/quotas.ts';
import type { BudgetSettings } from '#shared/settings.ts';
import type { Left, LeftOfQuota } from '../../gateway/quotas.ts';
import { toInstant } from './route.ts';

/** What is left of one limit. Money is told to the last part of a cent; of a request half is none. */
export const toLeftView = ({ limit, remaining, resetAtMs }: Left): LeftView => ({
  limit,
  remaining,
  resets_at: toInstant(resetAtMs),
});

/** What is left of each bound of a quota. */
export const toQuotaLeftView = (left: LeftOfQuota): QuotaLeftView =>
  Object.fromEntries(
    quotaNames.map((name) => {
      const one = left[name];
      return [name, one === null ? null : toLeftView({ ...one, remaining: Math.floor(one.remaining) })];
    }),
  ) as QuotaLeftView;

/** What is left of a budget, of which `left` tells the day before the month, as far as they are bounded. */
export function toBudgetLeftView(budget: BudgetSettings, left: readonly Left[]): BudgetLeftView {
  const rest = left.map(toLeftView);
  return {
    usd_per_day: budget.usd_per_day === null ? null : (rest.shift() ?? null),
    usd_per_month: budget.usd_per_month === null ? null : (rest.shift() ?? null),
  };
}
