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

interface Had {
  share: number;
  atMs: number;
}
interface Waiter {
  readonly personId: string;
  readonly readyAtMs: number;
}

/** The part of its tightest pool that a call takes. */
const toShare = ({ pools }: Candidate, need: Amounts): number =>
  pools.reduce((most, { unit, max }) => Math.max(most, max > 0 ? (need[unit] ?? 0) / max : 0), 0);

const keysOf = ({ book, pools }: Candidate): string[] => pools.map(({ key }) => `${book}|${key}`);

/** Shares of nobody yet. */
export function createShares(): Shares {
  const had = new Map<string, Map<string, Had>>();
  const waiting = new Map<string, Set<Waiter>>();
  const shareOf = (key: string, personId: string, nowMs: number): number => {
    const known = had.get(key)?.get(personId);
    return known === undefined ? 0 : known.share * 2 ** ((known.atMs - nowMs) / HALF_LIFE_MS);
  };
  return {
    taken: (personId, candidate, { need, nowMs }) => {
      const share = toShare(candidate, need);
      if (share === 0) return;
      for (const key of keysOf(candidate)) {
        const people = had.get(key) ?? new Map<string, Had>();
        people.set(personId, { share: shareOf(key, personId, nowMs) + share, atMs: nowMs });
        had.set(key, people);
      }
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
