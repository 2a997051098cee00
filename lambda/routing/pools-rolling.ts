// Rolling pools as overlapping windows: capping each of them caps every interval of the pool's length.
import type { Clock } from '#shared/pools.ts';
import type { Item } from '#shared/items.ts';
import type { Draft } from './pools-ops.ts';
import { numberIn } from './pools-ops.ts';
import type { Charge, PoolRules } from './pools-rules.ts';

/**
 * Slots per interval. Window j covers slots j..j+K, one more than the interval is long, so any interval lies inside one window;
 * what is taken in slot s counts in windows s-K..s. Sustained rate is K/(K+1) of the limit; bursts may use all of it.
 */
export const slotsPerInterval = 12;
const K = slotsPerInterval;

type RollingClock = Extract<Clock, { kind: 'rolling' }>;

const slotAt = (atMs: number, seconds: number): number => Math.floor((atMs * K) / (seconds * 1000));
const slotStartMs = (slot: number, seconds: number): number => Math.ceil((slot * seconds * 1000) / K);
const windowName = (key: string, slot: number): string => `${key}:${slot.toString(36)}`;

/** Windows nobody can count in any more, nor a late settle of a slow instance. Windows of the last 2K slots stay. */
function findDead(book: Item, key: string, slot: number): string[] {
  const prefix = `${key}:`;
  const dead: string[] = [];
  for (const name in book) {
    if (name.startsWith(prefix) && Number.parseInt(name.slice(prefix.length), 36) < slot - 2 * K) dead.push(name);
  }
  return dead;
}

/** At most `max` in any interval of `seconds`. */
export const rolling: PoolRules<RollingClock> = {
  look({ seconds }, { key, max, book, amount, nowMs }) {
    const slot = slotAt(nowMs, seconds);
    let used = 0;
    let newest = -1;
    let blocking = -1;
    for (let window = slot - K; window <= slot; window++) {
      const count = numberIn(book, windowName(key, window));
      if (count === undefined || count <= 0) continue;
      if (count > used) used = count;
      if (count > max - amount) blocking = window;
      newest = window;
    }
    const resetAtMs = newest < 0 ? nowMs : slotStartMs(newest + K + 1, seconds);
    if (amount > max) return { used, resetAtMs, waitMs: Infinity };
    const waitMs = blocking < 0 ? 0 : slotStartMs(blocking + K + 1, seconds) - nowMs;
    return { used, resetAtMs, waitMs };
  },

  take({ seconds }, { key, unit, max, book, amount, nowMs }, { draft }) {
    const slot = slotAt(nowMs, seconds);
    for (let window = slot - K; window <= slot; window++) {
      const attr = windowName(key, window);
      draft.guards.push({ attr, is: 'atMost', value: max - amount, orAbsent: true });
      draft.add[attr] = amount;
    }
    // Sweeping once a slot is enough: the first reservation of a slot finds its window missing.
    if (book[windowName(key, slot)] === undefined) draft.remove.push(...findDead(book, key, slot));
    return { kind: 'rolling', key, unit, amount, seconds, slot };
  },
};

/** Adds to the windows a reservation counted in, as far as they still matter; dead ones may be gone and must not come back. */
export function raiseRolling(
  charge: Extract<Charge, { kind: 'rolling' }>,
  by: number,
  { draft, nowMs }: { draft: Draft; nowMs: number },
): void {
  const oldestAlive = slotAt(nowMs, charge.seconds) - K;
  for (let window = Math.max(charge.slot - K, oldestAlive); window <= charge.slot; window++) {
    draft.add[windowName(charge.key, window)] = by;
  }
}

/** Counts units used by others at unknown times: in every window that still matters. */
export function raiseAllWindows(
  { key, seconds, by, nowMs }: { key: string; seconds: number; by: number; nowMs: number },
  draft: Draft,
): void {
  const slot = slotAt(nowMs, seconds);
  for (let window = slot - K; window <= slot; window++) draft.add[windowName(key, window)] = by;
}
