// What may be paid in a day: reserved at its worst before a paid call, settled at what the call cost, so that calls at the same time can't overrun it.
import type { CallerError } from '#shared/failures.ts';
import type { Amounts } from '#shared/pools.ts';
import type { Clock } from '../ports.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import { planReserve, planSettle, viewPool, type Hold } from '../routing/pools.ts';
import type { BoundPool } from '../routing/types.ts';
import type { Books } from './books.ts';

/** The book in which all instances keep the budget. */
export const BUDGET_BOOK = 'budget';

export interface Budget {
  /** What is left of today as far as this instance knows, US dollars; Infinity without a budget. */
  roomUsd(): number;
  /** Takes the most a call can cost; null when today's budget does not hold it. */
  reserve(mostUsd: number): Promise<Hold | null>;
  /** Replaces it by what the call cost; null keeps the most. */
  settle(hold: Hold, costUsd: number | null): Promise<void>;
}

/** What whoever asks may pay beside the installation's budget. */
export interface Purse extends Budget {
  /** What to tell when nothing but this purse stands in the way. */
  refusal(): CallerError;
}

export interface BudgetDeps {
  readonly books: Books;
  readonly clock: Clock;
  readonly zones: ZoneClock;
  readonly usdPerDay: number;
}

/** A rejected write brings the state back; judging again on it settles the matter. */
const MAX_ROUNDS = 4;

/** No bound on paying. */
export const noBudget: Budget = {
  roomUsd: () => Infinity,
  reserve: () => Promise.resolve({ charges: [], probe: null }),
  settle: () => Promise.resolve(),
};

/** A budget per calendar day in UTC. */
export function createBudget({ books, clock, zones, usdPerDay }: BudgetDeps): Budget {
  const pool: BoundPool = {
    key: BUDGET_BOOK,
    models: ['*'],
    scope: 'account',
    unit: 'usd',
    max: usdPerDay,
    clock: { kind: 'calendar', every: 'day', zone: 'UTC' },
  };
  const moment = () => ({ book: books.copy(BUDGET_BOOK).item, nowMs: books.now(), zones });
  const tryReserve = async (need: Amounts): Promise<Hold | null | 'again'> => {
    const taking = { leaseMs: 0, random: clock.random(), lastResort: false, caution: 1 };
    const planned = planReserve({ pools: [pool], mark: BUDGET_BOOK, need, ...moment(), ...taking });
    if (planned.kind === 'blocked') return null;
    const { applied } = await books.update(BUDGET_BOOK, { ...planned, lasting: false });
    return applied ? planned.hold : 'again';
  };
  return {
    roomUsd: () => {
      const { used, max } = viewPool({ pool, need: {}, ...moment() });
      return Math.max(0, max - used);
    },
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
    },
  };
}
