// Limits that people set on their API keys: requests a minute and money, kept exactly among all instances by guarded writes to one book a key.
import { CallerError } from '#shared/failures.ts';
import type { ApiKeyGrant, LimitPeriod } from '#shared/people.ts';
import type { Amounts, Clock as PoolClock } from '#shared/pools.ts';
import type { Clock, Log, Metrics, Store } from '../ports.ts';
import { createZoneClock, type ZoneClock } from '../routing/clocks.ts';
import { planReserve, planSettle, viewPool, type Hold } from '../routing/pools.ts';
import type { BoundPool, PoolView } from '../routing/types.ts';
import { createBooks, type Books } from './books.ts';
import type { Purse } from './budget.ts';

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
   * Counts one request of the key. Rejects with CallerError `rate_limited` when the minute is full. Answers what the key may pay
   * for this request; null when nothing bounds it.
   */
  admit(key: ApiKeyGrant): Promise<Purse | null>;
  /** What is left of the limits of these keys, in their order: one read for a hundred of them. */
  remaining(keys: readonly ApiKeyGrant[]): Promise<readonly LeftOfKey[]>;
}

export interface KeyLimitsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
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

function usdPool({ limits }: ApiKeyGrant): BoundPool | null {
  if (limits.usd === null) return null;
  const { max, per } = limits.usd;
  return { key: `usd/${per}`, models: ['*'], scope: 'account', unit: 'usd', max, clock: clocks[per] };
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

function toPurse(desk: Desk, key: ApiKeyGrant, pool: BoundPool): Purse {
  const { books } = desk;
  const book = bookOf(key);
  return {
    refusal: () => overspent(key, view(desk, book, pool).resetAtMs, books.now()),
    roomUsd: () => {
      const { used, max } = view(desk, book, pool);
      return Math.max(0, max - used);
    },
    reserve: async (mostUsd) => {
      const taken = await take(desk, { book, pool, need: { usd: mostUsd } });
      return 'waitMs' in taken ? null : taken;
    },
    settle: async (hold, costUsd) => {
      if (costUsd === null) return;
      const ops = planSettle({ hold, actual: { usd: costUsd }, nowMs: books.now() });
      if (Object.keys(ops.add).length > 0)
        await books.update(book, { ...ops, guards: [], lasting: pool.clock.kind === 'once' });
    },
  };
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
  const [requests, usd] = [requestsPool(key), usdPool(key)];
  return {
    requests: requests === null ? null : toLeft(view(desk, bookOf(key), requests)),
    usd: usd === null ? null : toLeft(view(desk, bookOf(key), usd)),
  };
}

/** The limits of all keys over one store. */
export function createKeyLimits(deps: KeyLimitsDeps): KeyLimitsKeeper {
  const books = createBooks({ ...deps, staleAfterMs: () => FRESH_MS, batchSize: BATCH });
  const desk: Desk = { ...deps, books, zones: createZoneClock() };
  return {
    admit: async (key) => {
      const requests = requestsPool(key);
      const usd = usdPool(key);
      if (requests === null && usd === null) return null;
      const book = bookOf(key);
      await books.refresh([book]);
      if (requests !== null) {
        const taken = await take(desk, { book, pool: requests, need: { requests: 1 } });
        if ('waitMs' in taken) throw tooMany(key, taken.waitMs);
      }
      return usd === null ? null : toPurse(desk, key, usd);
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
  };
}
