// Says in the log when half, most, and all of a budget is used: once in each period, whatever the number of instances.
import type { Log } from '../ports.ts';
import type { PoolView } from '../routing/types.ts';
import type { Books } from './books.ts';

/** The book in which all instances note what has been said. */
const TOLD_BOOK = 'budget-told';
/** Shares of a budget, the largest first: who passes several at once is told of the largest. */
const SHARES = [1, 0.8, 0.5] as const;
/** The day or month of an instant in UTC. */
const toPeriod = (every: string, ms: number): string => new Date(ms).toISOString().slice(0, every === 'day' ? 10 : 7);

/** All is used when another call like the last does not fit any more: then nothing is paid, though some cents are left. */
const shareOf = ({ used, max }: PoolView, mostUsd: number): number =>
  used + mostUsd > max ? 1 : (SHARES.find((share) => used >= max * share) ?? 0);

/** Notes that this share is told of in this period; false when it has been told, or a larger one has. */
async function claim(
  books: Books,
  attr: string,
  { period, share }: { period: string; share: number },
): Promise<boolean> {
  const value = `${period} ${share.toFixed(2)}`;
  let item = books.copy(TOLD_BOOK).item;
  for (let round = 0; round < 3; round++) {
    const before = item?.[attr];
    // Periods and shares are written so that later and larger ones sort after.
    if (before !== undefined && String(before) >= value) return false;
    const guard = before === undefined ? ({ is: 'absent' } as const) : ({ is: 'equals', value: before } as const);
    const update = { guards: [{ attr, ...guard }], add: {}, set: { [attr]: value }, remove: [], lasting: false };
    const result = await books.update(TOLD_BOOK, update);
    if (result.applied) return true;
    item = result.item;
  }
  return false;
}

/** Tells of budgets as they stand after a call that could have cost `mostUsd`. What calls under way hold counts as used. */
export type TellBudget = (views: readonly PoolView[], mostUsd: number) => Promise<void>;

/** The teller over the books. */
export function createBudgetAlerts({ books, log }: { books: Books; log: Log }): TellBudget {
  return async (views, mostUsd) => {
    for (const view of views) {
      const { pool, used, max } = view;
      const share = shareOf(view, mostUsd);
      if (share === 0 || pool.clock.kind !== 'calendar') continue;
      const { every } = pool.clock;
      if (!(await claim(books, pool.key, { period: toPeriod(every, books.now()), share }))) continue;
      const percent = Math.round((used / max) * 100);
      const what = `${percent} % of this ${every}'s budget of $${max} is used: $${used.toFixed(4)}.${share === 1 ? ' What is left does not hold another call like the last.' : ''}`;
      log.warn('budget.alert', { what });
    }
  };
}
