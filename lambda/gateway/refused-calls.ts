// What was going on when calls began that were refused or served: kept by each instance, for candidates that have refused lately. Loaded by the first refusal.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Item } from '#shared/items.ts';
import { poolOf } from '../routing/pools-absorb.ts';
import { isEmpty, mergeOps, noOps, type Ops } from '../routing/pools-ops.ts';
import {
  afterServed,
  afterUnexplained,
  afterWatch,
  isAnsweredFor,
  takenIn,
  toCounted,
  toWatched,
} from '../routing/pools-refused.ts';
import { untoldLimit } from '../routing/pools-untold.ts';
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
/** All instances count what goes on once one has met so many refusals of a candidate within a minute: fewer come by chance, and counting costs writes. */
const SUSPECT = 4;

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
  readonly nowMs: number;
  /** What is taken of what is counted, by all instances. */
  readonly taken: ReturnType<typeof takenIn>;
}

class Watcher implements Refusals {
  readonly #deps: RefusalsDeps;
  readonly #watched = new Map<number, Watched>();

  constructor(deps: RefusalsDeps) {
    this.#deps = deps;
  }

  watch(index: number, reserved: Reserved | Promise<Reserved>): Reserved | Promise<Reserved> {
    if (!this.#watched.has(index) && !this.#deps.seen.hasUntold(index)) return reserved;
    if (reserved instanceof Promise) return reserved.then((known) => this.#began(index, known));
    return this.#began(index, reserved);
  }

  ended(reservation: Reservation, { failure, limits }: Told): Lesson | null {
    if (failure?.kind === 'rate_limited') return this.#refused(reservation, failure, limits);
    const { index, call } = reservation;
    const nowMs = this.#deps.books.now();
    if (call !== undefined) call.endedAtMs = nowMs;
    if (nowMs - (this.#watched.get(index)?.refusedAtMs ?? nowMs) > WATCHED_MS) this.#watched.delete(index);
    if (failure !== null || !(this.#watched.has(index) || this.#deps.seen.hasUntold(index))) return null;
    return () => this.#toServed(index, call);
  }

  #refused({ index, call }: Reservation, failure: ProviderFailure, limits: Told['limits']): Lesson | null {
    const nowMs = this.#deps.books.now();
    const watched = this.#watch(index, nowMs);
    // It began before anybody looked.
    if (call === undefined) return null;
    call.endedAtMs = nowMs;
    call.refused = true;
    const isJudged = nowMs - watched.judgedAtMs >= TOGETHER_MS;
    if (isJudged) watched.judgedAtMs = nowMs;
    if (isExplained(failure, limits, this.#deps.candidates[index]?.pools ?? [])) return null;
    const lately = watched.calls.filter(
      ({ refused, beganAtMs }) => refused && nowMs - beganAtMs < REMEMBERED_MS,
    ).length;
    return (at) => {
      const ops = isJudged ? afterUnexplained({ ...at, call, calls: watched.calls }) : noOps;
      const explains = !isEmpty(ops) || isAnsweredFor({ ...at, call });
      if (!isEmpty(ops)) return { ops, explains };
      return { ops: mergeOps(lately < SUSPECT ? noOps : toWatched(at), this.#toCounted(at, call)), explains };
    };
  }

  #toServed(index: number, call: Noted | undefined): Untold {
    const stand = this.#standOf(index, this.#deps.books.now());
    if (stand === null) return { ops: noOps, explains: false };
    const { taken, ...at } = stand;
    const learned = untoldLimit(at.book, at.mark, at.nowMs);
    const served = learned === null ? noOps : afterServed(at, taken[learned.measure] ?? 0);
    return { ops: isEmpty(served) ? this.#toCounted(at, call) : served, explains: false };
  }

  /** What a call that teaches nothing by itself adds to what is counted, or ends of it. */
  #toCounted(at: Omit<Stand, 'taken'>, call: Noted | undefined): Ops {
    const over = afterWatch(at);
    if (!isEmpty(over)) return over;
    return call === undefined ? noOps : toCounted(at, call);
  }

  /** Remembers calls of this candidate from now on, instead of those of the one that refused longest ago. */
  #watch(index: number, nowMs: number): Watched {
    const watched = this.#watched.get(index) ?? { calls: [], refusedAtMs: nowMs, judgedAtMs: -Infinity };
    this.#watched.delete(index);
    this.#watched.set(index, watched);
    const [longestAgo] = this.#watched.size > MOST_WATCHED ? this.#watched.keys() : [];
    if (longestAgo !== undefined) this.#watched.delete(longestAgo);
    watched.refusedAtMs = nowMs;
    return watched;
  }

  #began(index: number, reserved: Reserved): Reserved {
    if (!('reservation' in reserved)) return reserved;
    const nowMs = this.#deps.books.now();
    const watched = this.#watched.get(index) ?? this.#watch(index, nowMs);
    const { calls } = watched;
    if (calls.length >= MOST_CALLS || nowMs - (calls[0]?.beganAtMs ?? nowMs) > 2 * REMEMBERED_MS)
      watched.calls = calls.filter(({ beganAtMs }) => nowMs - beganAtMs < REMEMBERED_MS).slice(-MOST_CALLS / 2);
    const stand = this.#deps.seen.hasUntold(index) ? this.#standOf(index, nowMs) : null;
    const others = ([measure, used]: [string, number]): [string, number] => [measure, Math.max(0, used - 1)];
    const taken = stand === null ? null : Object.fromEntries(Object.entries(stand.taken).map(others));
    const call = { beganAtMs: nowMs, endedAtMs: null, refused: false, taken };
    watched.calls.push(call);
    return { reservation: { ...reserved.reservation, call } };
  }

  /** What of a candidate's calls is counted; null where it has no book. */
  #standOf(index: number, nowMs: number): Stand | null {
    const { candidates, books, zones } = this.#deps;
    const candidate = candidates[index];
    const book = candidate ? books.copy(candidate.book).item : null;
    if (!candidate || book === null) return null;
    const { mark } = candidate;
    return { mark, book, nowMs, taken: takenIn(mark, { book, nowMs, doubtMs: books.doubtMs(), zones }) };
  }
}

/** Nothing was refused yet. */
export const openRefusals = (deps: RefusalsDeps): Refusals => new Watcher(deps);
