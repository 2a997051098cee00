// Limits that nobody tells, learned from refusals: how the book keeps them, and the pools that the ledger makes of them.
import type { Item } from '#shared/items.ts';
import { toFingerprint } from './fingerprint.ts';
import { numberIn, toAttr } from './pools-ops.ts';
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
/** The attributes in which a learned limit is kept, by mark. */
export const untoldAttrs = {
  measure: toAttr('!k'),
  max: toAttr('!l'),
  proven: toAttr('!p'),
  foundMax: toAttr('!x'),
  foundAtMs: toAttr('!a'),
  raiseAtMs: toAttr('!n'),
  holdMs: toAttr('!d'),
  share: toAttr('!1'),
} as const satisfies Record<keyof UntoldLimit, (mark: string) => string>;

const isMeasure = (value: unknown): value is Measure => measures.some((measure) => measure === value);

/** What was learned of a candidate; null: nothing, or too long ago. */
export function untoldLimit(book: Item, mark: string, nowMs: number): UntoldLimit | null {
  const read = (name: Exclude<keyof UntoldLimit, 'measure'>): number => numberIn(book, untoldAttrs[name](mark)) ?? 0;
  const measure = book[untoldAttrs.measure(mark)];
  const foundAtMs = read('foundAtMs');
  if (!isMeasure(measure) || nowMs - foundAtMs > untoldForMs) return null;
  return {
    measure,
    max: read('max'),
    proven: read('proven'),
    foundMax: read('foundMax'),
    foundAtMs,
    raiseAtMs: read('raiseAtMs'),
    holdMs: read('holdMs'),
    share: read('share'),
  };
}

/** A second as the ledger counts it, with what it allows for clocks and ways, is a little more than one: this is one with that. */
const SECOND = 0.8;
const kinds = {
  places: { unit: 'concurrent', clock: { kind: 'concurrent' } },
  second: { unit: 'requests', clock: { kind: 'rolling', seconds: SECOND }, slotMs: 100 },
  minute: { unit: 'requests', clock: { kind: 'rolling', seconds: 60 }, slotMs: 250 },
} as const;

/** Until when what goes on at a candidate is counted by all instances, ms since the epoch; negative once nothing is left of that. */
export const watchAttr = toAttr('!2');
/** The same of any candidate of the book: what is counted of one makes each write to it larger, so there is one at a time. */
export const WATCH_OF_BOOK = '!2';
/** More than anybody counts. */
const ENDLESS = 1_000_000;
const none: readonly BoundPool[] = [];

/** Keys of learned pools, by mark. That of places is found by the mark when one is taken; logs are told apart by the ends of their keys. */
const placesKey = toAttr('!j');
const logKeys = new Map<string, string>();

/** The key of the pool that a candidate's learned limit is. */
export function keyOf(mark: string, measure: Measure): string {
  if (measure === 'places') return placesKey(mark);
  const name = `${mark}|${measure}`;
  let key = logKeys.get(name);
  if (key === undefined) logKeys.set(name, (key = toFingerprint(name)));
  return key;
}

const toPool = (mark: string, measure: Measure, max: number): BoundPool => ({
  ...kinds[measure],
  models: [],
  scope: 'credential',
  max,
  key: keyOf(mark, measure),
});

/** A learned limit as a pool like any other. */
export const toUntoldPool = (mark: string, { measure, max, foundAtMs }: UntoldLimit): BoundPool => ({
  ...toPool(mark, measure, max),
  foundAtMs,
});

/** The pools that a candidate draws on: those that are known, and what was learned from refusals. */
export function poolsNow(
  { pools, mark }: { readonly pools: readonly BoundPool[]; readonly mark: string },
  book: Item | null,
  nowMs: number,
): readonly BoundPool[] {
  // Asked by every call: most have learned nothing.
  if (book === null || book[untoldAttrs.max(mark)] === undefined) return pools;
  const limit = untoldLimit(book, mark, nowMs);
  return limit === null ? pools : [...pools, toUntoldPool(mark, limit)];
}

/** Whether what goes on at a candidate is counted by all instances: it has refused calls, and nobody knows why. */
export const isWatched = (book: Item | null, mark: string, nowMs: number): boolean =>
  book !== null && nowMs < (numberIn(book, watchAttr(mark)) ?? 0);

/** A measure as a pool that is counted, and never full. */
export const toCountedPool = (mark: string, measure: Measure): BoundPool => ({
  ...toPool(mark, measure, ENDLESS),
  isOnlyCounted: true,
});

/** What is counted then, beside what was learned. */
export function watchedPools(mark: string, book: Item | null, nowMs: number): readonly BoundPool[] {
  if (book === null || !isWatched(book, mark, nowMs)) return none;
  const learned = untoldLimit(book, mark, nowMs)?.measure;
  return measures.filter((measure) => measure !== learned).map((measure) => toCountedPool(mark, measure));
}
