// Notices keys whose limits move together, and writes it into their own books: from then on all instances count them as one account.
import type { Candidate } from '../routing/types.ts';
import type { ObservedLimit } from '../wire/types.ts';
import { linkAttr, linksIn, type Accounts } from './accounts.ts';
import type { Books } from './books.ts';
import type { Fleet } from './fleet.ts';
import { createTwinFinder } from './twin-finder.ts';

export interface Twins {
  /** Takes note of a call that its provider has counted; writes it down when two credentials turn out to share their limits, or not to. null: nothing was found. */
  note(candidate: Candidate, limits: readonly ObservedLimit[]): Promise<unknown> | null;
  /** Public names of the credentials of the same owner that seem to share their limits with a candidate's. */
  names(index: number): readonly string[];
}

export interface TwinsDeps {
  readonly books: Books;
  readonly fleet: Pick<Fleet, 'candidates' | 'credentials'>;
  /** Told what the credentials' own books say; absent where nobody joins them. */
  readonly accounts?: Pick<Accounts, 'learn'> | undefined;
}

/** What is found again is written again after this long. */
const RENEWED_MS = 86_400_000;

/** What others have written of an account is looked for again after this long. */
const LEARNED_MS = 1_000;

/** Who gave the credentials, by id: that they share an account is nobody else's business. */
const toOwners = ({ candidates, credentials }: TwinsDeps['fleet']): ReadonlyMap<string, string | undefined> =>
  new Map(candidates.map(({ credentialId }, index) => [credentialId, credentials[index]?.owner]));

/** Twins of one fleet. Only keys of one owner are ever joined: whoever adds a key of somebody else's account changes nothing for them. */
export function createTwins({ books, fleet, accounts }: TwinsDeps): Twins {
  const { candidates } = fleet;
  const owners = toOwners(fleet);
  const find = createTwinFinder();
  const linksOf = (id: string): ReadonlyMap<string, number> => linksIn(books.copy(id).item, books.now());
  const ofAccount = (id: string, other: string): string[] =>
    [...new Set([id, other, ...linksOf(id).keys(), ...linksOf(other).keys()])].filter(
      (one) => owners.has(one) && owners.get(one) === owners.get(id),
    );
  const learnedAtMs = new Map<string, number>();
  const write = (id: string, { set = {}, remove = [] }: { set?: Record<string, number>; remove?: string[] }) => {
    learnedAtMs.delete(id);
    return books.update(id, { guards: [], add: {}, set, remove, lasting: false });
  };
  /** Each names all others, so that whoever reads the book of one knows as much as all. */
  const join = (ids: readonly string[]): Promise<unknown>[] =>
    ids.flatMap((id) => {
      const links = linksOf(id);
      const due = ids.filter((other) => other !== id && books.now() - (links.get(other) ?? 0) >= RENEWED_MS);
      const set = Object.fromEntries(due.map((other) => [linkAttr(other), books.now()]));
      return due.length === 0 ? [] : [write(id, { set })];
    });
  const part = (ids: readonly string[]): Promise<unknown>[] =>
    ids.flatMap((id) => {
      const remove = [...linksOf(id).keys()].map(linkAttr);
      return remove.length === 0 ? [] : [write(id, { remove })];
    });
  if (accounts !== undefined)
    books.onChange((id, _before, after) => {
      const nowMs = books.now();
      // Books change with every call, and hold much else.
      if (!owners.has(id) || Math.abs(nowMs - (learnedAtMs.get(id) ?? -Infinity)) < LEARNED_MS) return;
      learnedAtMs.set(id, nowMs);
      accounts.learn(id, after, nowMs);
    });
  return {
    note: (candidate, limits) => {
      const { credentialId: id } = candidate;
      const found = find(candidate, limits, books.now());
      if (found.length === 0) return null;
      const writes = found
        .filter(({ other }) => owners.get(other) === owners.get(id))
        .flatMap(({ other, areTwins }) => {
          if (areTwins) return join(ofAccount(id, other));
          return linksOf(id).has(other) ? part(ofAccount(id, other)) : [];
        });
      return writes.length === 0 ? null : Promise.all(writes);
    },
    names: (index) => {
      const id = candidates[index]?.credentialId;
      if (id === undefined) return [];
      const links = linksOf(id);
      const isTold = (other: string): boolean => links.has(other) && owners.get(other) === owners.get(id);
      return [...new Set(candidates.flatMap((one) => (isTold(one.credentialId) ? [one.credential] : [])))];
    },
  };
}
