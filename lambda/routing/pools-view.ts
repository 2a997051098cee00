// How quota pools stand: use, pressure and waiting time, read from a book.
import type { Item } from '#shared/items.ts';
import type { Clock } from '#shared/pools.ts';
import type { ZoneClock } from './clocks.ts';
import { calendar, once, session } from './pools-counters.ts';
import { effectiveMax } from './pools-learned.ts';
import { concurrent } from './pools-leases.ts';
import { refill } from './pools-refill.ts';
import { rolling, slotMsOf } from './pools-rolling.ts';
import { amountOf } from './pools-rules.ts';
import type { PoolQuestion, PoolUse } from './pools-rules.ts';
import type { BoundPool, Need, PoolView } from './types.ts';

/** Where and when pools are looked at. `book` is null when its item does not exist yet. */
export interface Moment {
  readonly book: Item | null;
  readonly nowMs: number;
  /** How long after it what is taken may still be used, ms; absent: it is used at once. */
  readonly lateMs?: number;
  /** How far `nowMs` may be from the time by which other instances judge, ms; absent: nothing is known of it. */
  readonly doubtMs?: number | undefined;
  /** How far `nowMs` lies ahead of the present, ms; absent: it is the present. */
  readonly aheadMs?: number;
  readonly zones: ZoneClock;
}

/** A book nobody has written yet. */
export const noItem: Item = {};

/** Puts the question to a pool: may `amount` be taken? */
export function ask(
  pool: BoundPool,
  amount: number,
  { book, nowMs, lateMs = 0, doubtMs, aheadMs = 0, zones }: Moment,
): PoolQuestion {
  const known = book ?? noItem;
  const max = effectiveMax(pool, known, nowMs);
  const slotMs = pool.clock.kind === 'rolling' ? (pool.slotMs ?? slotMsOf(pool, pool.clock.seconds)) : 0;
  return { key: pool.key, unit: pool.unit, max, slotMs, book: known, amount, nowMs, lateMs, doubtMs, aheadMs, zones };
}

/** The pool's answer. */
export function look(clock: Clock, question: PoolQuestion): PoolUse {
  switch (clock.kind) {
    case 'rolling':
      return rolling.look(clock, question);
    case 'refill':
      return refill.look(clock, question);
    case 'calendar':
      return calendar.look(clock, question);
    case 'session':
      return session.look(clock, question);
    case 'once':
      return once.look(clock, question);
    case 'concurrent':
      return concurrent.look(clock, question);
  }
}

const toPressure = (used: number, max: number): number => (max > 0 ? Math.min(1, used / max) : 1);

/** How one pool stands, and how long until `need` fits into it. */
export function viewPool({ pool, need, ...moment }: Moment & { pool: BoundPool; need: Need }): PoolView {
  const question = ask(pool, amountOf(pool.unit, need), moment);
  const { used, resetAtMs, waitMs } = look(pool.clock, question);
  return { pool, used, max: question.max, pressure: toPressure(used, question.max), resetAtMs, waitMs };
}

/** Pressure of the tightest pool, 0..1; 0 without pools. */
export function pressureOf(pools: readonly BoundPool[], moment: Moment): number {
  let tightest = 0;
  for (const pool of pools) {
    const question = ask(pool, 0, moment);
    tightest = Math.max(tightest, toPressure(look(pool.clock, question).used, question.max));
  }
  return tightest;
}
