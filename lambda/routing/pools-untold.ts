// Limits that nobody tells, learned from refusals: how the book keeps them, and the pools that the ledger makes of them.
import type { Item } from '#shared/items.ts';
import { toFingerprint } from './fingerprint.ts';
import { noOps, numberIn, toAttr, type Ops } from './pools-ops.ts';
import { logNames } from './pools-rolling.ts';
import type { BoundPool } from './types.ts';

/** What an untold limit may count: calls at the same time, or calls begun in the last second or minute. */
export const measures = ['places', 'second', 'minute'] as const;
export type Measure = (typeof measures)[number];

/** A learned limit as the book keeps it. */
export interface UntoldLimit {
  readonly measure: Measure;
  readonly max: number;
  /** So many are known to pass; what is above is being tried. */
  readonly proven: number;
  /** What it was when a call was last refused by it, and when that was, ms since the epoch. */
  readonly foundMax: number;
  readonly foundAtMs: number;
  /** From then on more may be tried, ms since the epoch. */
  readonly raiseAtMs: number;
  /** How long nothing is tried after the next refusal, ms. */
  readonly holdMs: number;
  /** The share of calls that were refused before it was learned. */
  readonly share: number;
}

/** Forgotten when it has refused nothing for so long: it is none any more, or nobody comes near it. */
export const untoldForMs = 24 * 3_600_000;
/** Places are leases, of which there are no more. */
export const MOST_PLACES = 60;
/** Where refusals go on at any level, the limit is none, and for so long nothing is learned. */
const IN_VAIN_MS = 10 * 60_000;
/** More is tried in steps of these shares, 1 at least, so often as it goes well ... */
const FIRST_STEP = 0.1;
const STEP = 0.25;
export const STEP_MS = 10_000;
/** ... and after a refusal so much later, twice as late each time. */
const FIRST_HOLD_MS = 15_000;
const LONGEST_HOLD_MS = 240_000;
/** Where so many times of what once was refused passes, there is no limit. */
const OUTGROWN = 4;
const OUTGROWN_BY = 8;

const measureAttr = toAttr('!k');
const maxAttr = toAttr('!l');
const provenAttr = toAttr('!p');
const foundMaxAttr = toAttr('!x');
const foundAtAttr = toAttr('!a');
const raiseAtAttr = toAttr('!n');
const holdAttr = toAttr('!d');
const shareAttr = toAttr('!1');
/** When refusals last went on in spite of a learned limit. */
const vainAttr = toAttr('!i');
const attrs = [measureAttr, maxAttr, provenAttr, foundMaxAttr, foundAtAttr, raiseAtAttr, holdAttr, shareAttr];

const isMeasure = (value: unknown): value is Measure => measures.some((measure) => measure === value);

/** What was learned of a candidate; null: nothing, or too long ago. */
export function untoldLimit(book: Item, mark: string, nowMs: number): UntoldLimit | null {
  const max = numberIn(book, maxAttr(mark));
  if (max === undefined) return null;
  const measure = book[measureAttr(mark)];
  const foundAtMs = numberIn(book, foundAtAttr(mark)) ?? 0;
  if (!isMeasure(measure) || nowMs - foundAtMs > untoldForMs) return null;
  return {
    measure,
    max,
    proven: numberIn(book, provenAttr(mark)) ?? max,
    foundMax: numberIn(book, foundMaxAttr(mark)) ?? max,
    foundAtMs,
    raiseAtMs: numberIn(book, raiseAtAttr(mark)) ?? 0,
    holdMs: numberIn(book, holdAttr(mark)) ?? FIRST_HOLD_MS,
    share: numberIn(book, shareAttr(mark)) ?? 1,
  };
}

/** What to write of a learned limit. */
export const toLimitOps = (mark: string, limit: UntoldLimit): Ops => ({
  ...noOps,
  set: {
    [measureAttr(mark)]: limit.measure,
    [maxAttr(mark)]: limit.max,
    [provenAttr(mark)]: limit.proven,
    [foundMaxAttr(mark)]: limit.foundMax,
    [foundAtAttr(mark)]: limit.foundAtMs,
    [raiseAtAttr(mark)]: limit.raiseAtMs,
    [holdAttr(mark)]: limit.holdMs,
    [shareAttr(mark)]: limit.share,
  },
});

/** A second as the ledger counts it, with what it allows for clocks and ways, is a little more than one: this is one with that. */
const SECOND = 0.8;
const kinds = {
  places: { unit: 'concurrent', clock: { kind: 'concurrent' } },
  second: { unit: 'requests', clock: { kind: 'rolling', seconds: SECOND }, slotMs: 100 },
  minute: { unit: 'requests', clock: { kind: 'rolling', seconds: 60 }, slotMs: 500 },
} as const;

/** Keys of learned pools, by mark. That of places is found by the mark when one is taken; logs are told apart by the ends of their keys. */
const placesKey = toAttr('!j');
const logKeys = new Map<string, string>();

function keyOf(mark: string, measure: Measure): string {
  if (measure === 'places') return placesKey(mark);
  const name = `${mark}|${measure}`;
  let key = logKeys.get(name);
  if (key === undefined) logKeys.set(name, (key = toFingerprint(name)));
  return key;
}

/** Whether a limit was lately given up: nothing is learned for a while. */
export const isInVain = (book: Item, mark: string, nowMs: number): boolean =>
  nowMs - (numberIn(book, vainAttr(mark)) ?? -Infinity) < IN_VAIN_MS;

/** A learned limit as a pool like any other. */
const toUntoldPool = (mark: string, { measure, max, foundAtMs }: UntoldLimit): BoundPool => ({
  ...kinds[measure],
  models: [],
  scope: 'credential',
  max,
  key: keyOf(mark, measure),
  foundAtMs,
});

/** Leaves nothing of a learned limit, nor of what it counted. */
function forget(book: Item, mark: string): Ops {
  const own = measures.flatMap((measure) => (measure === 'places' ? [] : logNames(keyOf(mark, measure), book)));
  return { ...noOps, remove: [...attrs.map((attr) => attr(mark)), ...own] };
}

/** Forgets a limit that explained nothing, and remembers that. */
export function giveUp(book: Item, mark: string, nowMs: number): Ops {
  const { remove } = forget(book, mark);
  return { ...noOps, set: { [vainAttr(mark)]: nowMs }, remove };
}

/** What a learned limit counts; null for any other pool. */
export function measureOf({ foundAtMs, clock }: BoundPool): Measure | null {
  if (foundAtMs === undefined) return null;
  if (clock.kind === 'concurrent') return 'places';
  return clock.kind === 'rolling' && clock.seconds === SECOND ? 'second' : 'minute';
}

/** The pools that a candidate draws on: those that are known, and what was learned from refusals. */
export function poolsNow(
  { pools, mark }: { readonly pools: readonly BoundPool[]; readonly mark: string },
  book: Item | null,
  nowMs: number,
): readonly BoundPool[] {
  // Asked by every call: most have learned nothing.
  if (book === null || book[maxAttr(mark)] === undefined) return pools;
  const limit = untoldLimit(book, mark, nowMs);
  return limit === null ? pools : [...pools, toUntoldPool(mark, limit)];
}

/** A limit as it was just found now: after refusals of more than is proven, it is tried again ever later. */
export const toFound = (
  { measure, at }: { readonly measure: Measure; readonly at: number },
  { nowMs, share, holdMs = FIRST_HOLD_MS }: { nowMs: number; share: number; holdMs?: number },
): UntoldLimit => ({
  measure,
  max: at,
  proven: at,
  foundMax: at,
  foundAtMs: nowMs,
  raiseAtMs: nowMs + holdMs,
  holdMs: Math.min(LONGEST_HOLD_MS, holdMs * 2),
  share,
});

/** What a call teaches that was served while `used` of a learned limit was taken: where it is full and has been for a while, a little more is tried. */
export function afterServed({ mark, book, nowMs }: { mark: string; book: Item; nowMs: number }, used: number): Ops {
  const known = untoldLimit(book, mark, nowMs);
  if (known === null || nowMs < known.raiseAtMs || used < known.max) return noOps;
  const isGrowing = known.max > known.foundMax;
  const more = known.max + Math.max(1, Math.round(known.max * (isGrowing ? STEP : FIRST_STEP)));
  const most = known.measure === 'places' ? MOST_PLACES : Infinity;
  if (known.max >= most || more > known.foundMax * OUTGROWN + OUTGROWN_BY) return forget(book, mark);
  const holdMs = isGrowing ? FIRST_HOLD_MS : known.holdMs;
  return toLimitOps(mark, {
    ...known,
    max: Math.min(most, more),
    proven: known.max,
    raiseAtMs: nowMs + STEP_MS,
    holdMs,
  });
}
