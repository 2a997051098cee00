// What one request has gone through so far: the memory of the loop.
import type { Attempt } from '#shared/failures.ts';

/** What one request has gone through so far. */
export interface Journey {
  readonly attempts: Attempt[];
  /** Not to be asked (again) for this request. */
  readonly tried: Set<number>;
  /** May be asked again after a pause. */
  readonly later: Set<number>;
  /** Refused by the store for this request, until when. */
  readonly refused: Map<number, number>;
  readonly stripped: Map<number, string[]>;
  /** Nobody healthy was left: open breakers are passed from then on. */
  lastResort: boolean;
  waitedMs: number;
  rounds: number;
}

/** A journey that has not begun. */
export const createJourney = (): Journey => ({
  attempts: [],
  tried: new Set(),
  later: new Set(),
  refused: new Map(),
  stripped: new Map(),
  lastResort: false,
  waitedMs: 0,
  rounds: 0,
});
