// The ledger: reserves a call's share of every pool in one write, settles it by what was really used, and remembers what was learned.
import type { ModelKind } from '#shared/catalog.ts';
import type { Amounts } from '#shared/pools.ts';
import type { Alerts, Clock, Log, Metrics, Store } from '../ports.ts';
import { createZoneClock, type ZoneClock } from '../routing/clocks.ts';
import { type Decision, type DecideInput, type Standing } from '../routing/decide.ts';
import {
  confirmHold,
  noUse,
  planReserve,
  planSettle,
  viewPool,
  type Hold,
  type ReservePlan,
} from '../routing/pools.ts';
import { evidenceOf, type PoolEvidence } from '../routing/pools-learned.ts';
import type { Ops } from '../routing/pools-ops.ts';
import type { Candidate, PoolView } from '../routing/types.ts';
import { createBooks, type Books } from './books.ts';
import { BUDGET_BOOK, createBudget, noBudget, type Bound, type Budget, type Held, type Purse } from './budget.ts';
import type { Fleet } from './fleet.ts';
import { createFreshness } from './freshness.ts';
import type { AttemptOutcome } from './operation.ts';
import { countMoney, toCredentialRest, toSettlement, type Settlement, type SettlementInput } from './settlement.ts';
import type { Part } from './slice.ts';
import type { Slices, SlicesDeps } from './slices.ts';
import { maySample, SAMPLED, together, withoutRemaining } from './sampling.ts';
import { findSoonest, toMoment } from './soonest.ts';
import { createStandings, type Standings } from './standings.ts';
import { createStripped, type Stripped } from './stripped.ts';
import { createTwins, type Twins } from './twins.ts';

/** One call's share, taken from the pools and not yet settled. */
export interface Reservation {
  readonly index: number;
  readonly need: Amounts;
  /** null when the candidate has no limits to take from. */
  readonly hold: Hold | null;
  /** Set when the call was booked in a slice that this instance had reserved ahead. */
  readonly part?: Part;
  /** Set when the call is counted by samples: for how many calls it was reserved, 0 when another one stands for it. */
  readonly stands?: number;
  /** What was taken from the budget; null when the call is free. */
  readonly budget: Held | null;
  /** What was taken from the purse of whoever asks; absent when nothing bounds what they pay. */
  readonly paidFrom?: Held;
}

/** `outrun`: somebody else was faster, so what this instance knows may be out of date elsewhere too. */
export type Reserved =
  | { readonly reservation: Reservation }
  | { readonly refusedUntilMs: number; readonly outrun: boolean };

/** On which terms a share is reserved. */
export interface Terms {
  /** Passes an open breaker and a short rest. */
  readonly lastResort: boolean;
  /** The most the call can cost, US dollars: 0 when it is free, null when nobody knows. */
  readonly mostUsd: number | null;
  /** What whoever asks may pay; absent or null when nothing bounds it. */
  readonly purse?: Purse | null;
  /** For a call that will be made so much later, ms; absent: at once. */
  readonly aheadMs?: number;
}

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

export interface LedgerDeps {
  readonly fleet: Fleet;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What may be paid, and who is told of it; absent: as much as it takes. */
  readonly money?: { readonly bounds: () => readonly Bound[]; readonly alerts: Alerts };
  /** Opens what reserves ahead; absent where the process is frozen between requests: nothing could be given back in time. */
  readonly openSlices?: (deps: SlicesDeps) => Slices;
  /** Flushes of all who have something to give back: to be called before the process ends. */
  readonly holders?: Set<() => Promise<void>>;
}

/** How long a request leaves a candidate alone that the budget did not hold: it may be asked again when another call is settled. */
const OVER_BUDGET_MS = 1_000;
/** A reservation of a place (concurrent pools, half-open probes) ends by itself after this long. */
const LEASE_MS = 10 * 60_000;
/** A rejected write means the copy was stale; judging again on what came back settles it at once in all but contrived races. */
const MAX_ROUNDS = 4;
/** A copy of a book is read again after this long when a pool in it is nearly used up, and after that long when none is. */
const STALE_AFTER_MS = 500;
const STALE_AFTER_CALM_MS = 5_000;
/** Nobody waits for the reading of a copy before it is so old, where an instance goes on running between requests. */
const BESIDE_MS = 15_000;
const NEARLY_USED_UP = 0.7;
const BATCH_SIZE = 40;
/** After a write that was refused, copies are read again that are older than this. */
const OUTRUN_MS = 10;

interface Desk extends LedgerDeps {
  readonly books: Books;
  readonly seen: Standings;
  readonly zones: ZoneClock;
  readonly budget: Budget;
  readonly twins: Twins;
  /** null where nothing is reserved ahead. */
  readonly slices: Slices | null;
}

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
  const twins = createTwins({ books, fleet: deps.fleet });
  const slices = deps.openSlices?.({ ...deps, candidates: deps.fleet.candidates, books, zones }) ?? null;
  const desk: Desk = { ...deps, books, seen, zones, budget, twins, slices };
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
    reserve: (index, need, terms) => reserveAll(desk, { index, need, ...terms }),
    settle: (reservation, outcome) => settle(desk, reservation, outcome),
    release: (reservation) => release(desk, reservation),
    soonest: (decision, input, crowd = 1) => findSoonest(desk, { decision, input, crowd }),
    views: (index, need) => {
      const candidate = deps.fleet.candidates[index];
      const moment = {
        book: candidate ? books.copy(candidate.book).item : null,
        nowMs: books.now(),
        doubtMs: books.doubtMs(),
        zones,
      };
      return (candidate?.pools ?? []).map((pool) => ({
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

const isLasting = ({ pools }: Candidate): boolean => pools.some(({ clock }) => clock.kind === 'once');

type Wanted = { readonly index: number; readonly need: Amounts } & Terms;
type Asked = Pick<Wanted, 'index' | 'need' | 'lastResort' | 'aheadMs'>;

function plan(desk: Desk, candidate: Candidate, { need, lastResort, aheadMs = 0 }: Asked): ReservePlan {
  const moment = toMoment(desk, candidate);
  const nowMs = moment.nowMs + aheadMs;
  return planReserve({ ...moment, nowMs, aheadMs, need, lastResort, leaseMs: LEASE_MS, random: desk.clock.random() });
}

/** Money first: a share of quota would be hard to give back unseen. First that of whoever asks, then the installation's. */
function reserveAll(desk: Desk, wanted: Wanted): Reserved | Promise<Reserved> {
  const { purse = null, mostUsd } = wanted;
  if (mostUsd === 0) return reserve(desk, wanted);
  return purse === null ? reserveBoth(desk, wanted) : reserveFrom(purse, desk, wanted);
}

async function reserveFrom(purse: Purse, desk: Desk, wanted: Wanted): Promise<Reserved> {
  const held = await purse.reserve(wanted.mostUsd);
  if (held === null) return { refusedUntilMs: desk.clock.now() + OVER_BUDGET_MS, outrun: false };
  const reserved = await reserveBoth(desk, wanted);
  if ('reservation' in reserved) return { reservation: { ...reserved.reservation, paidFrom: held } };
  await held.settle(0);
  return reserved;
}

async function reserveBoth(desk: Desk, wanted: Wanted): Promise<Reserved> {
  if (!desk.budget.isKept()) return reserve(desk, wanted);
  const budget = await desk.budget.reserve(wanted.mostUsd);
  if (budget === null) return { refusedUntilMs: desk.clock.now() + OVER_BUDGET_MS, outrun: false };
  const reserved = await reserve(desk, wanted);
  if ('reservation' in reserved) return { reservation: { ...reserved.reservation, budget } };
  await budget.settle(0);
  return reserved;
}

/** From what is reserved ahead, or stands for it; else in the book. */
function reserve(desk: Desk, asked: Asked): Reserved | Promise<Reserved> {
  const { index, need, lastResort, aheadMs = 0 } = asked;
  const candidate = desk.fleet.candidates[index];
  if (!candidate) throw new Error('no such candidate');
  const standing = desk.seen.at(index);
  const isExact = lastResort || aheadMs > 0 || standing === undefined;
  const part = isExact ? null : (desk.slices?.take(index, need, standing) ?? null);
  if (part !== null) {
    desk.seen.started(index, need);
    return { reservation: { index, need, hold: null, part, budget: null } };
  }
  const isSampled = !isExact && desk.slices === null && maySample(candidate, need, standing);
  if (isSampled && desk.clock.random() * SAMPLED >= 1) {
    desk.seen.started(index, need);
    return { reservation: { index, need, hold: null, stands: 0, budget: null } };
  }
  return reserveInBook(desk, asked, { candidate, isSampled });
}

async function reserveInBook(
  desk: Desk,
  asked: Asked,
  { candidate, isSampled }: { candidate: Candidate; isSampled: boolean },
): Promise<Reserved> {
  const { index, need, aheadMs = 0 } = asked;
  const sample = isSampled ? { stands: SAMPLED } : {};
  const wanted = isSampled ? { ...asked, need: together(need, SAMPLED) } : asked;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const planned = plan(desk, candidate, wanted);
    if (planned.kind === 'blocked')
      return { refusedUntilMs: desk.clock.now() + aheadMs + Math.max(1, planned.waitMs), outrun: round > 0 };
    const { hold } = planned;
    // Nothing to take, and nothing to be the only one at: no need to ask the store.
    if (hold.charges.length === 0 && hold.probe === null) {
      desk.seen.started(index, need);
      return { reservation: { index, need, hold: null, budget: null } };
    }
    const result = await desk.books.update(candidate.book, { ...planned, lasting: isLasting(candidate) });
    if (result.applied) {
      desk.seen.started(index, need);
      return { reservation: { index, need, hold: confirmHold(hold, result.item), ...sample, budget: null } };
    }
    desk.metrics.count('freeway_reserve_conflicts_total');
  }
  return { refusedUntilMs: desk.clock.now() + 50, outrun: true };
}

function judge(desk: Desk, { candidate, reservation, outcome }: Closed): Settlement {
  const { books, zones, clock } = desk;
  const book = books.copy(candidate.book).item;
  const taught = reservation.part?.slice.source.learned?.set ?? null;
  const moment = { book, taught, nowMs: books.now(), doubtMs: books.doubtMs(), zones, random: clock.random() };
  return toSettlement({ candidate, reservation, outcome, moment });
}

/** An attempt that is over. */
type Closed = Pick<SettlementInput, 'candidate' | 'reservation' | 'outcome'>;

function settle(desk: Desk, reservation: Reservation, told: AttemptOutcome): Promise<unknown> | null {
  const outcome = reservation.stands === undefined ? told : withoutRemaining(told);
  const candidate = desk.fleet.candidates[reservation.index];
  if (!candidate) return null;
  const { failure, firstContentMs } = outcome;
  desk.seen.ended(reservation.index, { ok: failure === null || failure.kind === 'cancelled', firstContentMs });
  const closed: Closed = { candidate, reservation, outcome };
  const judged = judge(desk, closed);
  return judged.foreign ? settleAnew(desk, closed) : write(desk, closed, judged);
}

/** What seems to be use by others may be our own, by another instance. */
async function settleAnew(desk: Desk, closed: Closed): Promise<void> {
  await desk.books.refresh([closed.candidate.book], 0);
  await write(desk, closed, judge(desk, closed));
}

function write(desk: Desk, closed: Closed, { ops, foreign, actual, canWait }: Settlement): Promise<unknown> | null {
  const { candidate, reservation, outcome } = closed;
  const { part, budget, paidFrom } = reservation;
  const { failure, limits } = outcome;
  const patient = failure === null;
  countMoney(desk.metrics, candidate, actual);
  if (part !== undefined) desk.slices?.settle(part, actual);
  if (failure?.kind === 'rate_limited' || failure?.kind === 'quota_exhausted') desk.slices?.doubt(reservation.index);
  const writes: Promise<unknown>[] = [];
  if (ops !== null) {
    if (part !== undefined && patient && !foreign) desk.slices?.learn(part, ops, canWait);
    else writes.push(desk.books.update(candidate.book, { ...ops, guards: [], lasting: isLasting(candidate), patient }));
  }
  const rest = patient ? null : toRest(desk, closed);
  if (patient && limits.length > 0) writes.push(desk.twins.note(candidate, limits));
  if (rest !== null) writes.push(desk.books.update(candidate.credentialId, { ...rest, guards: [], lasting: false }));
  const costUsd = actual?.usd ?? null;
  if (budget !== null) writes.push(budget.settle(costUsd));
  if (paidFrom !== undefined) writes.push(paidFrom.settle(costUsd));
  return writes.length === 0 ? null : Promise.all(writes);
}

const toRest = ({ books }: Desk, { candidate, outcome }: Closed): Ops | null =>
  toCredentialRest(outcome, books.copy(candidate.credentialId).item ?? {}, books.now());

async function release(desk: Desk, { index, hold, part, budget, paidFrom }: Reservation): Promise<void> {
  const candidate = desk.fleet.candidates[index];
  if (!candidate) return;
  desk.seen.ended(index, { ok: true, firstContentMs: null });
  if (part !== undefined) desk.slices?.settle(part, noUse);
  const writes: Promise<unknown>[] = [];
  if (hold !== null) {
    const ops = planSettle({ hold, actual: noUse, nowMs: desk.books.now() });
    writes.push(desk.books.update(candidate.book, { ...ops, guards: [], lasting: isLasting(candidate) }));
  }
  if (budget !== null) writes.push(budget.settle(0));
  if (paidFrom !== undefined) writes.push(paidFrom.settle(0));
  await Promise.all(writes);
}
