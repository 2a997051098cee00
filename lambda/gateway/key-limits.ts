// Limits of API keys, of people and of all: quotas of requests and tokens, and money of keys and people, kept exactly among all instances by guarded writes to one book for each.
import { CallerError } from '#shared/failures.ts';
import { isLimited, type ApiKeyGrant, type LimitPeriod } from '#shared/people.ts';
import type { Clock as PoolClock } from '#shared/pools.ts';
import { isBounding, type Quota } from '#shared/quotas.ts';
import type { BudgetSettings } from '#shared/settings.ts';
import type { Clock, Store } from '../ports.ts';
import type { Alerts, Log, Metrics } from '../ports-telemetry.ts';
import { createZoneClock } from '../routing/clocks.ts';
import type { PoolView } from '../routing/types.ts';
import { createBooks } from './books.ts';
import { createBudget, joinPurses, toBounds, viewBounds, type Bound, type Purse } from './budget.ts';
import { takeFromQuotas, viewQuota, type Bounded, type Left, type LeftOfQuota } from './quotas.ts';
import type { Admission, QuotaDesk, QuotaNeed } from './quotas.ts';

/** What is left to a key; null where it has no limit. */
export type LeftOfKey = LeftOfQuota & { readonly usd: Left | null };

/** What is left to a person: of their budget for the day and the month as far as they are bounded, and of their quota. */
export interface LeftOfPerson {
  readonly budget: readonly Left[];
  readonly quota: LeftOfQuota;
}

export interface KeyLimitsKeeper {
  /**
   * Takes the request's share of every quota that bounds whoever asks, or of none. Rejects with CallerError `rate_limited` when one does
   * not hold it. Answers what is to be settled, and what may be paid for it.
   */
  admit(asker: Asker, need: QuotaNeed): Promise<Admission>;
  /** What is left of the limits of these keys, in their order: one read for a hundred of them. */
  remaining(keys: readonly ApiKeyGrant[]): Promise<readonly LeftOfKey[]>;
  /** What is left to these people, in their order: one read for a hundred of them. */
  ofPeople(people: readonly Person[]): Promise<readonly LeftOfPerson[]>;
  /** What is left of a quota of all together. */
  ofAll(quota: Quota): Promise<LeftOfQuota>;
}

/** A person, and what bounds them. */
export interface Person {
  readonly id: string;
  /** null: no budget. */
  readonly budget: BudgetSettings | null;
  /** null: no quota. */
  readonly quota: Quota | null;
}

/** Whoever asks, with everything that bounds them. */
export interface Asker {
  readonly key: ApiKeyGrant | null;
  /** `name`: by what they are called in alerts and refusals. */
  readonly person: Person & { readonly name: string };
  /** The quota of all together; null: there is none. */
  readonly everybody: Quota | null;
}

export interface KeyLimitsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
}

type Desk = KeyLimitsDeps & QuotaDesk;

const FRESH_MS = 1_000;
const BATCH = 100;

const clocks: Readonly<Record<LimitPeriod, PoolClock>> = {
  day: { kind: 'calendar', every: 'day', zone: 'UTC' },
  week: { kind: 'calendar', every: 'week', zone: 'UTC' },
  month: { kind: 'calendar', every: 'month', zone: 'UTC' },
  never: { kind: 'once' },
};

const bookOf = ({ id }: ApiKeyGrant): string => `key/${id}`;
const bookOfPerson = (id: string): string => `person/${id}`;
const BOOK_OF_ALL = 'everybody';

const toQuota = ({ limits }: ApiKeyGrant): Quota => ({
  requests_per_minute: limits.requestsPerMinute,
  requests_per_day: limits.requestsPerDay,
  tokens_per_minute: limits.tokensPerMinute,
  tokens_per_day: limits.tokensPerDay,
});

/** Everybody whose quota the request counts against, each with the book. */
function toBounded({ key, person, everybody }: Asker): Bounded[] {
  const all: Bounded[] = [];
  if (key !== null) {
    const subject = `the API key "${key.name}"`;
    all.push({ whose: 'key', book: bookOf(key), quota: toQuota(key), subject, remedy: 'raise the limit of the key' });
  }
  const { id, name, quota } = person;
  if (quota !== null)
    all.push({
      whose: 'person',
      book: bookOfPerson(id),
      quota,
      subject: name,
      remedy: 'have an admin raise the limit',
    });
  if (everybody !== null) {
    const remedy = 'have an admin raise the limit in the settings';
    all.push({ whose: 'everybody', book: BOOK_OF_ALL, quota: everybody, subject: 'the whole installation', remedy });
  }
  return all.filter((one) => isBounding(one.quota));
}

function toUsdBounds({ limits }: ApiKeyGrant): Bound[] {
  if (limits.usd === null) return [];
  const { max, per, mode = 'hard' } = limits.usd;
  return [{ key: `usd/${per}`, clock: clocks[per], max, hard: mode === 'hard' }];
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

function toPurse(desk: Desk, key: ApiKeyGrant): Purse | null {
  const bounds = toUsdBounds(key);
  if (bounds.length === 0) return null;
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
    { reason: { code: 'budget' } },
  );
}

const toLeft = ({ used, max, resetAtMs }: PoolView): Left => ({
  limit: max,
  remaining: Math.max(0, max - used),
  resetAtMs: used > 0 ? resetAtMs : null,
});

function toLeftOfKey(desk: Desk, key: ApiKeyGrant): LeftOfKey {
  const book = bookOf(key);
  const [usd] = viewBounds({ ...desk, book, bounds: () => toUsdBounds(key) });
  return { ...viewQuota(desk, { book, quota: toQuota(key) }), usd: usd === undefined ? null : toLeft(usd) };
}

function toLeftOfPerson(desk: Desk, { id, budget, quota }: Person): LeftOfPerson {
  const book = bookOfPerson(id);
  // Counts are there whether or not a bound is; where there is none they have not been kept.
  const usdPerDay = budget?.usd_per_day ?? null;
  const bounds = toBounds('usd', { usdPerDay, usdPerMonth: budget?.usd_per_month ?? null, hard: true });
  return {
    budget: viewBounds({ ...desk, book, bounds: () => bounds }).map(toLeft),
    quota: viewQuota(desk, { book, quota: quota ?? {} }),
  };
}

/** What a person may spend beside what their keys may. */
function toPersonPurse(desk: Desk, { id, name, budget }: Asker['person']): Purse | null {
  if (budget === null) return null;
  const { usd_per_day: usdPerDay, usd_per_month: usdPerMonth, mode } = budget;
  const bounds = toBounds('usd', { usdPerDay, usdPerMonth, hard: mode === 'hard' });
  if (bounds.length === 0) return null;
  const book = bookOfPerson(id);
  const own = createBudget({ ...desk, book, subject: name, bounds: () => bounds });
  return { ...own, refusal: () => overdrawn(name) };
}

/** The limits of all over one store. */
export function createKeyLimits(deps: KeyLimitsDeps): KeyLimitsKeeper {
  const books = createBooks({ ...deps, staleAfterMs: () => FRESH_MS, batchSize: BATCH });
  const desk: Desk = { ...deps, books, zones: createZoneClock() };
  return {
    admit: async (asker, need) => {
      const { key, person } = asker;
      const bounded = toBounded(asker);
      const purses = [key === null ? null : toPurse(desk, key), toPersonPurse(desk, person)];
      await books.refresh(
        new Set([
          ...bounded.map(({ book }) => book),
          ...(key !== null && purses[0] !== null ? [bookOf(key)] : []),
          ...(purses[1] === null ? [] : [bookOfPerson(person.id)]),
        ]),
      );
      const quota = await takeFromQuotas(desk, bounded, need);
      return { quota, purse: joinPurses(purses.filter((purse) => purse !== null)) };
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
    ofPeople: async (people) => {
      for (let at = 0; at < people.length; at += BATCH)
        await books.refresh(people.slice(at, at + BATCH).map(({ id }) => bookOfPerson(id)));
      return people.map((person) => toLeftOfPerson(desk, person));
    },
    ofAll: async (quota) => {
      await books.refresh([BOOK_OF_ALL]);
      return viewQuota(desk, { book: BOOK_OF_ALL, quota });
    },
  };
}
