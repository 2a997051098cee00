// What may be paid in a day, a month and the like: reserved at its worst before a paid call, settled at what the call cost, so that calls at the same time can't overrun it.
import type { CallerError } from '#shared/failures.ts';
import type { Amounts, Clock as PoolClock } from '#shared/pools.ts';
import type { Clock } from '../ports.ts';
import type { Alerts } from '../ports-telemetry.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import { planReserve, planSettle, viewPool, type Hold } from '../routing/pools.ts';
import type { BoundPool, PoolView } from '../routing/types.ts';
import type { Books } from './books.ts';
import { createBudgetAlerts } from './budget-alerts.ts';

/** The book in which all instances keep the installation's budget. */
export const BUDGET_BOOK = 'budget';

/** One bound on paying. Bounds of one `key` count the same money. */
export interface Bound {
  /** Name of the count inside the book. */
  readonly key: string;
  readonly clock: PoolClock;
  /** US dollars. */
  readonly max: number;
  /** Held back before each call and never overrun; else only told of. */
  readonly hard: boolean;
}

/** What was taken from a budget for one call. */
export interface Held {
  /** Replaces it by what the call cost, US dollars; null keeps the most it could have cost. */
  settle(costUsd: number | null): Promise<void>;
}

export interface Budget {
  /** Whether anything is bounded or told of at all. */
  isKept(): boolean;
  /** What is left as far as this instance knows, US dollars, by the tightest hard bound; Infinity without one. */
  roomUsd(): number;
  /** Takes the most a call can cost (null: nobody knows); answers null when a hard bound does not hold it. */
  reserve(mostUsd: number | null): Promise<Held | null>;
}

/** What whoever asks may pay beside the installation's budget. */
export interface Purse extends Pick<Budget, 'roomUsd' | 'reserve'> {
  /** What to tell when nothing but this purse stands in the way. */
  refusal(): CallerError;
}

export interface BudgetDeps {
  readonly books: Books;
  readonly clock: Clock;
  readonly zones: ZoneClock;
  readonly alerts: Alerts;
  readonly book: string;
  /** Whose budget it is, behind "of"; null for the installation's. */
  readonly subject: string | null;
  /** What holds now. */
  readonly bounds: () => readonly Bound[];
}

/** A rejected write brings the state back; judging again on it settles the matter. */
const MAX_ROUNDS = 6;
/** Stands for no bound where money is only counted, US dollars. */
const UNBOUNDED_USD = 1e12;

/** What of a day and a month (UTC) may be paid; null bounds nothing. */
export function toBounds(
  key: string,
  { usdPerDay, usdPerMonth, hard }: { usdPerDay: number | null; usdPerMonth: number | null; hard: boolean },
): Bound[] {
  const of = (name: string, every: 'day' | 'month', max: number | null): Bound[] =>
    max === null ? [] : [{ key: name, clock: { kind: 'calendar', every, zone: 'UTC' }, max, hard }];
  return [...of(key, 'day', usdPerDay), ...of(`${key}-month`, 'month', usdPerMonth)];
}

/** One count of money, with the least of its hard bounds, and the least of all, which is told of. */
interface Count {
  readonly pool: BoundPool;
  readonly isHard: boolean;
  readonly toldOf: number;
}

function toCounts(bounds: readonly Bound[]): Count[] {
  return [...Map.groupBy(bounds, ({ key }) => key)].map(([key, same]) => {
    const hard = same.filter((bound) => bound.hard).map(({ max }) => max);
    const clock = same[0]?.clock ?? { kind: 'once' };
    const max = Math.min(UNBOUNDED_USD, ...hard);
    const pool: BoundPool = { key, models: ['*'], scope: 'account', unit: 'usd', max, clock };
    return { pool, isHard: hard.length > 0, toldOf: Math.min(...same.map((bound) => bound.max)) };
  });
}

const isLasting = (counts: readonly Count[]): boolean => counts.some(({ pool }) => pool.clock.kind === 'once');
const nothingHeld: Held = { settle: () => Promise.resolve() };

/** No bound on paying. */
export const noBudget: Budget = {
  isKept: () => false,
  roomUsd: () => Infinity,
  reserve: () => Promise.resolve(nothingHeld),
};

/** How one bound stands. */
export interface BoundView extends PoolView {
  /** Held back before each call. */
  readonly isHard: boolean;
}

/** The pools of bounds as they stand by the copies of the books. */
export function viewBounds({
  books,
  zones,
  book,
  bounds,
}: Pick<BudgetDeps, 'books' | 'zones' | 'book' | 'bounds'>): BoundView[] {
  const moment = { book: books.copy(book).item, nowMs: books.now(), zones };
  return toCounts(bounds()).map(({ pool, toldOf, isHard }) => ({
    ...viewPool({ pool, need: {}, ...moment }),
    max: toldOf,
    isHard,
  }));
}

/** A budget by these bounds. */
export function createBudget(deps: BudgetDeps): Budget {
  const { books, clock, zones, book, bounds } = deps;
  const tell = createBudgetAlerts(deps);
  const settle = async (hold: Hold, costUsd: number | null): Promise<void> => {
    if (costUsd === null) return;
    const lasting = isLasting(toCounts(bounds()));
    const ops = planSettle({ hold, actual: { usd: costUsd }, nowMs: books.now() });
    if (Object.keys(ops.add).length > 0) await books.update(book, { ...ops, guards: [], lasting });
    const mostUsd = Math.max(0, ...hold.charges.map((charge) => ('amount' in charge ? charge.amount : 0)));
    await tell(viewBounds(deps), mostUsd);
  };
  const tryReserve = async (counts: readonly Count[], need: Amounts): Promise<Hold | null | 'again'> => {
    const pools = counts.map(({ pool }) => pool);
    const moment = { book: books.copy(book).item, nowMs: books.now(), zones };
    const taking = { leaseMs: 0, random: clock.random(), lastResort: false, caution: 1 };
    const planned = planReserve({ pools, mark: book, need, ...moment, ...taking });
    if (planned.kind === 'blocked') return null;
    const { applied } = await books.update(book, { ...planned, lasting: isLasting(counts) });
    return applied ? planned.hold : 'again';
  };
  return {
    isKept: () => bounds().length > 0,
    roomUsd: () => {
      const all = bounds();
      if (all.length === 0) return Infinity;
      const moment = { book: books.copy(book).item, nowMs: books.now(), zones };
      const hard = toCounts(all).filter(({ isHard }) => isHard);
      const rooms = hard.map(({ pool }) => viewPool({ pool, need: {}, ...moment })).map(({ used, max }) => max - used);
      return Math.max(0, Math.min(Infinity, ...rooms));
    },
    reserve: async (mostUsd) => {
      const counts = toCounts(bounds());
      if (counts.length === 0) return nothingHeld;
      if (mostUsd === null) return counts.some(({ isHard }) => isHard) ? null : nothingHeld;
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const hold = await tryReserve(counts, { usd: mostUsd });
        if (hold === null) return null;
        if (hold !== 'again') return { settle: (costUsd) => settle(hold, costUsd) };
      }
      return null;
    },
  };
}

/** Several purses as one: a call is paid from all of them, or not at all. null when there is none. */
export function joinPurses(purses: readonly Purse[]): Purse | null {
  const [first, ...others] = purses;
  if (first === undefined || others.length === 0) return first ?? null;
  const tightest = (): Purse => purses.reduce((least, purse) => (purse.roomUsd() < least.roomUsd() ? purse : least));
  return {
    roomUsd: () => tightest().roomUsd(),
    refusal: () => tightest().refusal(),
    reserve: async (mostUsd) => {
      const held: Held[] = [];
      for (const purse of purses) {
        const one = await purse.reserve(mostUsd);
        if (one === null) {
          await Promise.all(held.map((taken) => taken.settle(0)));
          return null;
        }
        held.push(one);
      }
      return { settle: async (costUsd) => void (await Promise.all(held.map((one) => one.settle(costUsd)))) };
    },
  };
}
