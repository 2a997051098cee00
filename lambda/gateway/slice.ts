// What is reserved ahead of calls, and what it is reserved from: counts of calls, sizes, and booking in memory. No store, no timers.
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import type { Hold } from '../routing/pools.ts';
import type { Sum } from '../routing/pools-ops.ts';
import { amountOf } from '../routing/pools-rules.ts';
import type { BoundPool, Candidate } from '../routing/types.ts';

/** How long a slice may be used, ms. Other instances learn of what is over, and this one of a rest, at most so much later. */
export const SLICE_MS = 2_000;
/** What is used for longer than it is reserved must be a small part of a window. */
const SHORTEST_WINDOW_SECONDS = 30;
/** The next one is reserved when no more than this share is left ... */
const LOW = 0.25;
/** ... or after this long, as long as calls come, ms. */
export const RENEW_MS = 1_700;
/** No more are foreseen than so many times those that have come: they may have been a burst. */
const MOST_FORESEEN = 6;
/** Weight of the newest call in the mean of what calls take. */
const EWMA = 0.2;

/** Candidates that draw on the same pools: they share their slices. */
export interface Source {
  readonly book: string;
  readonly pools: readonly BoundPool[];
  readonly units: readonly PoolUnit[];
  /** What a call takes, by unit. */
  readonly means: number[];
  /** What a slice gives back is written with the reservation of the next one. Not where time fills a bucket: giving back depends on how full it is. */
  readonly joins: boolean;
  /** The candidate that was asked for last. */
  mark: string;
  calls: number;
  callsBefore: number;
  countedFromMs: number;
  current: Slice | null;
  opening: boolean;
  exactUntilMs: number;
  /** What replies have taught that is not written yet. */
  learned: Sum | null;
  /** Slices with something to give back. */
  changed: Set<Slice>;
  timer: (() => void) | null;
  /** What is to be written waits for the next slice; the timer is for the case that there is none. */
  isWaiting: boolean;
}

/** What was reserved ahead. All numbers by the units of the source. */
export interface Slice {
  readonly source: Source;
  readonly hold: Hold;
  readonly fromMs: number;
  readonly size: readonly number[];
  readonly left: number[];
  /** Of what is settled but not written: what was booked, and what was used. */
  readonly booked: number[];
  readonly used: number[];
  calls: number;
  closed: boolean;
  stop: () => void;
}

const mayAhead = ({ clock }: BoundPool): boolean =>
  clock.kind === 'calendar' ||
  ((clock.kind === 'rolling' || clock.kind === 'refill') && clock.seconds >= SHORTEST_WINDOW_SECONDS);

function toSource({ book, mark, pools }: Candidate): Source {
  const units = [...new Set(pools.map(({ unit }) => unit))];
  return {
    book,
    pools,
    units,
    means: units.map(() => 0),
    joins: pools.every(({ clock }) => clock.kind !== 'refill'),
    mark,
    calls: 0,
    callsBefore: 0,
    countedFromMs: 0,
    current: null,
    opening: false,
    exactUntilMs: 0,
    learned: null,
    changed: new Set(),
    timer: null,
    isWaiting: false,
  };
}

/** The source of every candidate; null for those without limits, and those whose limits allow nothing to be reserved ahead. */
export function toSources(candidates: readonly Candidate[]): readonly (Source | null)[] {
  const sources = new Map<string, Source>();
  return candidates.map((candidate) => {
    const { book, pools } = candidate;
    if (pools.length === 0 || !pools.every(mayAhead)) return null;
    const name = [book, ...pools.map(({ key }) => key)].join(' ');
    const source = sources.get(name) ?? toSource(candidate);
    sources.set(name, source);
    return source;
  });
}

export const toAmounts = ({ units }: Source, amounts: readonly number[]): Amounts =>
  Object.fromEntries(units.map((unit, at) => [unit, amounts[at] ?? 0]));

/** Calls are counted by the time a slice lasts. */
export function count(source: Source, nowMs: number): void {
  const sinceMs = nowMs - source.countedFromMs;
  if (sinceMs < 0 || sinceMs >= SLICE_MS) {
    source.callsBefore = sinceMs >= 0 && sinceMs < 2 * SLICE_MS ? source.calls : 0;
    source.calls = 0;
    source.countedFromMs = nowMs;
  }
  source.calls++;
}

/** How many calls come in a slice's time: as many as in the last one's, or, where they come faster now, as at this pace. */
export function foreseen({ calls, callsBefore, countedFromMs }: Source, nowMs: number): number {
  const sinceMs = Math.max(1, nowMs - countedFromMs);
  return Math.max(callsBefore, calls * Math.min(MOST_FORESEEN, Math.max(1, SLICE_MS / sinceMs)));
}

export const isLow = ({ left, size }: Slice): boolean => left.some((amount, at) => amount < (size[at] ?? 0) * LOW);

/** What a call takes, by unit, with the caution of any other reservation. */
export function toAsked({ units, means }: Source, need: Amounts, caution: number): readonly number[] {
  const amounts: number[] = [];
  for (let at = 0; at < units.length; at++) {
    const unit = units[at] as PoolUnit;
    const least = amountOf(unit, need);
    const amount = unit.endsWith('tokens') ? Math.ceil(least * caution) : least;
    const mean = means[at] ?? 0;
    means[at] = mean === 0 ? amount : mean + EWMA * (amount - mean);
    amounts.push(amount);
  }
  return amounts;
}

/** Books a call in a slice that holds it; false for one that does not. */
export function book(slice: Slice, amounts: readonly number[]): boolean {
  const { left } = slice;
  for (let at = 0; at < amounts.length; at++) if ((amounts[at] ?? 0) > (left[at] ?? 0)) return false;
  for (let at = 0; at < amounts.length; at++) left[at] = (left[at] ?? 0) - (amounts[at] ?? 0);
  slice.calls++;
  return true;
}

/** One call's share of a slice. `amounts` by the units of its source. */
export interface Part {
  readonly slice: Slice;
  readonly amounts: readonly number[];
}
