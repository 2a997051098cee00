// A small world for pool tests: one book, several writers with stale copies, and a log of admissions judged by brute force.
import { applyUpdate, type Item } from '#shared/items.ts';
import type { Amounts } from '#shared/pools.ts';
import { createZoneClock } from '#lambda/routing/clocks.ts';
import {
  confirmHold,
  type Hold,
  noUse,
  planReserve,
  planSettle,
  type ReservePlan,
  viewPool,
} from '#lambda/routing/pools.ts';
import type { Ops } from '#lambda/routing/pools-ops.ts';
import type { BoundPool } from '#lambda/routing/types.ts';

export const key = { pk: 'book', sk: 's' };
export const zones = createZoneClock();
export const leaseMs = 60_000;

/** A pool with what tests care about. */
export const toPool = (name: string, pool: Pick<BoundPool, 'unit' | 'max' | 'clock'>): BoundPool => ({
  key: name,
  models: ['*'],
  scope: 'credential',
  ...pool,
});

/** Applies operations without guards. */
export const write = (book: Item | null, ops: Ops): Item | null => applyUpdate(book, { key, guards: [], ...ops }).item;

/** Plans for a candidate with these pools. */
export function plan(
  pools: readonly BoundPool[],
  book: Item | null,
  at: { nowMs: number; need?: Amounts; random?: number },
): ReservePlan {
  const { nowMs, need = {}, random = 0 } = at;
  return planReserve({ pools, book, nowMs, need, random, mark: 'm', leaseMs, zones, lastResort: false, caution: 1 });
}

/** Plans and applies; throws when blocked. */
export function reserve(
  pools: readonly BoundPool[],
  book: Item | null,
  at: { nowMs: number; need?: Amounts },
): { book: Item; hold: Hold } {
  const planned = plan(pools, book, at);
  if (planned.kind === 'blocked') throw new Error(`blocked for ${planned.waitMs} ms`);
  const result = applyUpdate(book, { key, ...planned });
  if (!result.applied) throw new Error('rejected');
  return { book: result.item, hold: planned.hold };
}

interface Admission {
  readonly atMs: number;
  readonly hold: Hold;
  tokens: number;
  requests: number;
  done: boolean;
}

const amountIn = (pool: BoundPool, admission: Admission): number =>
  pool.unit === 'tokens' ? admission.tokens : admission.requests;

function bucketLevel(pool: BoundPool, seconds: number, log: readonly Admission[]): number {
  let level = pool.max;
  let lastMs = log[0]?.atMs ?? 0;
  for (const admission of log) {
    level =
      Math.min(pool.max, level + ((admission.atMs - lastMs) * pool.max) / (seconds * 1000)) - amountIn(pool, admission);
    lastMs = admission.atMs;
  }
  return level;
}

/** The label of a calendar window, from formatted local time: shares no code with what is tested. */
function windowLabel(clock: Extract<BoundPool['clock'], { kind: 'calendar' }>, atMs: number): string {
  const [date = ''] = new Date(atMs).toLocaleString('sv-SE', { timeZone: clock.zone }).split(' ');
  if (clock.every === 'month') return date.slice(0, 7);
  if (clock.every === 'day') return date;
  throw new Error('not checked by label');
}

/** Units of the pool that count at the last admission, and how much may. */
function standing(pool: BoundPool, log: readonly Admission[]): { counted: number; max: number } {
  const nowMs = log.at(-1)?.atMs ?? 0;
  const sum = (among: readonly Admission[]): number => among.reduce((total, one) => total + amountIn(pool, one), 0);
  const { clock, max } = pool;
  switch (clock.kind) {
    case 'rolling':
      return { counted: sum(log.filter(({ atMs }) => atMs > nowMs - clock.seconds * 1000)), max };
    case 'refill':
      return { counted: -bucketLevel(pool, clock.seconds, log), max: max * 1e-6 };
    case 'calendar':
      return { counted: sum(log.filter(({ atMs }) => windowLabel(clock, atMs) === windowLabel(clock, nowMs))), max };
    case 'once':
      return { counted: sum(log), max };
    case 'session': {
      let startMs = -Infinity;
      for (const { atMs } of log) if (atMs >= startMs + clock.seconds * 1000) startMs = atMs;
      return { counted: sum(log.filter(({ atMs }) => atMs >= startMs)), max };
    }
    case 'concurrent':
      return { counted: log.filter(({ atMs, done }) => !done && atMs + leaseMs >= nowMs).length, max };
  }
}

/** What happened to one attempt to reserve. */
export type Try =
  | { readonly kind: 'admitted'; readonly rounds: number }
  | { readonly kind: 'blocked'; readonly waitMs: number };

/** One book, writers with their own stale copies of it, and the truth about what was admitted. */
export class World {
  readonly pools: readonly BoundPool[];
  readonly log: Admission[] = [];
  readonly copies: (Item | null)[];
  book: Item | null = null;
  nowMs: number;

  constructor(pools: readonly BoundPool[], { writers, nowMs }: { writers: number; nowMs: number }) {
    this.pools = pools;
    this.copies = Array.from({ length: writers }, () => null);
    this.nowMs = nowMs;
  }

  reserve(writer: number, tokens: number): Try {
    for (let rounds = 1; rounds <= 5; rounds++) {
      const planned = plan(this.pools, this.copies[writer] ?? null, {
        nowMs: this.nowMs,
        need: { tokens },
        random: (this.log.length % 7) / 7,
      });
      if (planned.kind === 'blocked') return { kind: 'blocked', waitMs: planned.waitMs };
      const result = applyUpdate(this.book, { key, ...planned });
      this.copies[writer] = result.item;
      if (!result.applied) continue;
      this.book = result.item;
      // Through JSON, since a hold may be kept elsewhere.
      const hold = JSON.parse(JSON.stringify(confirmHold(planned.hold, result.item))) as Hold;
      this.log.push({ atMs: this.nowMs, hold, tokens, requests: 1, done: false });
      return { kind: 'admitted', rounds };
    }
    throw new Error('does not settle on a plan');
  }

  /** `share` of the estimate is what was really used; 0 means the provider was never reached, null that nobody knows. */
  settle(index: number, share: number | null): void {
    const open = this.log.filter(({ done }) => !done);
    const admission = open[index % Math.max(1, open.length)];
    if (admission === undefined) return;
    const tokens = Math.round(admission.tokens * (share ?? 1));
    const actual = share === null ? null : share === 0 ? noUse : { tokens };
    const ops = planSettle({ hold: admission.hold, actual, nowMs: this.nowMs });
    this.book = write(this.book, ops);
    admission.done = true;
    admission.tokens = tokens;
    if (share === 0) admission.requests = 0;
  }

  /** Units that are still taken as somebody with the fresh book finds it, by pool; 0 where nothing is. */
  used(): Record<string, number> {
    const moment = { book: this.book, nowMs: this.nowMs, zones };
    return Object.fromEntries(this.pools.map((pool) => [pool.key, viewPool({ pool, need: {}, ...moment }).used]));
  }

  /** Pools over their limit right now, by brute force over the log. */
  exceeded(): string[] {
    return this.pools
      .filter((pool) => this.log.length > 0 && standing(pool, this.log).counted > standing(pool, this.log).max)
      .map((pool) => pool.key);
  }
}
