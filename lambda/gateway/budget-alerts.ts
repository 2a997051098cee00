// Raises an alert when half, most, and all of a budget is used: once in each period, whatever the number of instances.
import type { Alerts } from '../ports-telemetry.ts';
import type { BoundPool, PoolView } from '../routing/types.ts';
import type { Books } from './books.ts';
import type { BoundView } from './budget.ts';

/** Books in which all instances note what has been said, one for each budget. */
const TOLD_BOOK = 'budget-told';
/** Shares at which is told unless something else is set, the largest first: who passes several at once is told of the largest. */
const SHARES = [1, 0.8, 0.5] as const;
/** The shares at which is told, the largest first. */
export const sharesOf = (alerts: Alerts): readonly number[] => alerts.shares?.() ?? SHARES;
/** A word for the period that is running, which sorts after those before it. */
const toPeriod = ({ resetAtMs }: PoolView): string => (resetAtMs === null ? 'ever' : new Date(resetAtMs).toISOString());
const toName = ({ clock }: BoundPool): string => (clock.kind === 'calendar' ? `this ${clock.every}'s` : 'the whole');

/** Of a hard bound all is used when another call like the last does not fit any more: then nothing is paid, though some cents are left. */
const isUsedUp = ({ used, max, isHard }: BoundView, mostUsd: number): boolean => used + (isHard ? mostUsd : 0) > max;

/** Notes that this share is told of in this period; false when it has been told, or a larger one has. `attr` names what of the book it is a share of. */
export async function claim(
  books: Books,
  { book, attr }: { book: string; attr: string },
  { period, share }: { period: string; share: number },
): Promise<boolean> {
  const told = `${TOLD_BOOK}/${book}`;
  const value = `${period} ${share.toFixed(2)}`;
  let item = books.copy(told).item;
  for (let round = 0; round < 3; round++) {
    const before = item?.[attr];
    // Periods and shares are written so that later and larger ones sort after.
    if (before !== undefined && String(before) >= value) return false;
    const guard = before === undefined ? ({ is: 'absent' } as const) : ({ is: 'equals', value: before } as const);
    const update = { guards: [{ attr, ...guard }], add: {}, set: { [attr]: value }, remove: [], lasting: false };
    const result = await books.update(told, update);
    if (result.applied) return true;
    item = result.item;
  }
  return false;
}

/** Tells of budgets as they stand after a call that could have cost `mostUsd`. What calls under way hold counts as used. */
export type TellBudget = (views: readonly BoundView[], mostUsd: number) => Promise<void>;

export interface BudgetAlertsDeps {
  readonly books: Books;
  readonly alerts: Alerts;
  readonly book: string;
  /** Whose budget it is; null for the installation's. */
  readonly subject: string | null;
}

/** The teller over the books. */
export function createBudgetAlerts({ books, alerts, book, subject }: BudgetAlertsDeps): TellBudget {
  return async (views, mostUsd) => {
    const shares = sharesOf(alerts);
    for (const view of views) {
      const { used, max } = view;
      const isOver = isUsedUp(view, mostUsd);
      const share = shares.find((one) => isOver || used >= max * one);
      if (share === undefined) continue;
      if (!(await claim(books, { book, attr: view.pool.key }, { period: toPeriod(view), share }))) continue;
      const percent = Math.round((used / max) * 100);
      const last = isOver && view.isHard ? ' What is left does not hold another call like the last.' : '';
      const whose = subject === null ? '' : ` of ${subject}`;
      const text = `${percent} % of ${toName(view.pool)} budget${whose} of $${max} is used: $${used.toFixed(4)}.${last}`;
      alerts.raise({ kind: 'budget', subject: subject ?? 'the installation', text });
    }
  };
}
