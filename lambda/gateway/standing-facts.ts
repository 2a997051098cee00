// What a book says of the candidates in it: of each by its own mark, and of all that draw on the same pools together.
import type { Item } from '#shared/items.ts';
import type { Amounts } from '#shared/pools.ts';
import { breakerState, everyMark, restOf } from '../routing/breaker.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import type { Limit, Standing } from '../routing/decide.ts';
import { viewPool } from '../routing/pools.ts';
import { cautionOf } from '../routing/pools-caution.ts';
import { othersAtWorstIn, othersIn } from '../routing/pools-foreign.ts';
import { numberIn, toAttr } from '../routing/pools-ops.ts';
import { overdraftOf } from '../routing/pools-pace.ts';
import type { BoundPool, PoolView } from '../routing/types.ts';

/** The part of a standing that pools decide; equal for all candidates that draw on the same ones. */
export interface PoolFacts extends Pick<Standing, 'pressure' | 'longPressure' | 'overdraft' | 'shared' | 'limits'> {
  /** The pools that come back, but not for hours or days. */
  readonly lasting: readonly PoolView[];
}
/** The part that is kept under a candidate's own mark. Rests and recoveries are told in the time of the books. */
export type MarkFacts = Pick<Standing, 'restUntilMs' | 'breaker' | 'recoveredAtMs' | 'ratio' | 'caution'>;

const noAmounts: Amounts = {};
const noItem: Item = {};

/** Attribute of a book that holds a candidate's learned tokens-per-estimate. */
export const ratioAttr = toAttr('!q');

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Of several pools of one unit, what is least counts. */
function lower(limits: Mutable<Limit>[], { unit, room, most, others, othersAtWorst }: Limit): void {
  const known = limits.find((limit) => limit.unit === unit);
  if (known === undefined) {
    limits.push({ unit, room, most, others, othersAtWorst });
    return;
  }
  known.room = Math.min(known.room, room);
  known.most = Math.min(known.most, most);
  known.others = Math.max(known.others, others);
  known.othersAtWorst = Math.max(known.othersAtWorst, othersAtWorst);
}

/** How pools stand together. */
export function toPoolFacts(
  pools: readonly BoundPool[],
  { book, ...time }: { book: Item | null; nowMs: number; doubtMs: number | undefined; zones: ZoneClock },
): PoolFacts {
  const known = book ?? noItem;
  const { nowMs } = time;
  const limits: Mutable<Limit>[] = [];
  let pressure = 0;
  let longPressure = 0;
  let overdraft: number | null = null;
  let shared = false;
  const lasting: PoolView[] = [];
  for (const pool of pools) {
    const view = viewPool({ pool, need: noAmounts, book, ...time });
    const others = othersIn(pool, known, nowMs);
    const othersAtWorst = othersAtWorstIn(pool, known, nowMs);
    shared ||= othersAtWorst > 0;
    // Where others may fill the rest at any moment, the pool is taken to be so much fuller.
    pressure = Math.max(pressure, Math.min(1, view.pressure + (view.max > 0 ? others / view.max : 0)));
    const ahead = overdraftOf(view, nowMs);
    if (ahead !== null) {
      overdraft = Math.max(overdraft ?? -1, ahead);
      longPressure = Math.max(longPressure, view.pressure);
      if (pool.clock.kind !== 'once') lasting.push(view);
    }
    lower(limits, { unit: pool.unit, room: Math.max(0, view.max - view.used), most: view.max, others, othersAtWorst });
  }
  return { pressure, longPressure, overdraft, shared, limits, lasting };
}

/** How one candidate stands by its own mark, its credential's rest included. */
export function toMarkFacts(
  mark: string,
  { book, whole, nowMs }: { book: Item | null; whole: Item | null; nowMs: number },
): MarkFacts {
  const known = book ?? noItem;
  const rest = restOf(known, mark, nowMs);
  const credentialRest = whole === null ? null : restOf(whole, everyMark, nowMs);
  const breaker = breakerState(known, mark, nowMs);
  return {
    restUntilMs: Math.max(0, rest?.untilMs ?? 0, credentialRest?.untilMs ?? 0),
    breaker: breaker.waitMs > 0 ? 'open' : breaker.state,
    recoveredAtMs: breaker.recoveredAtMs,
    ratio: numberIn(known, ratioAttr(mark)) ?? 1,
    caution: cautionOf(known, mark),
  };
}

/** Adds the marks under which one state of a book says something else than the other. */
function addDifferent(marks: Set<string>, from: Item, to: Item): void {
  for (const name in from) {
    if (from[name] === to[name]) continue;
    const end = name.indexOf('!');
    if (end > 0) marks.add(name.slice(0, end));
  }
}

/** The marks of which two states of a book speak differently; keys of pools are among them. */
export function changedMarks(before: Item | null, after: Item | null): ReadonlySet<string> {
  const marks = new Set<string>();
  addDifferent(marks, after ?? noItem, before ?? noItem);
  addDifferent(marks, before ?? noItem, after ?? noItem);
  return marks;
}
