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
/** The order in which they were last heard of is kept to this: moving somebody with every call would cost more than the rest. */
const MOVE_MS = 1_000;
/** By then less than a thousandth of what was had counts: nobody is remembered longer. */
const FORGOTTEN_MS = 10 * HALF_LIFE_MS;
/** Calls entered together; people remembered per pool, and pools: those of whom nothing was heard for longest go first. */
const MOST = { people: 2_000, pools: 2_000, recent: 256 } as const;

interface Had {
  share: number;
  atMs: number;
  /** When it was last put behind the others. */
  movedAtMs: number;
}
interface Pool {
  readonly people: Map<string, Had>;
  /** When anybody last had of it. */
  atMs: number;
  movedAtMs: number;
}
/** What was taken, and is not yet in the accounts. */
interface Taken {
  readonly personId: string;
  readonly candidate: Candidate;
  readonly share: number;
  readonly nowMs: number;
}
interface Waiter {
  readonly personId: string;
  readonly readyAtMs: number;
}

/** The part of its tightest pool that a call takes. */
function toShare({ pools }: Candidate, need: Amounts): number {
  let most = 0;
  for (const { unit, max } of pools) if (max > 0) most = Math.max(most, (need[unit] ?? 0) / max);
  return most;
}

/** Takes out the oldest, as far as they are too many or `isOld`; two at most, so that it costs nothing to do it with every addition. */
function dropOldest<T>(map: Map<string, T>, most: number, isOld: (value: T) => boolean): void {
  let left = 2;
  for (const [key, value] of map) {
    if (left-- === 0 || (map.size <= most && !isOld(value))) return;
    map.delete(key);
  }
}

/** Names of candidates' pools, put together once. */
const known = new WeakMap<Candidate, readonly string[]>();

function keysOf(candidate: Candidate): readonly string[] {
  const { book, pools } = candidate;
  let keys = known.get(candidate);
  if (keys === undefined) known.set(candidate, (keys = pools.map(({ key }) => `${book}|${key}`)));
  return keys;
}

/** Puts an entry behind the others, unless that was done a moment ago. */
function moveBack<T extends { movedAtMs: number }>(
  map: Map<string, T>,
  key: string,
  { entry, nowMs }: { entry: T; nowMs: number },
): void {
  if (nowMs - entry.movedAtMs < MOVE_MS && nowMs >= entry.movedAtMs) return;
  entry.movedAtMs = nowMs;
  map.delete(key);
  map.set(key, entry);
}

/** What somebody had, as far as it still counts. */
const faded = ({ share, atMs }: Had, nowMs: number): number => share * 2 ** ((atMs - nowMs) / HALF_LIFE_MS);

/** Who has had how much of which pools. The newest are entered when somebody asks: nobody does while nobody waits. */
class Accounts {
  readonly #had = new Map<string, Pool>();
  /** Oldest first. */
  #recent: Taken[] = [];

  add(taken: Taken): void {
    if (this.#recent.push(taken) >= MOST.recent) this.#catchUp();
  }

  shareOf(key: string, personId: string, nowMs: number): number {
    if (this.#recent.length > 0) this.#catchUp();
    const person = this.#had.get(key)?.people.get(personId);
    return person === undefined ? 0 : faded(person, nowMs);
  }

  #catchUp(): void {
    const recent = this.#recent;
    this.#recent = [];
    for (const taken of recent) this.#enter(taken);
  }

  #enter({ personId, candidate, share, nowMs }: Taken): void {
    const had = this.#had;
    const isOld = ({ atMs }: { readonly atMs: number }): boolean => nowMs - atMs > FORGOTTEN_MS;
    for (const key of keysOf(candidate)) {
      const pool: Pool = had.get(key) ?? { people: new Map(), atMs: nowMs, movedAtMs: -Infinity };
      const person: Had = pool.people.get(personId) ?? { share: 0, atMs: nowMs, movedAtMs: -Infinity };
      person.share = faded(person, nowMs) + share;
      person.atMs = nowMs;
      pool.atMs = nowMs;
      moveBack(pool.people, personId, { entry: person, nowMs });
      moveBack(had, key, { entry: pool, nowMs });
      dropOldest(pool.people, MOST.people, isOld);
    }
    dropOldest(had, MOST.pools, isOld);
  }
}

/** Shares of nobody yet. */
export function createShares(): Shares {
  const accounts = new Accounts();
  const waiting = new Map<string, Set<Waiter>>();
  return {
    taken: (personId, candidate, { need, nowMs }) => {
      const share = toShare(candidate, need);
      if (share > 0) accounts.add({ personId, candidate, share, nowMs });
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
        const own = accounts.shareOf(key, personId, nowMs);
        for (const waiter of waiting.get(key) ?? []) {
          if (waiter.personId === personId || waiter.readyAtMs > nowMs + SOON_MS) continue;
          if (accounts.shareOf(key, waiter.personId, nowMs) < own - NOISE) return true;
        }
      }
      return false;
    },
  };
}
