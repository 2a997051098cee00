// What one request has gone through so far: the memory of the loop.
import type { Attempt } from '#shared/failures.ts';

/** What one request has gone through so far. */
export interface Journey {
  readonly attempts: Attempt[];
  /** Not to be asked (again) for this request. */
  readonly tried: Set<number>;
  /** May be asked again after a pause: index to tries so far. */
  readonly later: Map<number, number>;
  /** Refused by the store for this request, until when. */
  readonly refused: Map<number, number>;
  readonly stripped: Map<number, string[]>;
  waitedMs: number;
  rounds: number;
}

/** A journey that has not begun. */
export const createJourney = (): Journey => ({
  attempts: [],
  tried: new Set(),
  later: new Map(),
  refused: new Map(),
  stripped: new Map(),
  waitedMs: 0,
  rounds: 0,
});
