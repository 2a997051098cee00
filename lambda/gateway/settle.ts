// Settles a call by what it really used and what its reply has taught, or gives back what was reserved for a call that was never made.
import { noUse, planSettle } from '../routing/pools.ts';
import type { Ops } from '../routing/pools-ops.ts';
import { isLasting, type Desk, type Reservation } from './desk.ts';
import type { AttemptOutcome } from './operation.ts';
import { withoutRemaining } from './sampling.ts';
import {
  countMoney,
  isGuessed,
  toCostUsd,
  toCredentialRest,
  toSettlement,
  type Settlement,
  type SettlementInput,
} from './settlement.ts';

function judge(desk: Desk, { candidate, reservation, outcome, lesson }: Closed): Settlement {
  const { books, zones, clock } = desk;
  const book = books.copy(candidate.book).item;
  const taught = reservation.part?.slice.source.learned?.set ?? null;
  const moment = { book, taught, nowMs: books.now(), doubtMs: books.doubtMs(), zones, random: clock.random() };
  return toSettlement({ candidate, reservation, outcome, moment, lesson });
}

/** An attempt that is over. */
type Closed = Pick<SettlementInput, 'candidate' | 'reservation' | 'outcome' | 'lesson'>;

export function settle(desk: Desk, reservation: Reservation, told: AttemptOutcome): Promise<unknown> | null {
  const outcome = reservation.stands === undefined ? told : withoutRemaining(told);
  const known = desk.fleet.candidates[reservation.index];
  if (!known) return null;
  const candidate = reservation.price === undefined ? known : { ...known, price: reservation.price };
  const { failure, firstContentMs } = outcome;
  desk.seen.ended(reservation.index, { ok: failure === null || failure.kind === 'cancelled', firstContentMs });
  const lesson = desk.refusals.ended(reservation, outcome);
  const closed: Closed = { candidate, reservation, outcome, lesson };
  // How long to stay away is a guess that grows with each refusal: calls of several instances that are refused together must count as one.
  if (failure !== null && isGuessed(failure)) return settleAnew(desk, closed);
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
  // A place among so many at once is in the way of whoever asks next.
  const mayLinger = patient && !reservation.hold?.charges.some(({ kind }) => kind === 'lease');
  countMoney(desk.metrics, closed, actual);
  if (part !== undefined) desk.slices?.settle(part, actual);
  if (failure?.kind === 'rate_limited' || failure?.kind === 'quota_exhausted') desk.slices?.doubt(reservation.index);
  const writes: Promise<unknown>[] = [];
  if (ops !== null) {
    const lasting = isLasting(candidate);
    if (part !== undefined && patient && !foreign) desk.slices?.learn(part, ops, canWait);
    else writes.push(desk.books.update(candidate.book, { ...ops, guards: [], lasting, patient: mayLinger }));
  }
  const rest = patient ? null : toRest(desk, closed);
  const found = patient && limits.length > 0 ? desk.twins.note(candidate, limits) : null;
  if (found !== null) writes.push(found);
  if (rest !== null) writes.push(desk.books.update(candidate.credentialId, { ...rest, guards: [], lasting: false }));
  const costUsd = toCostUsd(outcome, actual);
  if (budget !== null) writes.push(budget.settle(costUsd));
  if (paidFrom !== undefined) writes.push(paidFrom.settle(costUsd));
  return writes.length === 0 ? null : Promise.all(writes);
}

const toRest = ({ books, zones }: Desk, closed: Closed): Ops | null =>
  toCredentialRest(closed, { book: books.copy(closed.candidate.credentialId).item, nowMs: books.now(), zones });

export async function release(desk: Desk, { index, hold, part, budget, paidFrom }: Reservation): Promise<void> {
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
