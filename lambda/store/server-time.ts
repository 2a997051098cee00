// What the replies of a store say of its clock: bounds on how far that is ahead of our own, narrower with every reply.
import type { ClockBounds } from '../ports.ts';

/** Replies tell whole seconds. */
const GRAIN_MS = 1_000;
/** Clocks drift apart by no more than this share of the time that passes: bounds widen by it. */
const DRIFT = 200e-6;

/** One reply: when it was asked for and received by our own clock, and the second in which it was made by the store's. */
export interface TimedReply {
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  readonly serverSecondMs: number;
}

/** Bounds that are gathered reply by reply. */
export interface ServerTime {
  noted(reply: TimedReply): void;
  /** null until something is known. */
  ahead(nowMs: number): ClockBounds | null;
}

/** Nothing known yet. */
export function createServerTime(): ServerTime {
  let known: ClockBounds | null = null;
  let knownAtMs = 0;
  const widened = (nowMs: number): ClockBounds | null => {
    if (known === null) return null;
    const byMs = Math.abs(nowMs - knownAtMs) * DRIFT;
    return { leastMs: known.leastMs - byMs, mostMs: known.mostMs + byMs };
  };
  return {
    noted: ({ sentAtMs, receivedAtMs, serverSecondMs }) => {
      // It was made at some moment between the two, and at some moment of that second.
      const told = { leastMs: serverSecondMs - receivedAtMs, mostMs: serverSecondMs + GRAIN_MS - sentAtMs };
      const before = widened(receivedAtMs) ?? told;
      const both = {
        leastMs: Math.max(before.leastMs, told.leastMs),
        mostMs: Math.min(before.mostMs, told.mostMs),
      };
      // Where they contradict each other, one of the clocks was set anew.
      known = both.leastMs <= both.mostMs ? both : told;
      knownAtMs = receivedAtMs;
    },
    ahead: widened,
  };
}
