// Refilling pools as an exact token bucket, kept as one number: the time at which the bucket is full again.
import type { Clock } from '#shared/pools.ts';
import { numberIn } from './pools-ops.ts';
import { arrivalMs, type Charge, type PoolRules } from './pools-rules.ts';

type RefillClock = Extract<Clock, { kind: 'refill' }>;

/** Sums of fractions near 2e12 ms are off by some ten-thousandths; this much refill, two microseconds' worth, is forgiven. */
const noiseMs = 0.002;

/** Capacity `max`, refilled evenly over `seconds`. */
export const refill: PoolRules<RefillClock> = {
  look({ seconds }, { key, max, book, amount, nowMs }) {
    const periodMs = seconds * 1000;
    const fullAtMs = Math.max(numberIn(book, key) ?? 0, nowMs);
    const used = ((fullAtMs - nowMs) / periodMs) * max;
    if (amount > max || max === 0) return { used, resetAtMs: fullAtMs, waitMs: amount === 0 ? 0 : Infinity };
    const excessMs = fullAtMs + (amount * periodMs) / max - periodMs - nowMs;
    return { used, resetAtMs: fullAtMs, waitMs: excessMs <= noiseMs ? 0 : Math.ceil(excessMs - noiseMs) };
  },

  take({ seconds }, { key, unit, max, book, amount, nowMs }, { draft }) {
    const periodMs = seconds * 1000;
    const costMs = (amount * periodMs) / max;
    if ((numberIn(book, key) ?? 0) >= nowMs) {
      // Busy: reservations only add, so they don't disturb each other.
      draft.guards.push({ attr: key, is: 'atLeast', value: nowMs, orAbsent: false });
      draft.guards.push({ attr: key, is: 'atMost', value: nowMs + periodMs - costMs + noiseMs, orAbsent: false });
      draft.add[key] = costMs;
    } else {
      draft.guards.push({ attr: key, is: 'below', value: nowMs, orAbsent: true });
      // A full bucket begins to refill when the call reaches the provider, not before.
      draft.set[key] = nowMs + arrivalMs + costMs;
    }
    return [{ kind: 'refill', attr: key, unit, amount, msPerUnit: periodMs / max, atMs: nowMs }];
  },
};

/**
 * How far the full-again time moves when `amount` becomes `actual`. What has refilled since the reservation can't be handed
 * back: had the call taken less, the bucket would have been full sooner and have refilled less.
 */
export function refillShiftMs(charge: Extract<Charge, { kind: 'refill' }>, actual: number, nowMs: number): number {
  const costMs = charge.amount * charge.msPerUnit;
  const actualMs = actual * charge.msPerUnit;
  if (actualMs >= costMs) return actualMs - costMs;
  const refilledMs = Math.max(0, nowMs - charge.atMs);
  return Math.min(0, Math.max(actualMs, refilledMs) - costMs);
}
