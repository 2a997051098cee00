// The judgement of the quota ledger: the one guarded write that takes from all pools of a candidate, and its correction.
import type { Item } from '#shared/items.ts';
import type { Amounts, Clock, PoolUnit } from '#shared/pools.ts';
import { breakerState, guardBreaker, guardRest, restOf, shortRestMs } from './breaker.ts';
import { cautious } from './pools-caution.ts';
import { calendar, once, session } from './pools-counters.ts';
import { effectiveMax } from './pools-learned.ts';
import { concurrent } from './pools-leases.ts';
import { mergeOps, numberIn, toDraft } from './pools-ops.ts';
import type { Draft, GuardedOps, Ops } from './pools-ops.ts';
import { refill, refillOverMs, refillShiftMs } from './pools-refill.ts';
import { raiseRolling, rolling } from './pools-rolling.ts';
import { amountOf } from './pools-rules.ts';
import type { Charge, PoolQuestion, Taking } from './pools-rules.ts';
import { ask, look, noItem } from './pools-view.ts';
import type { Moment } from './pools-view.ts';
import type { BoundPool, Need } from './types.ts';

export { absorbLimits } from './pools-absorb.ts';
export { pressureOf, viewPool } from './pools-view.ts';

export interface ReserveInput extends Moment, Omit<Taking, 'draft'> {
  readonly pools: readonly BoundPool[];
  /** The candidate's key in the book, for its rests and breaker. */
  readonly mark: string;
  readonly need: Need;
  /** Passes an open breaker and a short rest: there is nobody healthier to ask. */
  readonly lastResort: boolean;
  /** Factor by which token estimates are raised; 1 trusts them. */
  readonly caution: number;
}

/** Everything a reservation took, to be corrected or given back later. Plain JSON. */
export interface Hold {
  readonly charges: readonly Charge[];
  /** Set when the call probes a half-open breaker. */
  readonly probe: { readonly attr: string; readonly untilMs: number } | null;
}

/** A write to try, or why there is no use in trying: the pool, rest or breaker that needs longest, and for how long (Infinity: for ever). */
export type ReservePlan = (GuardedOps & { readonly kind: 'write'; readonly hold: Hold }) | Blocked;

interface Blocked {
  readonly kind: 'blocked';
  readonly by: 'pool' | 'rest' | 'breaker';
  readonly pool: BoundPool | null;
  readonly waitMs: number;
  readonly resetAtMs: number | null;
}

/** Actual use of a call that never reached its provider. */
export const noUse: Amounts = {
  requests: 0,
  tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  audio_seconds: 0,
  usd: 0,
  concurrent: 0,
};

function take(clock: Clock, question: PoolQuestion, taking: Taking): readonly Charge[] {
  switch (clock.kind) {
    case 'rolling':
      return rolling.take(clock, question, taking);
    case 'refill':
      return refill.take(clock, question, taking);
    case 'calendar':
      return calendar.take(clock, question, taking);
    case 'session':
      return session.take(clock, question, taking);
    case 'once':
      return once.take(clock, question, taking);
    case 'concurrent':
      return concurrent.take(clock, question, taking);
  }
}

type Bench = Pick<ReserveInput, 'mark' | 'nowMs' | 'lastResort'>;

/** What keeps the candidate itself from being called now; null when nothing does. */
function findBench({ mark, nowMs, lastResort }: Bench, book: Item): Blocked | null {
  const rest = restOf(book, mark, nowMs);
  // A rest ends after its last millisecond.
  const passes = lastResort && rest !== null && rest.untilMs - nowMs <= shortRestMs;
  if (rest !== null && !passes)
    return { kind: 'blocked', by: 'rest', pool: null, waitMs: rest.untilMs + 1 - nowMs, resetAtMs: rest.untilMs };
  const { waitMs } = breakerState(book, mark, nowMs);
  return waitMs > 0 && !lastResort
    ? { kind: 'blocked', by: 'breaker', pool: null, waitMs, resetAtMs: nowMs + waitMs }
    : null;
}

/** Units of a pool that a reservation takes. */
function takenOf(pool: BoundPool, input: Pick<ReserveInput, 'need' | 'nowMs' | 'caution'>, book: Item): number {
  const least = amountOf(pool.unit, input.need);
  if (least <= 0) return 0;
  return cautious(least, { unit: pool.unit, max: effectiveMax(pool, book, input.nowMs), caution: input.caution });
}

/**
 * How long until the same reservation could be planned, ms: 0 now, Infinity never. Gives up with what is known of it once that is not less
 * than `mostMs`. With a crowd of so many alike: until there is room for all of them.
 */
export function waitToReserve(
  { crowd = 1, ...input }: Omit<ReserveInput, 'leaseMs' | 'random'> & { readonly crowd?: number },
  mostMs: number,
): number {
  const book = input.book ?? noItem;
  const bench = findBench(input, book);
  let longestMs = bench === null ? 0 : bench.waitMs;
  for (const pool of input.pools) {
    if (longestMs >= mostMs) break;
    const amount = takenOf(pool, input, book) * crowd;
    if (amount > 0) longestMs = Math.max(longestMs, look(pool.clock, ask(pool, amount, input)).waitMs);
  }
  return longestMs;
}

/**
 * Plans one reservation over all pools of a candidate as one guarded write. When the store rejects it, plan again on the item
 * that comes back: either another write (the snapshot was stale) or the reason it can't be.
 */
export function planReserve(input: ReserveInput): ReservePlan {
  const { pools, mark, nowMs, leaseMs, random } = input;
  const book = input.book ?? noItem;
  const bench = findBench(input, book);
  if (bench !== null) return bench;
  const draft = toDraft();
  const taking = { draft, leaseMs, random };
  const charges: Charge[] = [];
  let blocked: ReservePlan | null = null;
  let longestMs = 0;
  for (const pool of pools) {
    const amount = takenOf(pool, input, book);
    if (amount <= 0) continue;
    const question = ask(pool, amount, input);
    const { waitMs, resetAtMs } = look(pool.clock, question);
    if (pool.isOnlyCounted && waitMs > 0) continue;
    if (waitMs > longestMs) {
      longestMs = waitMs;
      blocked = { kind: 'blocked', by: 'pool', pool, waitMs, resetAtMs };
    }
    if (blocked === null) charges.push(...take(pool.clock, question, taking));
  }
  if (blocked !== null) return blocked;
  if (!input.lastResort) guardRest(draft, mark, nowMs);
  const untilMs = input.lastResort ? null : guardBreaker(draft, { book, mark, nowMs, leaseMs });
  const probe = untilMs === null ? null : { attr: `${mark}!h`, untilMs };
  return { kind: 'write', ...draft, hold: { charges, probe } };
}

/** The hold once its write has been applied, `item` being what came of it. */
export function confirmHold(hold: Hold, item: Item): Hold {
  if (!hold.charges.some((charge) => charge.kind === 'refill' && charge.idle !== undefined)) return hold;
  const charges = hold.charges.map((charge) => {
    if (charge.kind !== 'refill') return charge;
    const overMs = refillOverMs(charge, numberIn(item, charge.attr) ?? 0);
    return overMs > 0 ? { ...charge, overMs } : charge;
  });
  return { ...hold, charges };
}

/** A part of what was reserved for several calls, as a reservation of its own: so much of each unit. To be settled once; all parts together hold no more than the whole. */
export function partOf({ charges }: Hold, amounts: Amounts): Hold {
  return {
    charges: charges.map((charge) =>
      charge.kind === 'lease' ? charge : { ...charge, amount: amounts[charge.unit] ?? 0 },
    ),
    probe: null,
  };
}

function settleCharge(
  charge: Exclude<Charge, { kind: 'lease' }>,
  actual: number,
  settling: { draft: Draft; nowMs: number },
): void {
  const { draft, nowMs } = settling;
  const by = actual - charge.amount;
  if (charge.kind === 'refill') draft.add[charge.attr] = refillShiftMs(charge, actual, nowMs) - (charge.overMs ?? 0);
  else if (by === 0) return;
  else if (charge.kind === 'rolling') raiseRolling(charge, by, settling);
  // A window that is over is no use to anybody, and may already be gone.
  else if (charge.endMs === null || nowMs < charge.endMs) draft.add[charge.attr] = by;
}

/** What the call really used of a unit; undefined when that is not known. */
function actualOf(unit: PoolUnit, actual: Amounts): number | undefined {
  if (unit !== 'tokens' || actual.tokens !== undefined) return actual[unit];
  const { input_tokens: input, output_tokens: output } = actual;
  return input === undefined || output === undefined ? undefined : input + output;
}

/**
 * Replaces the estimate of a reservation by what was really used, and gives back its leases. `actual` null, or a unit absent
 * from it, keeps the estimate; `noUse` releases everything. Safe to apply at any later time; unsafe to apply twice.
 */
export function planSettle({ hold, actual, nowMs }: { hold: Hold; actual: Amounts | null; nowMs: number }): Ops {
  const draft = toDraft();
  for (const charge of hold.charges) {
    if (charge.kind === 'lease') {
      // Once it has run out it may be somebody else's.
      if (nowMs < charge.untilMs) draft.remove.push(charge.attr);
      continue;
    }
    const used = actual === null ? undefined : actualOf(charge.unit, actual);
    if (used !== undefined || charge.kind === 'refill') settleCharge(charge, used ?? charge.amount, { draft, nowMs });
  }
  if (hold.probe !== null && nowMs < hold.probe.untilMs) draft.remove.push(hold.probe.attr);
  return mergeOps(draft);
}
