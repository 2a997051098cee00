// When quota that lasts for hours or days will run out, if use goes on as it has since its window began.
import { amountOf } from './pools-rules.ts';
import { periodMs } from './pools-pace.ts';
import type { Need, PoolView } from './types.ts';

/** Less than this of a window, or fewer units, say nothing about the rest of it. */
const LEAST_SHARE = 0.02;
const LEAST_MS = 5 * 60_000;
const LEAST_UNITS = 3;

/** How a pool will fare. `unitsPerMs` null: too little is known. `runsOutAtMs` null: it lasts until it comes back, or nobody knows. */
export interface PoolForecast {
  readonly unitsPerMs: number | null;
  readonly runsOutAtMs: number | null;
}

const unknown: PoolForecast = { unitsPerMs: null, runsOutAtMs: null };

/** The forecast for one pool. Only windows with a beginning tell a rate: calendar windows and sessions. */
export function forecastPool({ pool: { clock }, used, max, resetAtMs }: PoolView, nowMs: number): PoolForecast {
  if ((clock.kind !== 'calendar' && clock.kind !== 'session') || resetAtMs === null) return unknown;
  const lengthMs = periodMs(clock);
  const goneMs = lengthMs - (resetAtMs - nowMs);
  if (used >= max) return { unitsPerMs: null, runsOutAtMs: nowMs };
  if (goneMs < Math.max(LEAST_MS, lengthMs * LEAST_SHARE) || used < LEAST_UNITS) return unknown;
  const unitsPerMs = used / goneMs;
  const runsOutAtMs = nowMs + (max - used) / unitsPerMs;
  return { unitsPerMs, runsOutAtMs: runsOutAtMs < resetAtMs ? runsOutAtMs : null };
}

/** The pool of a candidate that leaves the fewest calls of this size; null when something lasts for ever. */
function findTightest(
  views: readonly PoolView[],
  need: Need,
): { view: PoolView; calls: number; amount: number } | null {
  let tightest: { view: PoolView; calls: number; amount: number } | null = null;
  for (const view of views) {
    const { clock, unit } = view.pool;
    const amount = amountOf(unit, need);
    if (amount <= 0 || (clock.kind !== 'calendar' && clock.kind !== 'session')) continue;
    const calls = Math.max(0, (view.max - view.used) / amount);
    if (tightest === null || calls < tightest.calls) tightest = { view, calls, amount };
  }
  return tightest;
}

/**
 * When all of these candidates together have nothing left, ms since the epoch, if calls of this size go on at the present rate and move from
 * those that run out to those that still have some. null: never before one of them comes back, or nobody knows. Pools that several candidates
 * share count once.
 */
export function forecastAll(
  candidates: readonly { readonly views: readonly PoolView[]; readonly need: Need }[],
  nowMs: number,
): number | null {
  const seen = new Set<string>();
  let calls = 0;
  let callsPerMs = 0;
  let firstResetMs = Infinity;
  for (const { views, need } of candidates) {
    const tightest = findTightest(views, need);
    // Whoever is limited by minutes only goes on serving.
    if (tightest === null) return null;
    const { view, amount } = tightest;
    if (seen.has(view.pool.key)) continue;
    seen.add(view.pool.key);
    calls += tightest.calls;
    callsPerMs += (forecastPool(view, nowMs).unitsPerMs ?? 0) / amount;
    firstResetMs = Math.min(firstResetMs, view.resetAtMs ?? Infinity);
  }
  if (seen.size === 0) return null;
  if (calls < 1) return nowMs;
  if (callsPerMs === 0) return null;
  const runsOutAtMs = nowMs + calls / callsPerMs;
  return runsOutAtMs < firstResetMs ? runsOutAtMs : null;
}
