// Quotas of requests and tokens: taken before a request from one book for each whom they bound, by the pools that providers' limits are kept in, and settled by what it used.
import type { limited } from '#shared/api/reason.ts';
import { CallerError } from '#shared/failures.ts';
import type { Clock as PoolClock } from '#shared/pools.ts';
import { quotaNames, type Quota, type QuotaName } from '#shared/quotas.ts';
import type { Clock, Headers } from '../ports.ts';
import type { Alerts } from '../ports-telemetry.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import { noUse, partOf, planReserve, planSettle, viewPool, type Hold, type ReservePlan } from '../routing/pools.ts';
import type { BoundPool } from '../routing/types.ts';
import type { Caller } from './answer.ts';
import type { Books } from './books.ts';
import type { Purse } from './budget.ts';
import { toQuotaRefusal } from './quota-refusal.ts';
import { tellOfQuota } from './quota-alerts.ts';
import type { RunResult } from './run.ts';

/** One whose use is bounded. */
export interface Bounded {
  readonly whose: (typeof limited)[number];
  /** The book in which all instances count it. */
  readonly book: string;
  readonly quota: Quota;
  /** Who it is, in the middle of a sentence. */
  readonly subject: string;
  /** What can be done about the bound, behind "or". */
  readonly remedy: string;
}

/** What a request takes: itself, and so many tokens as far as that can be said before it; 0: nobody knows. */
export interface QuotaNeed {
  readonly tokens: number;
}

/** What is left of one limit. */
export interface Left {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds since the epoch; null: never, or nothing is used. */
  readonly resetAtMs: number | null;
}

/** What is left of each bound of a quota; null where there is none. */
export type LeftOfQuota = Readonly<Record<QuotaName, Left | null>>;

/** What a request has taken from quotas. */
export interface QuotaHeld {
  /** The same answer, with what it used counted instead of what it was taken to need; of one that failed only the request counts, and nothing of one that nobody was asked for. */
  follow(running: Promise<RunResult>, caller: Pick<Caller, 'gone'>): Promise<RunResult>;
  /** What is left of the tightest bound of each unit, as far as this instance knows, in the headers that clients of OpenAI read. */
  headers(): Headers;
}

/** What a request has been let in with. */
export interface Admission {
  /** null: no quota bounds it. */
  readonly quota: QuotaHeld | null;
  /** What may be paid for it; null when nothing but the installation bounds that. */
  readonly purse: Purse | null;
}

export interface QuotaDesk {
  readonly books: Books;
  readonly zones: ZoneClock;
  readonly clock: Clock;
  readonly alerts: Alerts;
}

/** A rejected write brings the state back; judging again on it settles the matter. */
const MAX_ROUNDS = 6;
/** How long whoever lost every round stays away, ms. */
const OUTRUN_MS = 1_000;

const minute: PoolClock = { kind: 'rolling', seconds: 60 };
const day: PoolClock = { kind: 'calendar', every: 'day', zone: 'UTC' };
const counts: Readonly<Record<QuotaName, Pick<BoundPool, 'key' | 'unit' | 'clock'>>> = {
  requests_per_minute: { key: 'requests', unit: 'requests', clock: minute },
  requests_per_day: { key: 'requests-day', unit: 'requests', clock: day },
  tokens_per_minute: { key: 'tokens', unit: 'tokens', clock: minute },
  tokens_per_day: { key: 'tokens-day', unit: 'tokens', clock: day },
};

function toPool(name: QuotaName, quota: Quota): BoundPool | null {
  const max = quota[name] ?? null;
  return max === null ? null : { ...counts[name], models: ['*'], scope: 'account', max };
}

const toPools = (quota: Quota): BoundPool[] =>
  quotaNames.map((name) => toPool(name, quota)).filter((pool) => pool !== null);

const toMoment = ({ books, zones }: QuotaDesk, book: string) => ({
  book: books.copy(book).item,
  nowMs: books.now(),
  zones,
});

/** How the bounds of a quota stand by the copy of its book. */
export function viewQuota(desk: QuotaDesk, { book, quota }: Pick<Bounded, 'book' | 'quota'>): LeftOfQuota {
  const moment = toMoment(desk, book);
  const toLeft = (name: QuotaName): Left | null => {
    const pool = toPool(name, quota);
    if (pool === null) return null;
    const { used, max, resetAtMs } = viewPool({ pool, need: { [pool.unit]: 0 }, ...moment });
    return { limit: max, remaining: Math.max(0, max - used), resetAtMs: used > 0 ? resetAtMs : null };
  };
  return Object.fromEntries(quotaNames.map((name) => [name, toLeft(name)])) as unknown as LeftOfQuota;
}

function plan(desk: QuotaDesk, { book, quota }: Bounded, { tokens }: QuotaNeed): ReservePlan {
  return planReserve({
    ...toMoment(desk, book),
    pools: toPools(quota),
    mark: 'quota',
    need: { requests: 1, tokens },
    leaseMs: 0,
    random: desk.clock.random(),
    lastResort: false,
    caution: 1,
  });
}

/** Room for tokens that are counted only when they are known: nothing is taken, and whatever is settled is added. */
function toOpenHold(desk: QuotaDesk, { book, quota }: Bounded): Hold {
  const pools = toPools(quota).filter(({ unit }) => unit === 'tokens');
  const need = { tokens: 1 };
  const taking = { leaseMs: 0, random: 0, lastResort: true, caution: 1 };
  const planned = planReserve({ ...toMoment(desk, book), book: null, pools, mark: 'quota', need, ...taking });
  return planned.kind === 'write' ? partOf(planned.hold, { tokens: 0 }) : { charges: [], probe: null };
}

type Refused = Extract<ReservePlan, { kind: 'blocked' }>;
/** What was taken from one of them. */
interface Share {
  readonly bounded: Bounded;
  readonly hold: Hold;
}

const toShare = (desk: QuotaDesk, bounded: Bounded, { hold, need }: { hold: Hold; need: QuotaNeed }): Share =>
  need.tokens > 0
    ? { bounded, hold }
    : { bounded, hold: { ...hold, charges: [...hold.charges, ...toOpenHold(desk, bounded).charges] } };

/** From one book; or why not. */
async function takeOne(desk: QuotaDesk, bounded: Bounded, need: QuotaNeed): Promise<Share | Refused> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const planned = plan(desk, bounded, need);
    if (planned.kind === 'blocked') return planned;
    const { hold, add } = planned;
    const isNothing = Object.keys(add).length === 0;
    const written = isNothing || (await desk.books.update(bounded.book, { ...planned, lasting: false })).applied;
    if (written) return toShare(desk, bounded, { hold, need });
  }
  return { kind: 'blocked', by: 'pool', pool: toPools(bounded.quota)[0] ?? null, waitMs: OUTRUN_MS, resetAtMs: null };
}

const isRefused = (one: Share | Refused): one is Refused => 'kind' in one;

async function write(desk: QuotaDesk, { bounded, hold }: Share, actual: typeof noUse): Promise<void> {
  const ops = planSettle({ hold, actual, nowMs: desk.books.now() });
  if (Object.keys(ops.add).length > 0) await desk.books.update(bounded.book, { ...ops, guards: [], lasting: false });
}

/** What it is refused with: the bound that keeps it longest. */
async function refuse(
  desk: QuotaDesk,
  need: QuotaNeed,
  refusals: readonly { bounded: Bounded; refused: Refused }[],
): Promise<CallerError> {
  const [first, ...others] = refusals;
  if (first === undefined) throw new Error('nobody refused');
  const { bounded, refused } = others.reduce(
    (longest, one) => (one.refused.waitMs > longest.refused.waitMs ? one : longest),
    first,
  );
  const { pool, waitMs } = refused;
  if (pool === null) throw new Error('a quota has no bounds');
  const { used } = viewPool({ pool, need: { [pool.unit]: 0 }, ...toMoment(desk, bounded.book) });
  // A request too large for any day is no sign that the day is used up.
  if (waitMs !== Infinity) await tellOfQuota(desk, bounded, { pool, used, isRefusing: true });
  return toQuotaRefusal({ bounded, pool, used, need, waitMs });
}

const tokensOf = ({ usage }: RunResult): number | null =>
  usage === null ? null : (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);

const units = {
  requests: ['requests_per_minute', 'requests_per_day'],
  tokens: ['tokens_per_minute', 'tokens_per_day'],
} as const satisfies Record<string, readonly QuotaName[]>;

function toHeaders(desk: QuotaDesk, shares: readonly Share[]): Headers {
  const views = shares.map(({ bounded }) => viewQuota(desk, bounded));
  const headers: Record<string, string> = {};
  for (const [unit, names] of Object.entries(units)) {
    const all = views.flatMap((view) => names.map((name) => view[name])).filter((left) => left !== null);
    const [tightest] = all.sort((a, b) => a.remaining - b.remaining);
    if (tightest === undefined) continue;
    const { limit, remaining, resetAtMs } = tightest;
    const seconds = resetAtMs === null ? 0 : Math.max(0, Math.ceil((resetAtMs - desk.books.now()) / 1000));
    headers[`x-ratelimit-limit-${unit}`] = String(limit);
    headers[`x-ratelimit-remaining-${unit}`] = String(Math.floor(remaining));
    headers[`x-ratelimit-reset-${unit}`] = `${seconds}s`;
  }
  return headers;
}

function toHeld(desk: QuotaDesk, shares: readonly Share[]): QuotaHeld {
  const settleOne = async (share: Share, tokens: number | null): Promise<void> => {
    await write(desk, share, tokens === null ? {} : { tokens });
    for (const pool of toPools(share.bounded.quota)) {
      const { used } = viewPool({ pool, need: { [pool.unit]: 0 }, ...toMoment(desk, share.bounded.book) });
      await tellOfQuota(desk, share.bounded, { pool, used, isRefusing: false });
    }
  };
  const settle = (tokens: number | null): Promise<unknown> =>
    Promise.all(shares.map((share) => settleOne(share, tokens)));
  const giveBack = (): Promise<unknown> => Promise.all(shares.map((share) => write(desk, share, noUse)));
  return {
    follow: async (running, caller) => {
      try {
        const result = await running;
        return { ...result, settled: Promise.all([result.settled, settle(tokensOf(result))]) };
      } catch (error) {
        const wasAsked = !(error instanceof CallerError) || error.attempts.length > 0;
        // What was under way when the caller left may have been used to its end, and nobody is told.
        await (wasAsked ? settle(caller.gone ? null : 0) : giveBack());
        throw error;
      }
    },
    headers: () => toHeaders(desk, shares),
  };
}

/**
 * Takes a request's share from all of them, or from none. Rejects with CallerError `rate_limited`. The writes, one for each, go out at once;
 * what the copies of the books already tell is full is refused without any.
 */
export async function takeFromQuotas(
  desk: QuotaDesk,
  all: readonly Bounded[],
  need: QuotaNeed,
): Promise<QuotaHeld | null> {
  if (all.length === 0) return null;
  // Of one alone the first try tells as much.
  const full = (all.length === 1 ? [] : all).flatMap((bounded) => {
    const planned = plan(desk, bounded, need);
    return planned.kind === 'blocked' ? [{ bounded, refused: planned }] : [];
  });
  if (full.length > 0) throw await refuse(desk, need, full);
  const outcomes = await Promise.all(
    all.map(async (bounded) => ({ bounded, outcome: await takeOne(desk, bounded, need) })),
  );
  const shares = outcomes.flatMap(({ outcome }) => (isRefused(outcome) ? [] : [outcome]));
  if (shares.length === all.length) return toHeld(desk, shares);
  await Promise.all(shares.map((share) => write(desk, share, noUse)));
  const refusals = outcomes.flatMap(({ bounded, outcome }) =>
    isRefused(outcome) ? [{ bounded, refused: outcome }] : [],
  );
  throw await refuse(desk, need, refusals);
}
