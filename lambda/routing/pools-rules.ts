// What every kind of pool answers: how it stands, how to take from it, how to correct what was taken.
import type { Item } from '#shared/items.ts';
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import type { ZoneClock } from './clocks.ts';
import type { Draft } from './pools-ops.ts';

/** Clocks of two instances, or of an instance and a provider, may be this far apart: nothing is taken too early or too often before. */
const clocksApartMs = 2_000;
/** A call is at its provider this soon after it was judged: the write that reserves it, and the way. */
export const wayMs = 500;

/**
 * How long after it was reserved, by any instance's clock, a call may count at its provider. Reservations allow for it wherever a window
 * ends or a bucket begins to refill: an instance whose clock is behind writes its calls down as older than they are. Instances that know how
 * far they may be off allow for that much instead, each for itself.
 */
export const arrivalMs = clocksApartMs + wayMs;

/** One pool, the state it is kept in, and what is asked of it. */
export interface PoolQuestion {
  readonly key: string;
  readonly unit: PoolUnit;
  readonly max: number;
  /** Resolution of a rolling pool's log; fixed by the configured limit, whatever limit was learned since. */
  readonly slotMs: number;
  readonly book: Item;
  /** Units asked for; 0 when only the state is of interest. */
  readonly amount: number;
  readonly nowMs: number;
  /** How long after `nowMs` what is taken may still be used: 0 for a call that is made at once, more for what is reserved ahead of calls. */
  readonly lateMs: number;
  /** How far `nowMs` may be from the time by which other instances judge, ms, either way; undefined: nothing is known of it. */
  readonly doubtMs: number | undefined;
  /** How far `nowMs` lies ahead of the present, ms: 0 unless it is asked for a call that will be made later. */
  readonly aheadMs: number;
  readonly zones: ZoneClock;
}

/** How a pool stands. `waitMs` is how long until `amount` fits: 0 now, Infinity never. */
export interface PoolUse {
  readonly used: number;
  readonly resetAtMs: number | null;
  readonly waitMs: number;
}

/** What one reservation took from one pool: all that is needed to correct it later. Plain JSON. */
export type Charge =
  | {
      readonly kind: 'rolling';
      readonly key: string;
      readonly unit: PoolUnit;
      readonly amount: number;
      readonly seconds: number;
      readonly slotMs: number;
      readonly atMs: number;
    }
  | {
      readonly kind: 'refill';
      readonly attr: string;
      readonly unit: PoolUnit;
      readonly amount: number;
      readonly msPerUnit: number;
      readonly atMs: number;
      /** Set when the bucket was thought to be idle: from when to when, ms; what was added covers that time too. */
      readonly idle?: { readonly fromMs: number; readonly toMs: number };
      /** How much of what was added turned out to be too much, since somebody else had been faster, ms; settling takes it back. */
      readonly overMs?: number;
    }
  | {
      readonly kind: 'count';
      readonly attr: string;
      readonly unit: PoolUnit;
      readonly amount: number;
      readonly endMs: number | null;
    }
  | { readonly kind: 'lease'; readonly attr: string; readonly untilMs: number };

/** A reservation being collected, and its settings. */
export interface Taking {
  readonly draft: Draft;
  /** How long a killed instance may keep what only it can give back. */
  readonly leaseMs: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/** One kind of clock. `take` may be asked only when `look` said no wait; it adds to the draft and answers what it took. */
export interface PoolRules<C> {
  look(clock: C, question: PoolQuestion): PoolUse;
  take(clock: C, question: PoolQuestion, taking: Taking): readonly Charge[];
}

/** How much of a unit these amounts hold: one request and one concurrent call unless they say otherwise. Absent parts of a token sum count 0. */
export function amountOf(unit: PoolUnit, amounts: Amounts): number {
  if (unit === 'requests' || unit === 'concurrent') return amounts[unit] ?? 1;
  if (unit === 'tokens') return amounts.tokens ?? (amounts.input_tokens ?? 0) + (amounts.output_tokens ?? 0);
  return amounts[unit] ?? 0;
}
