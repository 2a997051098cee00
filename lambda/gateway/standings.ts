// How every candidate stands, computed from its book when the book has changed and kept for the decisions in between.
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import { breakerState, everyMark, restOf } from '../routing/breaker.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import type { Standing } from '../routing/decide.ts';
import { viewPool } from '../routing/pools.ts';
import { numberIn } from '../routing/pools-ops.ts';
import type { Candidate } from '../routing/types.ts';
import type { Books } from './books.ts';

/** What this instance itself has seen of a candidate. */
interface Seen {
  lastUsed: number;
  inFlight: number;
  latencyMs: number | null;
  availability: number;
}

interface Entry {
  standing: Standing;
  version: number;
  credentialVersion: number;
  atMs: number;
}

export interface Standings {
  /** One standing per candidate, at most `staleAfterMs` old. The array is reused: read it before the next await. */
  read(nowMs: number): readonly Standing[];
  started(index: number): void;
  ended(index: number, result: { ok: boolean; firstContentMs: number | null }): void;
}

/** A standing is computed anew after this long even if its book has not changed: time alone frees quota. */
const STALE_AFTER_MS = 250;
/** Weight of the newest measurement in the running averages. */
const EWMA = 0.2;

/** Attribute of a book that holds a candidate's learned tokens-per-estimate. */
export const ratioAttr = (mark: string): string => `${mark}!q`;

const noAmounts: Amounts = {};

/** The least of what the pools of one unit have. */
function lower(amounts: Partial<Record<PoolUnit, number>>, unit: PoolUnit, value: number): void {
  amounts[unit] = Math.min(amounts[unit] ?? Infinity, value);
}

export interface StandingsDeps {
  readonly candidates: readonly Candidate[];
  readonly books: Books;
  readonly zones: ZoneClock;
}

/** Standings of all candidates of a fleet. */
export function createStandings({ candidates, books, zones }: StandingsDeps): Standings {
  const seen: Seen[] = candidates.map(() => ({ lastUsed: 0, inFlight: 0, latencyMs: null, availability: 1 }));
  const entries: (Entry | null)[] = candidates.map(() => null);
  const current: Standing[] = [];
  let sequence = 0;

  const compute = (candidate: Candidate, index: number, nowMs: number): Standing => {
    const book = books.copy(candidate.book).item;
    const whole = books.copy(candidate.credentialId).item;
    const own = seen[index] ?? { lastUsed: 0, inFlight: 0, latencyMs: null, availability: 1 };
    const room: Partial<Record<PoolUnit, number>> = {};
    const most: Partial<Record<PoolUnit, number>> = {};
    let pressure = 0;
    for (const pool of candidate.pools) {
      const view = viewPool({ pool, need: noAmounts, book, nowMs, zones });
      pressure = Math.max(pressure, view.pressure);
      lower(room, pool.unit, Math.max(0, view.max - view.used));
      lower(most, pool.unit, view.max);
    }
    const known = book ?? {};
    const rest = restOf(known, candidate.mark, nowMs);
    const credentialRest = whole === null ? null : restOf(whole, everyMark, nowMs);
    const breaker = breakerState(known, candidate.mark, nowMs);
    return {
      pressure,
      room,
      most,
      restUntilMs: Math.max(rest?.untilMs ?? 0, credentialRest?.untilMs ?? 0),
      breaker: breaker.waitMs > 0 ? 'open' : breaker.state,
      lastUsed: own.lastUsed,
      inFlight: own.inFlight,
      latencyMs: own.latencyMs,
      availability: own.availability,
      ratio: numberIn(known, ratioAttr(candidate.mark)) ?? 1,
    };
  };

  const touch = (index: number): void => {
    entries[index] = null;
  };

  return {
    read: (nowMs) => {
      candidates.forEach((candidate, index) => {
        const entry = entries[index];
        const { version } = books.copy(candidate.book);
        const credentialVersion = books.copy(candidate.credentialId).version;
        // A book nobody has written stands as on the first day: time changes nothing about it.
        const ages = version > 0 && books.copy(candidate.book).item !== null;
        const fresh = entry && entry.version === version && entry.credentialVersion === credentialVersion && (!ages || nowMs - entry.atMs < STALE_AFTER_MS);
        if (fresh) return;
        const standing = compute(candidate, index, nowMs);
        entries[index] = { standing, version, credentialVersion, atMs: nowMs };
        current[index] = standing;
      });
      return current;
    },
    started: (index) => {
      const own = seen[index];
      if (!own) return;
      own.inFlight++;
      own.lastUsed = ++sequence;
      touch(index);
    },
    ended: (index, { ok, firstContentMs }) => {
      const own = seen[index];
      if (!own) return;
      own.inFlight--;
      own.availability += EWMA * ((ok ? 1 : 0) - own.availability);
      if (firstContentMs !== null) own.latencyMs = own.latencyMs === null ? firstContentMs : own.latencyMs + EWMA * (firstContentMs - own.latencyMs);
      touch(index);
    },
  };
}
