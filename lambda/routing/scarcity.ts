// Whether free quota that lasts for hours or days runs out before it comes back, if use goes on as it does: all that serves one kind of request together.
import { periodMs } from './pools-pace.ts';
import type { PoolView } from './types.ts';

const DAY_MS = 86_400_000;
/** What comes back within this time is no help to those who ask now. */
const SOON_MS = 600_000;

/** Nothing is left. */
export const MOST_SCARCE = 100;

/** What pools that are drawn on together still hold, in calls. */
export interface Stock {
  readonly calls: number;
  /** What comes back bit by bit, calls per millisecond. */
  readonly callsPerMs: number;
  /** When it comes back whole, ms since the epoch; null when it does not within a day. */
  readonly resetAtMs: number | null;
  /** What there is then. */
  readonly whole: number;
}

/** The stock of one pool. What lasts for more than a day is spread evenly over its days. */
export function toStock(
  { pool: { clock }, used, max, resetAtMs }: PoolView,
  unitsPerCall: number,
  nowMs: number,
): Stock {
  const calls = Math.max(0, max - used) / unitsPerCall;
  const whole = max / unitsPerCall;
  if (clock.kind === 'refill' || clock.kind === 'rolling')
    return { calls, callsPerMs: whole / periodMs(clock), resetAtMs: null, whole };
  const leftMs = (resetAtMs ?? Infinity) - nowMs;
  if (leftMs <= DAY_MS) return { calls, callsPerMs: 0, resetAtMs, whole };
  return { calls: (calls * DAY_MS) / leftMs, callsPerMs: 0, resetAtMs: null, whole };
}

/** Units taken from a pool between two looks at it, `ms` apart; at least, where some of it came back meanwhile. */
export function drawnUnits(before: PoolView, after: PoolView, ms: number): number {
  const { clock } = after.pool;
  const back =
    clock.kind === 'refill' || clock.kind === 'rolling'
      ? (after.max * ms) / periodMs(clock)
      : before.resetAtMs === after.resetAtMs
        ? 0
        : Infinity;
  return Math.max(0, after.used - Math.max(0, before.used - back));
}

/**
 * What is used until quota comes back, as a share of what there is until then, at the worst of all such moments within a day: above 1 it
 * runs out before. `callsPerMs` is how fast it is used now. At most `MOST_SCARCE`, as when nothing is left.
 */
export function scarcityOf(stocks: readonly Stock[], callsPerMs: number, nowMs: number): number {
  const left = stocks.reduce((sum, { calls }) => sum + Math.floor(calls), 0);
  if (left === 0) return MOST_SCARCE;
  let worst = (callsPerMs * SOON_MS) / left;
  const moments = stocks.flatMap(({ resetAtMs }) => (resetAtMs === null ? [] : [resetAtMs]));
  for (const atMs of new Set([...moments, nowMs + DAY_MS])) {
    const ms = atMs - nowMs;
    let supply = 0;
    for (const stock of stocks)
      supply += stock.calls + stock.callsPerMs * ms + ((stock.resetAtMs ?? Infinity) < atMs ? stock.whole : 0);
    worst = Math.max(worst, (callsPerMs * ms) / supply);
  }
  return Math.min(MOST_SCARCE, worst);
}
