// What may be paid in a day and in a month: reserved at its worst before a paid call, settled at what the call cost, so that calls at the same time can't overrun it.
import type { CallerError } from '#shared/failures.ts';
import type { Amounts } from '#shared/pools.ts';
import type { Clock, Log } from '../ports.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import { planReserve, planSettle, viewPool, type Hold } from '../routing/pools.ts';
import type { BoundPool, PoolView } from '../routing/types.ts';
import type { Books } from './books.ts';
import { createBudgetAlerts } from './budget-alerts.ts';

/** The book in which all instances keep the budget. */
export const BUDGET_BOOK = 'budget';

export interface Budget {
  /** What is left as far as this instance knows, US dollars, by the tightest of the budgets; Infinity without one. */
  roomUsd(): number;
  /** Takes the most a call can cost; null when a budget does not hold it. */
  reserve(mostUsd: number): Promise<Hold | null>;
  /** Replaces it by what the call cost; null keeps the most. */
  settle(hold: Hold, costUsd: number | null): Promise<void>;
}

/** What whoever asks may pay beside the installation's budget. */
export interface Purse extends Budget {
  /** What to tell when nothing but this purse stands in the way. */
  refusal(): CallerError;
}

/** What may be paid, US dollars; null: as much as it takes. */
export interface BudgetBounds {
  readonly usdPerDay: number | null;
  readonly usdPerMonth: number | null;
}

export interface BudgetDeps extends BudgetBounds {
  readonly books: Books;
  readonly clock: Clock;
  readonly log: Log;
  readonly zones: ZoneClock;
}

/** A rejected write brings the state back; judging again on it settles the matter. */
const MAX_ROUNDS = 4;

/** No bound on paying. */
export const noBudget: Budget = {
  roomUsd: () => Infinity,
  reserve: () => Promise.resolve({ charges: [], probe: null }),
  settle: () => Promise.resolve(),
};

const toPool = (key: string, every: 'day' | 'month', max: number): BoundPool => ({
  key,
  models: ['*'],
  scope: 'account',
  unit: 'usd',
  max,
  clock: { kind: 'calendar', every, zone: 'UTC' },
});

/** Budgets per calendar day and month in UTC. */
function toPools({ usdPerDay, usdPerMonth }: BudgetBounds): BoundPool[] {
  return [
    ...(usdPerDay === null ? [] : [toPool(BUDGET_BOOK, 'day', usdPerDay)]),
    ...(usdPerMonth === null ? [] : [toPool(`${BUDGET_BOOK}-month`, 'month', usdPerMonth)]),
  ];
}

/** A budget by these bounds; one that bounds nothing takes everything. */
export function createBudget(deps: BudgetDeps): Budget {
  const { books, clock, zones } = deps;
  const pools = toPools(deps);
  if (pools.length === 0) return noBudget;
  const moment = () => ({ book: books.copy(BUDGET_BOOK).item, nowMs: books.now(), zones });
  const alerts = createBudgetAlerts(deps);
  const view = (): PoolView[] => pools.map((pool) => viewPool({ pool, need: {}, ...moment() }));
  const tryReserve = async (need: Amounts): Promise<Hold | null | 'again'> => {
    const taking = { leaseMs: 0, random: clock.random(), lastResort: false, caution: 1 };
    const planned = planReserve({ pools, mark: BUDGET_BOOK, need, ...moment(), ...taking });
    if (planned.kind === 'blocked') return null;
    const { applied } = await books.update(BUDGET_BOOK, { ...planned, lasting: false });
    return applied ? planned.hold : 'again';
  };
  return {
    roomUsd: () => Math.max(0, Math.min(...view().map(({ used, max }) => max - used))),
    reserve: async (mostUsd) => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const hold = await tryReserve({ usd: mostUsd });
        if (hold !== 'again') return hold;
      }
      return null;
    },
    settle: async (hold, costUsd) => {
      if (costUsd === null) return;
      const ops = planSettle({ hold, actual: { usd: costUsd }, nowMs: books.now() });
      if (Object.keys(ops.add).length > 0) await books.update(BUDGET_BOOK, { ...ops, guards: [], lasting: false });
      await alerts(view(), Math.max(0, ...hold.charges.map((charge) => ('amount' in charge ? charge.amount : 0))));
    },
  };
}
