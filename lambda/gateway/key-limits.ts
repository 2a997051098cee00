// Limits of API keys (requests a minute, money) and of people (money), kept exactly among all instances by guarded writes to one book for each.
import { CallerError } from '#shared/failures.ts';
import type { ApiKeyGrant, LimitPeriod } from '#shared/people.ts';
import type { Amounts, Clock as PoolClock } from '#shared/pools.ts';
import type { BudgetSettings } from '#shared/settings.ts';
import type { Clock, Store } from '../ports.ts';
import type { Alerts, Log, Metrics } from '../ports-telemetry.ts';
import { createZoneClock, type ZoneClock } from '../routing/clocks.ts';
import { planReserve, viewPool, type Hold } from '../routing/pools.ts';
import type { BoundPool, PoolView } from '../routing/types.ts';
import { createBooks, type Books } from './books.ts';
import { createBudget, joinPurses, toBounds, viewBounds, type Bound, type Purse } from './budget.ts';

/** What is left of one limit. */
export interface Left {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds since the epoch; null: never, or nothing is used. */
  readonly resetAtMs: number | null;
}

/** What is left to a key; null where it has no limit. */
export interface LeftOfKey {
  readonly requests: Left | null;
  readonly usd: Left | null;
}

export interface KeyLimitsKeeper {
  /**
   * Counts one request of the key, where one asks. Rejects with CallerError `rate_limited` when the minute is full. Answers what key
   * and person may pay for this request; null when nothing bounds it.
   */
  admit(key: ApiKeyGrant | null, spender?: Spender | null): Promise<Purse | null>;
  /** What is left of the limits of these keys, in their order: one read for a hundred of them. */
  remaining(keys: readonly ApiKeyGrant[]): Promise<readonly LeftOfKey[]>;
  /** What is left of a person's budget, for the day and the month as far as they are bounded. */
  spent(personId: string, budget: BudgetSettings): Promise<readonly Left[]>;
}

/** A person who has a budget. */
export interface Spender {
  readonly id: string;
  /** By what they are called in alerts and refusals. */
  readonly name: string;
  readonly budget: BudgetSettings;
}

export interface KeyLimitsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
}

interface Desk extends KeyLimitsDeps {
  readonly books: Books;
  readonly zones: ZoneClock;
}

/** A rejected write brings the state back; judging again on it settles the matter. */
const MAX_ROUNDS = 6;
const FRESH_MS = 1_000;
const BATCH = 100;
const MINUTE_SECONDS = 60;

const clocks: Readonly<Record<LimitPeriod, PoolClock>> = {
  day: { kind: 'calendar', every: 'day', zone: 'UTC' },
  week: { kind: 'calendar', every: 'week', zone: 'UTC' },
  month: { kind: 'calendar', every: 'month', zone: 'UTC' },
  never: { kind: 'once' },
};

const bookOf = ({ id }: ApiKeyGrant): string => `key/${id}`;
const bookOfPerson = (id: string): string => `person/${id}`;

function requestsPool({ limits }: ApiKeyGrant): BoundPool | null {
  const { requestsPerMinute: max } = limits;
  if (max === null) return null;
  return {
    key: 'requests',
    models: ['*'],
    scope: 'credential',
    unit: 'requests',
    max,
    clock: { kind: 'rolling', seconds: MINUTE_SECONDS },
  };
}

function toUsdBounds({ limits }: ApiKeyGrant): Bound[] {
  if (limits.usd === null) return [];
  const { max, per, mode = 'hard' } = limits.usd;
  return [{ key: `usd/${per}`, clock: clocks[per], max, hard: mode === 'hard' }];
}

const view = ({ books, zones }: Desk, book: string, pool: BoundPool): PoolView =>
  viewPool({ pool, need: { [pool.unit]: 0 }, book: books.copy(book).item, nowMs: books.now(), zones });

async function take(
  desk: Desk,
  { book, pool, need }: { book: string; pool: BoundPool; need: Amounts },
): Promise<Hold | { waitMs: number }> {
  const { books, zones, clock } = desk;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const planned = planReserve({
      pools: [pool],
      mark: pool.key,
      need,
      book: books.copy(book).item,
      nowMs: books.now(),
      zones,
      leaseMs: 0,
      random: clock.random(),
      lastResort: false,
      caution: 1,
    });
    if (planned.kind === 'blocked') return { waitMs: planned.waitMs };
    const { applied } = await books.update(book, { ...planned, lasting: pool.clock.kind === 'once' });
    if (applied) return planned.hold;
  }
  return { waitMs: 1_000 };
}

function overspent({ name, limits }: ApiKeyGrant, resetAtMs: number | null, nowMs: number): CallerError {
  const { max, per } = limits.usd ?? { max: 0, per: 'never' };
  const period = per === 'never' ? 'in all' : `a ${per}`;
  const next =
    per === 'never' ? 'Raise the limit of the key.' : 'Wait until it begins anew, or raise the limit of the key.';
  return new CallerError(
    'rate_limited',
    `The API key "${name}" may spend $${max} ${period}; what is left does not cover this request, and nothing free can serve it. ${next}`,
    { retryable: per !== 'never', retryAfterMs: resetAtMs === null ? null : Math.max(0, resetAtMs - nowMs) },
  );
}

function toPurse(desk: Desk, key: ApiKeyGrant, bounds: readonly Bound[]): Purse {
  const book = bookOf(key);
  const budget = createBudget({ ...desk, book, subject: `the API key "${key.name}"`, bounds: () => bounds });
  const { books } = desk;
  return { ...budget, refusal: () => overspent(key, toSoonestReset(desk, book, bounds), books.now()) };
}

/** When the first of what is used up begins anew. */
const toSoonestReset = (desk: Desk, book: string, bounds: readonly Bound[]): number | null =>
  viewBounds({ ...desk, book, bounds: () => bounds })[0]?.resetAtMs ?? null;

function overdrawn(name: string): CallerError {
  return new CallerError(
    'budget_exceeded',
    `What ${name} may spend does not cover this request, and nothing free can serve it. It begins anew at midnight UTC, a month's with the next one; an admin can raise it.`,
  );
}

function tooMany({ name, limits }: ApiKeyGrant, waitMs: number): CallerError {
  return new CallerError(
    'rate_limited',
    `The API key "${name}" may make ${limits.requestsPerMinute} requests a minute, and has made them. Try again in ${Math.ceil(waitMs / 1000)} s, or raise the limit of the key.`,
    { retryable: true, retryAfterMs: waitMs },
  );
}

const toLeft = ({ used, max, resetAtMs }: PoolView): Left => ({
  limit: max,
  remaining: Math.max(0, max - used),
  resetAtMs: used > 0 ? resetAtMs : null,
});

const isLimited = ({ limits }: ApiKeyGrant): boolean => limits.requestsPerMinute !== null || limits.usd !== null;

function toLeftOfKey(desk: Desk, key: ApiKeyGrant): LeftOfKey {
  const book = bookOf(key);
  const requests = requestsPool(key);
  const [usd] = viewBounds({ ...desk, book, bounds: () => toUsdBounds(key) });
  return {
    requests: requests === null ? null : toLeft(view(desk, book, requests)),
    usd: usd === undefined ? null : toLeft(usd),
  };
}

/** What a person may spend beside what their keys may. */
function toPersonPurse(desk: Desk, { id, name, budget }: Spender): Purse | null {
  const { usd_per_day: usdPerDay, usd_per_month: usdPerMonth, mode } = budget;
  const bounds = toBounds('usd', { usdPerDay, usdPerMonth, hard: mode === 'hard' });
  if (bounds.length === 0) return null;
  const book = bookOfPerson(id);
  const own = createBudget({ ...desk, book, subject: name, bounds: () => bounds });
  return { ...own, refusal: () => overdrawn(name) };
}

/** The limits of all keys and people over one store. */
export function createKeyLimits(deps: KeyLimitsDeps): KeyLimitsKeeper {
  const books = createBooks({ ...deps, staleAfterMs: () => FRESH_MS, batchSize: BATCH });
  const desk: Desk = { ...deps, books, zones: createZoneClock() };
  const admitKey = async (key: ApiKeyGrant): Promise<Purse | null> => {
    const requests = requestsPool(key);
    if (requests !== null) {
      const taken = await take(desk, { book: bookOf(key), pool: requests, need: { requests: 1 } });
      if ('waitMs' in taken) throw tooMany(key, taken.waitMs);
    }
    const bounds = toUsdBounds(key);
    return bounds.length === 0 ? null : toPurse(desk, key, bounds);
  };
  return {
    admit: async (key, spender = null) => {
      const own = spender === null ? null : toPersonPurse(desk, spender);
      const keyed = key !== null && isLimited(key);
      if (!keyed && own === null) return null;
      await books.refresh([
        ...(keyed ? [bookOf(key)] : []),
        ...(own === null || spender === null ? [] : [bookOfPerson(spender.id)]),
      ]);
      const ofKey = keyed ? await admitKey(key) : null;
      return joinPurses([ofKey, own].filter((purse) => purse !== null));
    },
    remaining: async (keys) => {
      for (let at = 0; at < keys.length; at += BATCH)
        await books.refresh(
          keys
            .slice(at, at + BATCH)
            .filter(isLimited)
            .map(bookOf),
        );
      return keys.map((key) => toLeftOfKey(desk, key));
    },
    spent: async (id, budget) => {
      await books.refresh([bookOfPerson(id)]);
      const { usd_per_day: day, usd_per_month: month } = budget;
      // Counts are there whether or not a bound is; where there is none they have not been kept.
      const bounds = toBounds('usd', { usdPerDay: day, usdPerMonth: month, hard: true });
      return viewBounds({ ...desk, book: bookOfPerson(id), bounds: () => bounds }).map(toLeft);
    },
  };
}
