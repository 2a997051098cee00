// How long until somebody can be asked: the candidate that time frees first.
import type { ZoneClock } from '../routing/clocks.ts';
import { isLeftAlone, verdictOf, type Decision, type DecideInput } from '../routing/decide.ts';
import { waitToReserve } from '../routing/pools.ts';
import { cautionOf } from '../routing/pools-caution.ts';
import { poolsNow } from '../routing/pools-untold.ts';
import { toNeed } from '../routing/profile.ts';
import type { Candidate } from '../routing/types.ts';
import type { Books } from './books.ts';
import type { Fleet } from './fleet.ts';

interface Desk {
  readonly fleet: Fleet;
  readonly books: Books;
  readonly zones: ZoneClock;
}

/** A candidate's pools, and how they stand now as far as this instance knows. */
export function toMoment({ books, zones }: Desk, candidate: Candidate) {
  const { mark } = candidate;
  const book = books.copy(candidate.book).item;
  const nowMs = books.now();
  return {
    pools: poolsNow(candidate, book, nowMs),
    mark,
    book,
    caution: cautionOf(book ?? {}, mark),
    nowMs,
    doubtMs: books.doubtMs(),
    zones,
  };
}

interface Wait {
  readonly decision: Decision;
  readonly input: DecideInput;
  readonly crowd: number;
}

/** The candidate that time frees first, and in how long; null when waiting helps nobody. */
export function findSoonest(desk: Desk, wait: Wait): { index: number; waitMs: number } | null {
  let best: { index: number; waitMs: number } | null = null;
  for (const [index, candidate] of desk.fleet.candidates.entries()) {
    const mostMs: number = best?.waitMs ?? Infinity;
    const waitMs = waitOf(desk, wait, { candidate, index, mostMs });
    if (waitMs < mostMs) best = { index, waitMs };
  }
  return best;
}

/** How long until a candidate can be asked, ms; anything from `mostMs` on stands for at least that long. */
function waitOf(
  desk: Desk,
  { decision, input, crowd }: Wait,
  { candidate, index, mostMs }: { candidate: Candidate; index: number; mostMs: number },
): number {
  const verdict = verdictOf(decision, index);
  if (verdict !== 'resting' && verdict !== 'breaker_open' && verdict !== 'quota_used_up') return Infinity;
  const standing = input.standings[index];
  // What is left alone when it is free again is not worth waiting for.
  if (!standing || (input.thrifty && isLeftAlone(index, input))) return Infinity;
  const rest = standing.restUntilMs + 1 - input.nowMs;
  const refused = (input.refused.get(index) ?? 0) - input.nowMs;
  const leastMs = Math.max(1, rest, refused);
  if (leastMs >= mostMs) return leastMs;
  const need = toNeed(input.profile, { candidate, ratio: standing.ratio });
  return Math.max(leastMs, waitToReserve({ ...toMoment(desk, candidate), need, lastResort: false, crowd }, mostMs));
}
