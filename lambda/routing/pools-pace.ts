// Whether quota that lasts for hours or days is spent faster than its time passes.
import type { Clock } from '#shared/pools.ts';
import type { PoolView } from './types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Quota that comes back sooner than this is lost if it is not used: there is nothing to keep. */
const SHORT_MS = 2 * HOUR_MS;
/** What refills all the time is spent freely down to here: a full bucket wastes its refill, an empty one is no help at a peak. */
const FREELY = 0.5;

/** In the last hundredth of a window nothing is urgent any more. */
const LAST = 0.01;
/** Share of the quota still to come that is held back for peaks; less and less of it as the window ends. */
const RESERVE = 0.6;

const calendarMs = { minute: 60_000, hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;

/** Length of the window in which a pool comes back whole, ms; Infinity for a balance, 0 for places. */
export function periodMs(clock: Clock): number {
  switch (clock.kind) {
    case 'refill':
    case 'rolling':
    case 'session':
      return clock.seconds * 1000;
    case 'calendar':
      return calendarMs[clock.every];
    case 'once':
      return Infinity;
    case 'concurrent':
      return 0;
  }
}

/**
 * How much more of the pool is used than is due by now, as a share of the time that is left, -1..1. Due is the share of its window that is
 * gone, less a reserve for peaks: above 0, going on like this empties it before it comes back; far below, some of it will be left over.
 * null for pools that come back soon, or are places rather than quota.
 */
export function overdraftOf({ pool: { clock }, pressure, resetAtMs }: PoolView, nowMs: number): number | null {
  const lengthMs = periodMs(clock);
  if (lengthMs <= SHORT_MS) return null;
  if (clock.kind === 'once') return pressure;
  if (clock.kind === 'refill' || clock.kind === 'rolling') return pressure - FREELY;
  const leftMs = resetAtMs === null ? lengthMs : Math.max(0, resetAtMs - nowMs);
  // A session that has not begun is all there.
  const isIdle = clock.kind === 'session' && leftMs === 0;
  if (isIdle) return pressure - 1;
  const left = Math.min(1, leftMs / lengthMs);
  const ahead = pressure - (1 - left) * (1 - RESERVE * left);
  return Math.max(-1, Math.min(1, ahead / Math.max(left, LAST)));
}
