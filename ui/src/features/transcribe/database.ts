// The database of this feature on this device, one for each person: what outlives the page, and what outlives the work.
import type { DBSchema, IDBPDatabase } from 'idb';
import { openOwn } from '../../lib/own-database.ts';
import type { Kept } from './transcript.ts';

/** The recording in hand. */
export interface Shelved {
  readonly file: File;
  /** null until the server knows of it. */
  readonly jobId: string | null;
  /** What was made of it; null or absent until that is whole. */
  readonly transcriptId?: string | null;
}

interface Schema extends DBSchema {
  work: { key: string; value: Shelved };
  /** Seconds of sound in the order in which they were heard. */
  heard: { key: number; value: Blob };
  transcripts: { key: string; value: Kept; indexes: { createdAtMs: number } };
}
export type Database = Promise<IDBPDatabase<Schema>>;

/** Opens a person's own. */
export const openDatabase = (personId: string): Database =>
  openOwn<Schema>({
    kind: 'freeway-transcribe',
    personId,
    version: 2,
    upgrade: (db, before) => {
      if (before < 1) {
        db.createObjectStore('work');
        db.createObjectStore('heard', { autoIncrement: true });
      }
      db.createObjectStore('transcripts', { keyPath: 'id' }).createIndex('createdAtMs', 'createdAtMs');
    },
  });
