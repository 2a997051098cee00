// What was going on when calls began that were refused or served: kept by each instance, for candidates that have refused lately. Loaded by the first refusal.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Item } from '#shared/items.ts';
import { poolOf } from '../routing/pools-absorb.ts';
import { isEmpty, noOps } from '../routing/pools-ops.ts';
import { viewPool } from '../routing/pools.ts';
import { afterServed, afterUnexplained, isAnsweredFor } from '../routing/pools-refused.ts';
import { toUntoldPool, untoldLimit, type Measure } from '../routing/pools-untold.ts';
import type { Candidate } from '../routing/types.ts';
import type { Reservation, Reserved } from './desk.ts';
import type { Lesson, Noted, Refusals, RefusalsDeps, Told, Untold } from './refusals.ts';

/** Calls are remembered for so long, so many of them. */
const REMEMBERED_MS = 60_000;
const MOST_CALLS = 300;
/** After so long without a refusal nobody looks any more: no refused call is remembered by then. */
const WATCHED_MS = 2 * REMEMBERED_MS;
/** So many candidates are watched at once, those that refused last: their calls are remembered one by one. */
const MOST_WATCHED = 64;
/** Refusals that come so close together are looked at as one, ms. */
const TOGETHER_MS = 50;

interface Watched {
  calls: Noted[];
  refusedAtMs: number;
  judgedAtMs: number;
}

/** A refusal that says when a day or month is over, or that nothing is left of a known pool, is explained; one that asks to wait longer than this speaks of no rate. */
const LONGEST_UNTOLD_MS = 60_000;

function isExplained(
  { retryAfterMs = 0, untilReset }: ProviderFailure,
  limits: Told['limits'],
  pools: Candidate['pools'],
): boolean {
  if (untilReset === true || retryAfterMs > LONGEST_UNTOLD_MS) return true;
  return limits.some((limit) => limit.remaining === 0 && poolOf(limit, pools) !== undefined);
}

interface Stand {
  readonly mark: string;
  readonly book: Item;
  readonly measure: Measure;
  readonly used: number;
}

class Watcher implements Refusals {
  readonly #deps: RefusalsDeps;
  readonly #watched = new Map<number, Watched>();

  constructor(deps: RefusalsDeps) {
    this.#deps = deps;
  }

  watch(index: number, reserved: Reserved | Promise<Reserved>): Reserved | Promise<Reserved> {
    if (this.#watched.size === 0 || !this.#watched.has(index)) return reserved;
    if (reserved instanceof Promise) return reserved.then((known) => this.#began(index, known));
    return this.#began(index, reserved);
  }

  ended(reservation: Reservation, { failure, limits }: Told): Lesson | null {
    if (failure?.kind === 'rate_limited') return this.#refused(reservation, failure, limits);
    const { index, call } = reservation;
    const nowMs = this.#deps.books.now();
    if (call !== undefined) call.endedAtMs = nowMs;
    if (nowMs - (this.#watched.get(index)?.refusedAtMs ?? nowMs) > WATCHED_MS) this.#watched.delete(index);
    if (failure !== null || !this.#deps.seen.hasUntold(index)) return null;
    return () => this.#toServed(index);
  }

  #refused({ index, call }: Reservation, failure: ProviderFailure, limits: Told['limits']): Lesson | null {
    const nowMs = this.#deps.books.now();
    const watched = this.#watched.get(index) ?? { calls: [], refusedAtMs: nowMs, judgedAtMs: -Infinity };
    this.#watched.delete(index);
    this.#watched.set(index, watched);
    const [longestAgo] = this.#watched.size > MOST_WATCHED ? this.#watched.keys() : [];
    if (longestAgo !== undefined) this.#watched.delete(longestAgo);
    watched.refusedAtMs = nowMs;
    // It began before anybody looked.
    if (call === undefined) return null;
    call.endedAtMs = nowMs;
    call.refused = true;
    const isJudged = nowMs - watched.judgedAtMs >= TOGETHER_MS;
    if (isJudged) watched.judgedAtMs = nowMs;
    if (isExplained(failure, limits, this.#deps.candidates[index]?.pools ?? [])) return null;
    return (at) => {
      const ops = isJudged ? afterUnexplained({ ...at, call, calls: watched.calls }) : noOps;
      return { ops, explains: !isEmpty(ops) || isAnsweredFor({ ...at, call }) };
    };
  }

  #toServed(index: number): Untold {
    const { books } = this.#deps;
    const nowMs = books.now();
    const stand = this.#standOf(index, nowMs);
    const ops = stand === null ? noOps : afterServed({ ...stand, nowMs }, stand.used);
    return { ops, explains: false };
  }

  #began(index: number, reserved: Reserved): Reserved {
    const watched = this.#watched.get(index);
    if (watched === undefined || !('reservation' in reserved)) return reserved;
    const nowMs = this.#deps.books.now();
    const { calls } = watched;
    if (calls.length >= MOST_CALLS || nowMs - (calls[0]?.beganAtMs ?? nowMs) > 2 * REMEMBERED_MS)
      watched.calls = calls.filter(({ beganAtMs }) => nowMs - beganAtMs < REMEMBERED_MS).slice(-MOST_CALLS / 2);
    const stand = this.#deps.seen.hasUntold(index) ? this.#standOf(index, nowMs) : null;
    const taken = stand === null ? null : { measure: stand.measure, level: Math.max(0, stand.used - 1) };
    const call = { beganAtMs: nowMs, endedAtMs: null, refused: false, taken };
    watched.calls.push(call);
    return { reservation: { ...reserved.reservation, call } };
  }

  /** What of a learned limit is taken, by all instances; null where none was learned. */
  #standOf(index: number, nowMs: number): Stand | null {
    const { candidates, books, zones } = this.#deps;
    const candidate = candidates[index];
    const book = candidate ? books.copy(candidate.book).item : null;
    const limit = candidate && book ? untoldLimit(book, candidate.mark, nowMs) : null;
    if (!candidate || book === null || limit === null) return null;
    const { mark } = candidate;
    const pool = toUntoldPool(mark, limit);
    const { used } = viewPool({ pool, need: {}, book, nowMs, doubtMs: books.doubtMs(), zones });
    return { mark, book, measure: limit.measure, used };
  }
}

/** Nothing was refused yet. */
export const openRefusals = (deps: RefusalsDeps): Refusals => new Watcher(deps);
