// How fast the quota that lasts for hours or days is used, by everybody together: found out from the books, once a minute.
import type { ModelKind } from '#shared/catalog.ts';
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import { drawnUnits, scarcityOf, toStock, type Stock } from '../routing/scarcity.ts';
import type { BoundPool, PoolView } from '../routing/types.ts';

const LOOK_MS = 60_000;
/** What was used longer ago says nothing of now; what was used in less time than that says nothing yet. */
const MEMORY_MS = 60 * 60_000;
const LEAST_MS = 5 * 60_000;
/** Weight of the newest call in the mean of what calls need; the first ones weigh as much as each other. */
const EWMA = 0.02;

/** Pools that are drawn on together, and the kinds of requests that do so for free. */
export interface Tap {
  readonly pools: readonly BoundPool[];
  readonly kinds: ReadonlySet<ModelKind>;
}

/** How those pools of a tap stand that last for hours or days; null: nobody knows, or nobody may be asked for a while. */
export type TapViews = readonly PoolView[] | null;

export interface Pace {
  /** Notes what a call needs. */
  asked(need: Amounts): void;
  /** Whether it is time to look again. */
  isDue(nowMs: number): boolean;
  /** Notes how all taps stand, in their order. */
  look(views: readonly TapViews[], nowMs: number): void;
  /** See `scarcityOf`: of what serves this kind of request for free. null while too little is known, or where nothing lasts that long. */
  scarcity(kind: ModelKind): number | null;
}

/** All taps of one kind of request together. */
class Flow {
  scarcity: number | null = null;
  readonly #sinceMs: number;
  #draws: { readonly atMs: number; readonly calls: number }[] = [];

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  note(stocks: readonly Stock[], calls: number, nowMs: number): void {
    this.#draws.push({ atMs: nowMs, calls });
    this.#draws = this.#draws.filter(({ atMs }) => atMs > nowMs - MEMORY_MS);
    const knownMs = Math.min(MEMORY_MS, nowMs - this.#sinceMs);
    const drawn = this.#draws.reduce((sum, draw) => sum + draw.calls, 0);
    this.scarcity = knownMs < LEAST_MS ? null : scarcityOf(stocks, drawn / knownMs, nowMs);
  }
}

/** Stock and use of one tap since the last look. */
interface Drawn {
  readonly stock: Stock;
  readonly calls: number;
}

/** A pace of which nothing is known yet. */
export function createPace(taps: readonly Tap[]): Pace {
  const units = new Set(taps.flatMap(({ pools }) => pools.map(({ unit }) => unit)));
  units.delete('requests');
  const means = new Map<PoolUnit, number>();
  let calls = 0;
  const flows = new Map<ModelKind, Flow>();
  let before: readonly TapViews[] = [];
  let lookedAtMs = -Infinity;

  /** By the pool that leaves fewest calls. */
  function toDrawn(tap: number, views: readonly PoolView[], nowMs: number): Drawn | null {
    let tightest: Drawn | null = null;
    for (const [at, view] of views.entries()) {
      const { unit } = view.pool;
      // Of the mean size, whoever is served there: what is not had there is wanted elsewhere.
      const size = unit === 'requests' ? 1 : (means.get(unit) ?? 0);
      if (size <= 0) continue;
      const stock = toStock(view, size, nowMs);
      if (tightest !== null && tightest.stock.calls <= stock.calls) continue;
      const last = before[tap]?.[at];
      tightest = {
        stock,
        calls: last === undefined ? 0 : drawnUnits(last, view, Math.max(0, nowMs - lookedAtMs)) / size,
      };
    }
    return tightest;
  }

  return {
    asked: (need) => {
      const weight = Math.max(EWMA, 1 / ++calls);
      for (const unit of units) {
        const mean = means.get(unit) ?? 0;
        means.set(unit, mean + weight * ((need[unit] ?? 0) - mean));
      }
    },
    isDue: (nowMs) => Math.abs(nowMs - lookedAtMs) >= LOOK_MS,
    look: (all, nowMs) => {
      const known = new Map<ModelKind, Drawn[]>();
      for (const [tap, views] of all.entries()) {
        const drawn = views === null ? null : toDrawn(tap, views, nowMs);
        if (drawn === null) continue;
        for (const kind of taps[tap]?.kinds ?? []) known.set(kind, [...(known.get(kind) ?? []), drawn]);
      }
      for (const [kind, drawn] of known) {
        const flow = flows.get(kind) ?? new Flow(nowMs);
        flows.set(kind, flow);
        const calls = drawn.reduce((sum, one) => sum + one.calls, 0);
        flow.note(
          drawn.map(({ stock }) => stock),
          calls,
          nowMs,
        );
      }
      before = all;
      lookedAtMs = nowMs;
    },
    scarcity: (kind) => flows.get(kind)?.scarcity ?? null,
  };
}
