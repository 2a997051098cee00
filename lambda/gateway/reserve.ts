// Reserves a call's share of every pool in one write, or from what this instance has reserved ahead.
import type { Amounts } from '#shared/pools.ts';
import { confirmHold, planReserve, type ReservePlan } from '../routing/pools.ts';
import { watchedPools } from '../routing/pools-untold.ts';
import type { Candidate } from '../routing/types.ts';
import type { Purse } from './budget.ts';
import { isLasting, type Desk, type Reserved, type Terms } from './desk.ts';
import { maySample, SAMPLED, together } from './sampling.ts';
import { toMoment } from './soonest.ts';

/** How long a request leaves a candidate alone that the budget did not hold: it may be asked again when another call is settled. */
const OVER_BUDGET_MS = 1_000;
/** A reservation of a place (concurrent pools, half-open probes) ends by itself after this long. */
const LEASE_MS = 10 * 60_000;
/** A rejected write means the copy was stale; judging again on what came back settles it at once in all but contrived races. */
const MAX_ROUNDS = 4;

type Wanted = { readonly index: number; readonly need: Amounts } & Terms;
type Asked = Pick<Wanted, 'index' | 'need' | 'lastResort' | 'aheadMs'>;

function plan(desk: Desk, candidate: Candidate, { need, lastResort, aheadMs = 0 }: Asked): ReservePlan {
  const moment = toMoment(desk, candidate);
  const nowMs = moment.nowMs + aheadMs;
  const counted = watchedPools(candidate.mark, moment.book, nowMs);
  const pools = counted.length === 0 ? moment.pools : [...moment.pools, ...counted];
  return planReserve({
    ...moment,
    pools,
    nowMs,
    aheadMs,
    need,
    lastResort,
    leaseMs: LEASE_MS,
    random: desk.clock.random(),
  });
}

/** Money first: a share of quota would be hard to give back unseen. First that of whoever asks, then the installation's. */
export function reserveAll(desk: Desk, wanted: Wanted): Reserved | Promise<Reserved> {
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
  // A limit that was learned from refusals is too near for anything but counting each call.
  const isExact = lastResort || aheadMs > 0 || standing === undefined || desk.seen.hasUntold(index);
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
