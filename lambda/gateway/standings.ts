// How every candidate stands, computed from its book when the book has changed and kept for the decisions in between.
import type { Amounts, PoolUnit } from '#shared/pools.ts';
import { breakerState, everyMark, restOf } from '../routing/breaker.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import type { Standing } from '../routing/decide.ts';
import { viewPool } from '../routing/pools.ts';
import { cautionOf } from '../routing/pools-caution.ts';
import { othersIn } from '../routing/pools-foreign.ts';
import { overdraftOf } from '../routing/pools-pace.ts';
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

/** What the current standing was computed from. */
interface Entry {
  readonly version: number;
  readonly credentialVersion: number;
  readonly atMs: number;
}

export interface Standings {
  /** One standing per candidate, at most a quarter of a second old, in the time of the caller's clock. The array is reused: read it before the next await. */
  read(callerMs: number): readonly Standing[];
  /** The highest pressure among the candidates of a book when they were last looked at; 0 when they never were. */
  pressureOf(book: string): number;
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

const unseen = (): Seen => ({ lastUsed: 0, inFlight: 0, latencyMs: null, availability: 1 });

/** The standing of one candidate, from its book and from what this instance has seen. */
function toStanding(
  candidate: Candidate,
  own: Seen,
  { books, zones, nowMs, aheadMs }: StandingsDeps & { nowMs: number; aheadMs: number },
): Standing {
  const book = books.copy(candidate.book).item;
  const whole = books.copy(candidate.credentialId).item;
  const known = book ?? {};
  const room: Partial<Record<PoolUnit, number>> = {};
  const most: Partial<Record<PoolUnit, number>> = {};
  let pressure = 0;
  let overdraft: number | null = null;
  let contested = false;
  for (const pool of candidate.pools) {
    const view = viewPool({ pool, need: noAmounts, book, nowMs, zones });
    const others = othersIn(pool, known, nowMs);
    contested ||= others > 0 && view.used + others >= view.max;
    // Where others may fill the rest at any moment, the pool is taken to be so much fuller.
    pressure = Math.max(pressure, Math.min(1, view.pressure + (view.max > 0 ? others / view.max : 0)));
    const ahead = overdraftOf(view, nowMs);
    if (ahead !== null) overdraft = Math.max(overdraft ?? -1, ahead);
    lower(room, pool.unit, Math.max(0, view.max - view.used));
    lower(most, pool.unit, view.max);
  }
  const rest = restOf(known, candidate.mark, nowMs);
  const credentialRest = whole === null ? null : restOf(whole, everyMark, nowMs);
  const breaker = breakerState(known, candidate.mark, nowMs);
  return {
    ...own,
    pressure,
    overdraft,
    contested,
    room,
    most,
    restUntilMs: Math.max(0, Math.max(rest?.untilMs ?? 0, credentialRest?.untilMs ?? 0) - aheadMs),
    breaker: breaker.waitMs > 0 ? 'open' : breaker.state,
    ratio: numberIn(known, ratioAttr(candidate.mark)) ?? 1,
    caution: cautionOf(known, candidate.mark),
  };
}

/** Standings of all candidates of a fleet. */
export function createStandings(deps: StandingsDeps): Standings {
  const { candidates, books } = deps;
  const seen: Seen[] = candidates.map(unseen);
  const entries: (Entry | null)[] = candidates.map(() => null);
  const current: Standing[] = [];
  const indices = Map.groupBy(candidates.keys(), (index) => candidates[index]?.book);
  let sequence = 0;

  const isFresh = (entry: Entry | null | undefined, candidate: Candidate, nowMs: number): boolean => {
    if (!entry) return false;
    const { version, item } = books.copy(candidate.book);
    // A book nobody has written stands as on the first day: time changes nothing about it.
    const ages = item !== null && nowMs - entry.atMs >= STALE_AFTER_MS;
    return !ages && entry.version === version && entry.credentialVersion === books.copy(candidate.credentialId).version;
  };

  const change = (index: number, act: (own: Seen) => void): void => {
    const own = seen[index];
    if (own) act(own);
    entries[index] = null;
  };

  return {
    read: (callerMs) => {
      const nowMs = books.now();
      const aheadMs = nowMs - callerMs;
      candidates.forEach((candidate, index) => {
        if (isFresh(entries[index], candidate, nowMs)) return;
        const standing = toStanding(candidate, seen[index] ?? unseen(), { ...deps, nowMs, aheadMs });
        entries[index] = {
          version: books.copy(candidate.book).version,
          credentialVersion: books.copy(candidate.credentialId).version,
          atMs: nowMs,
        };
        current[index] = standing;
      });
      return current;
    },
    pressureOf: (book) => Math.max(0, ...(indices.get(book) ?? []).map((index) => current[index]?.pressure ?? 0)),
    started: (index) =>
      change(index, (own) => {
        own.inFlight++;
        own.lastUsed = ++sequence;
      }),
    ended: (index, { ok, firstContentMs }) =>
      change(index, (own) => {
        own.inFlight--;
        own.availability += EWMA * ((ok ? 1 : 0) - own.availability);
        if (firstContentMs === null) return;
        own.latencyMs =
          own.latencyMs === null ? firstContentMs : own.latencyMs + EWMA * (firstContentMs - own.latencyMs);
      }),
  };
}
