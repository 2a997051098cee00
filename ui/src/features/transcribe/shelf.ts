// What must outlive the page: the recording under way with its job, and what the microphone has heard so far.
import type { DBSchema, IDBPDatabase } from 'idb';
import { toRecording } from '../../lib/microphone.ts';
import { openOwn } from '../../lib/own-database.ts';

/** The recording that is being worked on. */
export interface Shelved {
  readonly file: File;
  /** null until the server knows of it. */
  readonly jobId: string | null;
}

/** What somebody corrected in a job's transcript: texts by the span of their segments. */
interface Corrected {
  readonly jobId: string;
  readonly texts: Readonly<Record<string, string>>;
}

interface Schema extends DBSchema {
  work: { key: string; value: Shelved | Corrected };
  /** Seconds of sound in the order in which they were heard. */
  heard: { key: number; value: Blob };
}

export interface Shelf {
  read(): Promise<Shelved | null>;
  write(shelved: Shelved): Promise<void>;
  clear(): Promise<void>;
  readTexts(jobId: string): Promise<Corrected['texts']>;
  writeTexts(corrected: Corrected): Promise<void>;
  hear(sound: Blob): Promise<void>;
  /** All that was heard since it was last forgotten; null when nothing was. */
  heard(): Promise<File | null>;
  forget(): Promise<void>;
}

const CURRENT = 'current';
const CORRECTED = 'corrected';

const open = (personId: string): Promise<IDBPDatabase<Schema>> =>
  openOwn<Schema>({
    kind: 'freeway-transcribe',
    personId,
    version: 1,
    upgrade: (db) => {
      db.createObjectStore('work');
      db.createObjectStore('heard', { autoIncrement: true });
    },
  });

/** A person's shelf on this device. */
export function createShelf(personId: string): Shelf {
  const opened = open(personId);
  return {
    read: async () => {
      const shelved = await (await opened).get('work', CURRENT);
      return shelved && 'file' in shelved ? shelved : null;
    },
    write: async (shelved) => void (await (await opened).put('work', shelved, CURRENT)),
    clear: async () => {
      const change = (await opened).transaction('work', 'readwrite');
      // At once: the page may be left in this moment.
      await Promise.all([change.store.clear(), change.commit(), change.done]);
    },
    readTexts: async (jobId) => {
      const kept = await (await opened).get('work', CORRECTED);
      return kept && 'texts' in kept && kept.jobId === jobId ? kept.texts : {};
    },
    writeTexts: async (corrected) => {
      const change = (await opened).transaction('work', 'readwrite');
      await Promise.all([change.store.put(corrected, CORRECTED), change.commit(), change.done]);
    },
    hear: async (sound) => void (await (await opened).add('heard', sound)),
    heard: async () => {
      const parts = await (await opened).getAll('heard');
      const [first] = parts;
      return first === undefined ? null : toRecording(parts, first.type);
    },
    forget: async () => (await opened).clear('heard'),
  };
}
