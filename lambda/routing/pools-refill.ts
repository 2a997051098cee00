// Refilling pools as an exact token bucket, kept as one number: the time at which the bucket is full again.
import type { Clock } from '#shared/pools.ts';
import { numberIn } from './pools-ops.ts';
import { arrivalMs, wayMs, type Charge, type PoolRules } from './pools-rules.ts';

type RefillClock = Extract<Clock, { kind: 'refill' }>;
type RefillCharge = Extract<Charge, { kind: 'refill' }>;

/** Sums of fractions near 2e12 ms are off by some ten-thousandths; this much refill, two microseconds' worth, is forgiven. */
const noiseMs = 0.002;
/** Adding a moment of idleness to what is taken fills the bucket for a while if somebody else did too: half of it at most. */
const LARGEST_GAP = 0.5;
/** Where so much has been taken meanwhile, many were faster, and all of them added that moment: better look again. */
const LARGEST_RUSH = 0.2;

/** Capacity `max`, refilled evenly over `seconds`. */
export const refill: PoolRules<RefillClock> = {
  look({ seconds }, { key, max, book, amount, nowMs: clockMs, doubtMs = 0 }) {
    // This clock may be ahead: no more has refilled than by the latest that it may be.
    const nowMs = clockMs - doubtMs;
    const periodMs = seconds * 1000;
    const fullAtMs = Math.max(numberIn(book, key) ?? 0, nowMs);
    const used = ((fullAtMs - nowMs) / periodMs) * max;
    if (amount > max || max === 0) return { used, resetAtMs: fullAtMs, waitMs: amount === 0 ? 0 : Infinity };
    const excessMs = fullAtMs + (amount * periodMs) / max - periodMs - nowMs;
    return { used, resetAtMs: fullAtMs, waitMs: excessMs <= noiseMs ? 0 : Math.ceil(excessMs - noiseMs) };
  },

  take({ seconds }, { key, unit, max, book, amount, nowMs, lateMs, doubtMs }, { draft }) {
    const periodMs = seconds * 1000;
    const costMs = (amount * periodMs) / max;
    const charge = { kind: 'refill', attr: key, unit, amount, msPerUnit: periodMs / max, atMs: nowMs } as const;
    const fullAtMs = numberIn(book, key);
    if (fullAtMs !== undefined && fullAtMs >= nowMs + lateMs) {
      // Busy, and still so when it is used: reservations only add, so they don't disturb each other.
      draft.guards.push({ attr: key, is: 'atLeast', value: nowMs + lateMs, orAbsent: false });
      const mostMs = nowMs - (doubtMs ?? 0) + periodMs - costMs + noiseMs;
      draft.guards.push({ attr: key, is: 'atMost', value: mostMs, orAbsent: false });
      draft.add[key] = costMs;
      return [charge];
    }
    // A full bucket begins to refill when the call reaches the provider, not before.
    const toMs = nowMs + lateMs + (doubtMs === undefined ? arrivalMs : wayMs + doubtMs);
    const addedMs = fullAtMs === undefined ? Infinity : toMs - fullAtMs + costMs;
    if (fullAtMs === undefined || addedMs > periodMs * LARGEST_GAP) {
      draft.guards.push({ attr: key, is: 'below', value: nowMs, orAbsent: true });
      draft.set[key] = toMs + costMs;
      return [charge];
    }
    // Idle for a moment: adding that moment comes to the same, and holds also when somebody else was faster.
    draft.guards.push({ attr: key, is: 'atLeast', value: fullAtMs, orAbsent: false });
    const mostMs = nowMs + Math.min(periodMs - addedMs, periodMs * LARGEST_RUSH);
    draft.guards.push({ attr: key, is: 'atMost', value: mostMs, orAbsent: false });
    draft.add[key] = addedMs;
    return [{ ...charge, idle: { fromMs: fullAtMs, toMs } }];
  },
};

/** What a reservation added too much to a bucket that it thought idle, ms: seen from the state after its write. */
export function refillOverMs({ idle, amount, msPerUnit, atMs }: RefillCharge, fullAtMs: number): number {
  if (idle === undefined) return 0;
  const costMs = amount * msPerUnit;
  const beforeMs = fullAtMs - costMs - (idle.toMs - idle.fromMs);
  const rightMs = beforeMs < atMs ? idle.toMs + costMs : beforeMs + costMs;
  return Math.max(0, fullAtMs - rightMs);
}

/**
 * How far the full-again time moves when `amount` becomes `actual`. What has refilled since the reservation can't be handed
 * back: had the call taken less, the bucket would have been full sooner and have refilled less.
 */
export function refillShiftMs(charge: RefillCharge, actual: number, nowMs: number): number {
  const costMs = charge.amount * charge.msPerUnit;
  const actualMs = actual * charge.msPerUnit;
  if (actualMs >= costMs) return actualMs - costMs;
  const refilledMs = Math.max(0, nowMs - charge.atMs);
  return Math.min(0, Math.max(actualMs, refilledMs) - costMs);
}
