// Which credentials count as one account, since their limits move together: as their own books tell, for all fleets of the process.
import type { Item } from '#shared/items.ts';

/** Begins the attributes of a credential's own book that name another one of its account, and when the two were last found to move together. */
const LINK = '=';
/** Not found again for so long, it is forgotten. */
const REMEMBERED_MS = 30 * 86_400_000;

/** Name of the attribute that names another credential of the account. */
export const linkAttr = (other: string): string => LINK + other;

/** The others of an account by a credential's own book, and when each was last found to be one. */
export function linksIn(book: Item | null, nowMs: number): ReadonlyMap<string, number> {
  const links = new Map<string, number>();
  for (const name in book) {
    const atMs = book[name];
    if (name.startsWith(LINK) && typeof atMs === 'number' && nowMs - atMs <= REMEMBERED_MS)
      links.set(name.slice(1), atMs);
  }
  return links;
}

export interface Accounts {
  /**
   * The credential by whose id the limits of the account are counted: the same for all of them, so that the books of one become those of all,
   * and the others have theirs back should they part. Its own where it is alone.
   */
  headOf(id: string): string;
  /** Takes note of a credential's own book as it was just read or written. */
  learn(id: string, book: Item | null, nowMs: number): void;
}

/** Nothing is known at first; `changed` is told whenever a head is another than before. */
export function createAccounts(changed: () => void): Accounts {
  const heads = new Map<string, string>();
  const headOf = (id: string): string => heads.get(id) ?? id;
  return {
    headOf,
    learn: (id, book, nowMs) => {
      let head = id;
      for (const other of linksIn(book, nowMs).keys()) if (other < head) head = other;
      if (head === headOf(id)) return;
      heads.set(id, head);
      changed();
    },
  };
}
