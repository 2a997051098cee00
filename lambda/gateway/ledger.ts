// The ledger: reserves a call's share of every pool in one write, settles it by what was really used, and remembers what was learned.
import type { ModelKind } from '#shared/catalog.ts';
import type { Amounts } from '#shared/pools.ts';
import { createZoneClock } from '../routing/clocks.ts';
import type { Decision, DecideInput, Standing } from '../routing/decide.ts';
import { viewPool } from '../routing/pools.ts';
import { evidenceOf, type PoolEvidence } from '../routing/pools-learned.ts';
import { poolsNow } from '../routing/pools-untold.ts';
import type { Candidate, PoolView } from '../routing/types.ts';
import { createBooks, type Books } from './books.ts';
import { BUDGET_BOOK, createBudget, noBudget } from './budget.ts';
import type { Desk, LedgerDeps, Reservation, Reserved, Terms } from './desk.ts';
import { createFreshness } from './freshness.ts';
import type { AttemptOutcome } from './operation.ts';
import { createRefusals } from './refusals.ts';
import { reserveAll } from './reserve.ts';
import { release, settle } from './settle.ts';
import { findSoonest } from './soonest.ts';
import { createStandings, type Standings } from './standings.ts';
import { createStripped, type Stripped } from './stripped.ts';
import { createTwins } from './twins.ts';

export type KnownPool = PoolView & PoolEvidence;

export interface Ledger {
  /** Brings the copies of the books up to date: at most one batch read, null when they are fresh. `outrun`: fresh is what was read just now. */
  refresh(among: readonly number[] | null, outrun?: boolean): Promise<unknown> | null;
  standings(nowMs: number): readonly Standing[];
  /** Use of free quota for this kind of request until it comes back, as a share of what there is; null while too little is known. */
  scarcity(kind: ModelKind): number | null;
  /** What is left of today's budget, US dollars; Infinity when there is none. */
  budgetUsd(): number;
  /** At once where this instance has reserved ahead. */
  reserve(index: number, need: Amounts, terms: Terms): Reserved | Promise<Reserved>;
  /** One write at most, which the promise waits for; null: nothing had to be written. */
  settle(reservation: Reservation, outcome: AttemptOutcome): Promise<unknown> | null;
  /** Gives back what was reserved for a call that was never made. */
  release(reservation: Reservation): Promise<void>;
  /** The candidate that time will free first, and in how long; null when waiting helps nobody. `crowd`: for so many calls like this one. */
  soonest(
    decision: Decision,
    input: DecideInput,
    crowd?: number,
  ): { readonly index: number; readonly waitMs: number } | null;
  /** The pools of one candidate as they stand, and how that is known. */
  views(index: number, need: Amounts): readonly KnownPool[];
  /** Public names of the credentials that seem to share their limits with this candidate's. */
  twins(index: number): readonly string[];
  readonly stripped: Stripped;
  /** What the ledger is kept in; whatever else is found out of candidates is written there. */
  readonly books: Books;
}

/** A copy of a book is read again after this long when a pool in it is nearly used up, and after that long when none is. */
const STALE_AFTER_MS = 500;
const STALE_AFTER_CALM_MS = 5_000;
/** Nobody waits for the reading of a copy before it is so old, where an instance goes on running between requests. */
const BESIDE_MS = 15_000;
const NEARLY_USED_UP = 0.7;
const BATCH_SIZE = 40;
/** After a write that was refused, copies are read again that are older than this. */
const OUTRUN_MS = 10;

/** A ledger over one fleet. */
export function createLedger(deps: LedgerDeps): Ledger {
  const zones = createZoneClock();
  const isPressing = (id: string): boolean => seen.pressureOf(id) >= NEARLY_USED_UP;
  const staleAfterMs = (id: string): number => (isPressing(id) ? STALE_AFTER_MS : STALE_AFTER_CALM_MS);
  const books = createBooks({ ...deps, staleAfterMs, batchSize: BATCH_SIZE });
  const seen: Standings = createStandings({ candidates: deps.fleet.candidates, books, zones });
  const stripped = createStripped(deps);
  const { clock, money } = deps;
  const budget =
    money === undefined ? noBudget : createBudget({ books, clock, zones, ...money, book: BUDGET_BOOK, subject: null });
  const twins = createTwins({ ...deps, books });
  const slices = deps.openSlices?.({ ...deps, candidates: deps.fleet.candidates, books, zones }) ?? null;
  const refusals = createRefusals({ ...deps, candidates: deps.fleet.candidates, books, seen, zones });
  const desk: Desk = { ...deps, books, seen, zones, budget, twins, slices, refusals };
  const allBooks = [...bookIds(deps.fleet.candidates, null)];
  const toIds = (among: readonly number[] | null): string[] => [
    ...(budget.isKept() ? [BUDGET_BOOK] : []),
    ...(among === null ? allBooks : bookIds(deps.fleet.candidates, among)),
  ];
  const freshness = createFreshness({
    ...deps,
    books,
    ids: () => toIds(null),
    mostMs: (id) => (isPressing(id) ? STALE_AFTER_MS : BESIDE_MS),
    look: () => void seen.read(clock.now()),
    goesOn: slices !== null,
  });
  return {
    refresh: (among, outrun = false) => {
      if (outrun) return books.refresh(toIds(among), OUTRUN_MS);
      if (among !== null) return books.refresh(toIds(among));
      return freshness.refresh();
    },
    standings: (nowMs) => seen.read(nowMs),
    scarcity: (kind) => seen.scarcity(kind),
    budgetUsd: () => desk.budget.roomUsd(),
    reserve: (index, need, terms) => refusals.watch(index, reserveAll(desk, { index, need, ...terms })),
    settle: (reservation, outcome) => settle(desk, reservation, outcome),
    release: (reservation) => release(desk, reservation),
    soonest: (decision, input, crowd = 1) => findSoonest(desk, { decision, input, crowd }),
    views: (index, need) => {
      const candidate = deps.fleet.candidates[index];
      if (!candidate) return [];
      const moment = {
        book: books.copy(candidate.book).item,
        nowMs: books.now(),
        doubtMs: books.doubtMs(),
        zones,
      };
      return poolsNow(candidate, moment.book, moment.nowMs).map((pool) => ({
        ...viewPool({ pool, need, ...moment }),
        ...evidenceOf(pool, moment.book ?? {}, moment.nowMs),
      }));
    },
    twins: (index) => desk.twins.names(index),
    stripped,
    books,
  };
}

/** The books to look at, those of free candidates first. */
function bookIds(candidates: readonly Candidate[], among: readonly number[] | null): Iterable<string> {
  const wanted =
    among === null
      ? candidates
      : among.map((index) => candidates[index]).filter((candidate) => candidate !== undefined);
  const ids = new Set<string>();
  for (const candidate of wanted) if (candidate.tier !== 'paid') ids.add(candidate.book).add(candidate.credentialId);
  for (const candidate of wanted) if (candidate.tier === 'paid') ids.add(candidate.book).add(candidate.credentialId);
  return ids;
}
