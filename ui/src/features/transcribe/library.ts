// The finished transcripts of a person on this device, until they delete them.
import type { Database } from './database.ts';
import type { Kept } from './transcript.ts';

export interface Library {
  /** The newest first. */
  list(): Promise<readonly Kept[]>;
  read(id: string): Promise<Kept | null>;
  /** Keeps it, in place of the one with its id. */
  write(kept: Kept): Promise<void>;
  remove(id: string): Promise<void>;
}

/** The library in a person's database. */
export const createLibrary = (opened: Database): Library => ({
  list: async () => (await (await opened).getAllFromIndex('transcripts', 'createdAtMs')).reverse(),
  read: async (id) => (await (await opened).get('transcripts', id)) ?? null,
  write: async (kept) => {
    const change = (await opened).transaction('transcripts', 'readwrite');
    // At once: the page may be left in this moment.
    await Promise.all([change.store.put(kept), change.commit(), change.done]);
  },
  remove: async (id) => (await opened).delete('transcripts', id),
});
