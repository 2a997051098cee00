// Fair shares among people who ask for the same quota at the same time: while somebody waits for it who has had less, whoever has had more waits too.
import type { Amounts } from '#shared/pools.ts';
import type { Candidate } from '../routing/types.ts';

/** What one instance knows of who has had how much of what. */
export interface Shares {
  /** Notes what a call takes for somebody. */
  taken(personId: string, candidate: Candidate, what: { readonly need: Amounts; readonly nowMs: number }): void;
  /** Somebody waits for this candidate, until `readyAtMs`; call what it answers when they wait no longer. */
  waits(personId: string, candidate: Candidate, readyAtMs: number): () => void;
  /** Whether somebody else is waiting for the same, who is about to try and has had less of it lately. */
  mustYield(personId: string, candidate: Candidate, nowMs: number): boolean;
}

/** What was had counts half after this long: whoever was modest a while ago has no claim for ever. */
const HALF_LIFE_MS = 120_000;
/** Who tries no sooner than in this time is not waited for. */
const SOON_MS = 1_000;
/** Shares closer than this are equal. */
const NOISE = 1e-9;
/** By then less than a thousandth of what was had counts: nobody is remembered longer. */
const FORGOTTEN_MS = 10 * HALF_LIFE_MS;
/** People remembered per pool, and pools: those of whom nothing was heard for longest go first. */
const MOST = { people: 2_000, pools: 2_000 } as const;

interface Had {
  share: number;
  atMs: number;
}
interface Pool {
  readonly people: Map<string, Had>;
  /** When anybody last had of it. */
  readonly atMs: number;
}
interface Waiter {
  readonly personId: string;
  readonly readyAtMs: number;
}

/** The part of its tightest pool that a call takes. */
const toShare = ({ pools }: Candidate, need: Amounts): number =>
  pools.reduce((most, { unit, max }) => Math.max(most, max > 0 ? (need[unit] ?? 0) / max : 0), 0);

/** Takes out the oldest, as far as they are too many or `isOld`; two at most, so that it costs nothing to do it with every addition. */
function dropOldest<T>(map: Map<string, T>, most: number, isOld: (value: T) => boolean): void {
  let left = 2;
  for (const [key, value] of map) {
    if (left-- === 0 || (map.size <= most && !isOld(value))) return;
    map.delete(key);
  }
}

const keysOf = ({ book, pools }: Candidate): string[] => pools.map(({ key }) => `${book}|${key}`);

/** Shares of nobody yet. */
export function createShares(): Shares {
  const had = new Map<string, Pool>();
  const waiting = new Map<string, Set<Waiter>>();
  const shareOf = (key: string, personId: string, nowMs: number): number => {
    const known = had.get(key)?.people.get(personId);
    return known === undefined ? 0 : known.share * 2 ** ((known.atMs - nowMs) / HALF_LIFE_MS);
  };
  return {
    taken: (personId, candidate, { need, nowMs }) => {
      const share = toShare(candidate, need);
      if (share === 0) return;
      const isOld = ({ atMs }: { readonly atMs: number }): boolean => nowMs - atMs > FORGOTTEN_MS;
      for (const key of keysOf(candidate)) {
        const people = had.get(key)?.people ?? new Map<string, Had>();
        const sum = shareOf(key, personId, nowMs) + share;
        // Taken out first, so that both stay in the order in which they were last heard of.
        people.delete(personId);
        people.set(personId, { share: sum, atMs: nowMs });
        had.delete(key);
        had.set(key, { people, atMs: nowMs });
        dropOldest(people, MOST.people, isOld);
      }
      dropOldest(had, MOST.pools, isOld);
    },
    waits: (personId, candidate, readyAtMs) => {
      const waiter: Waiter = { personId, readyAtMs };
      const keys = keysOf(candidate);
      for (const key of keys) {
        const waiters = waiting.get(key) ?? new Set<Waiter>();
        waiters.add(waiter);
        waiting.set(key, waiters);
      }
      return () => {
        for (const key of keys) {
          waiting.get(key)?.delete(waiter);
          if (waiting.get(key)?.size === 0) waiting.delete(key);
        }
      };
    },
    mustYield: (personId, candidate, nowMs) => {
      if (waiting.size === 0) return false;
      for (const key of keysOf(candidate)) {
        const own = shareOf(key, personId, nowMs);
        for (const waiter of waiting.get(key) ?? []) {
          if (waiter.personId === personId || waiter.readyAtMs > nowMs + SOON_MS) continue;
          if (shareOf(key, waiter.personId, nowMs) < own - NOISE) return true;
        }
      }
      return false;
    },
  };
}
