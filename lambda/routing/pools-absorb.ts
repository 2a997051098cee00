// What replies say about limits, laid over our own books: other limits than configured, and use by others.
import { applyUpdate } from '#shared/items.ts';
import type { Item } from '#shared/items.ts';
import type { Clock, PoolUnit } from '#shared/pools.ts';
import { doubtfulUntil, windowCountName } from './pools-counters.ts';
import { learnOthers } from './pools-foreign.ts';
import { learnedLimit, noteTold, toLearned } from './pools-learned.ts';
import { numberIn, toDraft } from './pools-ops.ts';
import type { Draft, Ops } from './pools-ops.ts';
import { raiseAt, slotMsOf, usedStrictly } from './pools-rolling.ts';
import { ask, viewPool } from './pools-view.ts';
import type { Moment } from './pools-view.ts';
import type { BoundPool, PoolView } from './types.ts';

/** A limit seen again is noted anew only after this long, to spare writes. */
const refreshAfterMs = 86_400_000;
/** A bucket that was in use this recently is raised by adding, so that reservations made meanwhile are kept. */
const recentMs = 60_000;

/** One limit as a provider reported it; null is unknown. */
export interface LimitReport {
  readonly unit: PoolUnit;
  readonly period: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'unknown';
  readonly limit: number | null;
  readonly remaining: number | null;
  /** When all of it is back, as the provider says; absent or null is unknown. */
  readonly resetAtMs?: number | null;
  readonly from: 'header' | 'body';
}

export interface AbsorbInput extends Moment {
  readonly pools: readonly BoundPool[];
  readonly observed: readonly LimitReport[];
  readonly settled: Ops | null;
}

/** What to write, and the pools whose limit is 0 according to the provider: it does not serve this at all on this plan. */
export interface Absorbed extends Ops {
  /** There seems to be use by others; judged by an old copy it may be our own, by another instance. */
  readonly foreign?: true;
  readonly quarantined: readonly BoundPool[];
}

const periodSeconds: Readonly<Partial<Record<LimitReport['period'], number>>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
};

function hasPeriod(clock: Clock, period: LimitReport['period']): boolean {
  if (clock.kind === 'calendar') return clock.every === period;
  return (clock.kind === 'rolling' || clock.kind === 'refill') && clock.seconds === periodSeconds[period];
}

/** The pool a report speaks of: the only one of its unit and period, or among several the only one with that limit. */
export function poolOf(
  report: Pick<LimitReport, 'unit' | 'period' | 'limit'>,
  pools: readonly BoundPool[],
  maxOf: (pool: BoundPool) => number = ({ max }) => max,
): BoundPool | undefined {
  const sameUnit = pools.filter(({ unit }) => unit === report.unit);
  const matches =
    report.period === 'unknown' ? sameUnit : sameUnit.filter(({ clock }) => hasPeriod(clock, report.period));
  if (matches.length <= 1) return matches[0];
  const exact = matches.filter((pool) => maxOf(pool) === report.limit);
  return exact.length === 1 ? exact[0] : undefined;
}

function findView(report: LimitReport, views: readonly PoolView[]): PoolView | undefined {
  const maxOf = (pool: BoundPool): number => views.find((view) => view.pool === pool)?.max ?? pool.max;
  const found = poolOf(
    report,
    views.map(({ pool }) => pool),
    maxOf,
  );
  return views.find(({ pool }) => pool === found);
}

/** A live header outweighs a live error text, which outweighs what was configured. */
function toLesson(pool: BoundPool, { limit, from }: LimitReport, { book, nowMs }: Moment): Item {
  const known = learnedLimit(pool, book ?? {}, nowMs);
  if (limit === null || limit === (known === null ? pool.max : undefined)) return {};
  if (known !== null && from === 'body' && known.from === 'header') return {};
  if (known?.max === limit && known.from === from && nowMs - known.atMs < refreshAfterMs) return {};
  return toLearned(pool, { max: limit, atMs: nowMs, from });
}

const applied = (book: Item | null, ops: Ops): Item | null =>
  applyUpdate(book, { key: { pk: '', sk: '' }, guards: [], ...ops }).item;

interface Raise {
  readonly pool: BoundPool;
  readonly by: number;
  readonly max: number;
  readonly resetAtMs: number | null;
}

/** When use by others is taken to have been: just now, or so long ago that it is forgotten when the provider says. */
function usedAtMs({ resetAtMs }: Raise, seconds: number, nowMs: number): number {
  if (resetAtMs === null || resetAtMs <= nowMs) return nowMs;
  return Math.min(nowMs, resetAtMs - seconds * 1000);
}

/** What the provider should have counted of ours. */
function usedBy({ pool, used }: PoolView, moment: Moment): number {
  return pool.clock.kind === 'rolling' ? usedStrictly(pool.clock, ask(pool, 0, moment)) : used;
}

/** Counts units that others used. Balances, sessions and leases are never told in headers. */
function raise(seen: Raise, { book, nowMs, zones }: Moment, draft: Draft): void {
  const { pool, by, max } = seen;
  const { key, clock } = pool;
  if (clock.kind === 'rolling') {
    const atMs = usedAtMs(seen, clock.seconds, nowMs);
    raiseAt({ key, slotMs: slotMsOf(pool, clock.seconds), by, atMs }, draft);
  }
  if (clock.kind === 'calendar') draft.add[windowCountName(key, zones.windowAt(clock, nowMs).startMs)] = by;
  if (clock.kind !== 'refill') return;
  const shiftMs = (by * clock.seconds * 1000) / max;
  const fullAtMs = numberIn(book ?? {}, key) ?? 0;
  if (fullAtMs >= nowMs - recentMs) draft.add[key] = Math.max(0, nowMs - fullAtMs) + shiftMs;
  else draft.set[key] = nowMs + shiftMs;
}

/**
 * Learns limits from a reply, and counts use by others: where the provider has less left than we think, the difference is
 * added. Where it has more left nothing changes, since calls of ours may not have reached it. `settled` is what the same write
 * corrects in `book` for the call itself (null: nothing); merge it before what this answers.
 */
export function absorbLimits({ pools, observed, settled, ...before }: AbsorbInput): Absorbed {
  const draft = toDraft();
  const quarantined: BoundPool[] = [];
  let foreign: true | false = false;
  const moment = { ...before, book: settled === null ? before.book : applied(before.book, settled) };
  const views = observed.length === 0 ? [] : pools.map((pool) => viewPool({ pool, need: {}, ...moment }));
  const counted = new Set<BoundPool>();
  for (const report of observed) {
    const view = findView(report, views);
    if (view === undefined) continue;
    const { pool } = view;
    if (report.limit !== null && report.limit <= 0) {
      quarantined.push(pool);
      continue;
    }
    Object.assign(draft.set, toLesson(pool, report, moment));
    if (report.remaining === null || view.max <= 0 || counted.has(pool)) continue;
    // What is left of the day before says nothing of the one that has just begun.
    if (pool.clock.kind === 'calendar' && doubtfulUntil(pool.clock, moment) !== null) continue;
    counted.add(pool);
    Object.assign(draft.set, noteTold(pool, moment.book ?? {}, moment.nowMs));
    const max = report.limit ?? view.max;
    // A bucket is kept as time to refill, so with another limit the same state means other units.
    const ours = pool.clock.kind === 'refill' ? (view.used * max) / view.max : usedBy(view, moment);
    const unseen = max - Math.max(0, report.remaining) - ours;
    // Less than one unit is what refilled on the way here.
    const isUse = unseen >= 1;
    if (isUse) {
      foreign = true;
      raise({ pool, by: unseen, max, resetAtMs: report.resetAtMs ?? null }, moment, draft);
    }
    Object.assign(draft.set, learnOthers(pool, moment.book ?? {}, { unseen: isUse ? unseen : 0, nowMs: moment.nowMs }));
  }
  return { add: draft.add, set: draft.set, remove: draft.remove, quarantined, ...(foreign ? { foreign } : {}) };
}
