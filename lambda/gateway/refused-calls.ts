// What was going on when calls began that were refused or served: kept by each instance, for candidates that have refused lately. Loaded by the first refusal.
import type { ProviderFailure } from '#shared/failures.ts';
import { isEmpty, noOps } from '../routing/pools-ops.ts';
import { viewPool } from '../routing/pools.ts';
import { afterUnexplained, isAnsweredFor, type Call } from '../routing/pools-refused.ts';
import { measureOf, poolsNow } from '../routing/pools-untold.ts';
import type { Reservation, Reserved } from './desk.ts';
import type { Noted, Refusals, RefusalsDeps, Refused } from './refusals.ts';

/** Calls are remembered for so long, so many of them. */
const REMEMBERED_MS = 60_000;
const MOST_CALLS = 600;
/** After so long without a refusal nobody looks any more. */
const WATCHED_MS = 10 * 60_000;
/** Refusals that come so close together are looked at as one, ms. */
const TOGETHER_MS = 50;

interface Watched {
  calls: Noted[];
  refusedAtMs: number;
  judgedAtMs: number;
}

const isRefusal = (failure: ProviderFailure | null): boolean => failure?.kind === 'rate_limited';

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

  ended(reservation: Reservation, failure: ProviderFailure | null): Refused | null {
    const { index } = reservation;
    const nowMs = this.#deps.books.now();
    const refused = isRefusal(failure);
    const known = this.#watched.get(index);
    if (!refused && known === undefined) return null;
    const watched = known ?? { calls: [], refusedAtMs: nowMs, judgedAtMs: -Infinity };
    if (refused) watched.refusedAtMs = nowMs;
    if (nowMs - watched.refusedAtMs > WATCHED_MS) this.#watched.delete(index);
    else this.#watched.set(index, watched);
    const { call } = reservation;
    if (call === undefined) return null;
    call.endedAtMs = nowMs;
    call.refused = refused;
    if (!refused) return null;
    const isJudged = nowMs - watched.judgedAtMs >= TOGETHER_MS;
    if (isJudged) watched.judgedAtMs = nowMs;
    return (at) => {
      const ops = isJudged ? afterUnexplained({ ...at, call, calls: watched.calls }) : noOps;
      return { ops, explains: !isEmpty(ops) || isAnsweredFor({ ...at, call }) };
    };
  }

  #began(index: number, reserved: Reserved): Reserved {
    const watched = this.#watched.get(index);
    if (watched === undefined || !('reservation' in reserved)) return reserved;
    const nowMs = this.#deps.books.now();
    const { calls } = watched;
    if (calls.length >= MOST_CALLS || nowMs - (calls[0]?.beganAtMs ?? nowMs) > 2 * REMEMBERED_MS)
      watched.calls = calls.filter(({ beganAtMs }) => nowMs - beganAtMs < REMEMBERED_MS).slice(-MOST_CALLS / 2);
    const call = { beganAtMs: nowMs, endedAtMs: null, refused: false, taken: this.#takenOf(index, nowMs) };
    watched.calls.push(call);
    return { reservation: { ...reserved.reservation, call } };
  }

  /** What is counted in the book is counted for all instances. */
  #takenOf(index: number, nowMs: number): Call['taken'] {
    const { candidates, books, zones } = this.#deps;
    const candidate = candidates[index];
    if (!candidate) return null;
    const book = books.copy(candidate.book).item;
    const pool = poolsNow(candidate, book, nowMs).at(-1);
    const measure = pool === undefined ? null : measureOf(pool);
    if (pool === undefined || measure === null) return null;
    const { used } = viewPool({ pool, need: {}, book, nowMs, doubtMs: books.doubtMs(), zones });
    return { measure, level: Math.max(0, used - 1) };
  }
}

/** Nothing was refused yet. */
export const openRefusals = (deps: RefusalsDeps): Refusals => new Watcher(deps);
