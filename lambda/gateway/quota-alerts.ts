// Raises an alert when part of a quota of a day is used, and when all of it is: once a day each, whatever the number of instances.
import type { BoundPool } from '../routing/types.ts';
import { claim, sharesOf } from './budget-alerts.ts';
import type { Bounded, QuotaDesk } from './quotas.ts';

/** How one bound stands. */
export interface QuotaState {
  readonly pool: BoundPool;
  readonly used: number;
  /** A request has just been refused for it. */
  readonly isRefusing: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** Tells of it where there is something to tell. Quotas of a minute are left out: they even out what comes in bursts, and whoever meets them is told. */
export async function tellOfQuota(
  { books, alerts }: Pick<QuotaDesk, 'books' | 'alerts'>,
  { book, subject }: Bounded,
  { pool, used, isRefusing }: QuotaState,
): Promise<void> {
  if (pool.clock.kind !== 'calendar') return;
  const share = sharesOf(alerts).find((one) => isRefusing || used >= pool.max * one);
  if (share === undefined) return;
  const today = Math.floor(books.now() / DAY_MS) * DAY_MS;
  const period = new Date(today).toISOString();
  if (!(await claim(books, { book, attr: pool.key }, { period, share }))) return;
  const percent = Math.round((used / pool.max) * 100);
  const count = (value: number): string => value.toLocaleString('en-US');
  const refusing = isRefusing ? ' Requests are refused until midnight UTC.' : '';
  const text = `${percent} % of the ${count(pool.max)} ${pool.unit} a day of ${subject} are used: ${count(used)}.${refusing}`;
  alerts.raise({ kind: 'quota', subject, text });
}
