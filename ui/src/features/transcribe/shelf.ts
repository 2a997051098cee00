// What must outlive the page while it is worked on: the recording in hand with its job, and what the microphone has heard so far.
import { toRecording } from '../../lib/microphone.ts';
import type { Database, Shelved } from './database.ts';

export interface Shelf {
  read(): Promise<Shelved | null>;
  write(shelved: Shelved): Promise<void>;
  clear(): Promise<void>;
  hear(sound: Blob): Promise<void>;
  /** All that was heard since it was last forgotten; null when nothing was. */
  heard(): Promise<File | null>;
  forget(): Promise<void>;
}

const CURRENT = 'current';

/** The shelf in a person's database. */
export const createShelf = (opened: Database): Shelf => ({
  read: async () => (await (await opened).get('work', CURRENT)) ?? null,
  write: async (shelved) => void (await (await opened).put('work', shelved, CURRENT)),
  clear: async () => {
    const change = (await opened).transaction('work', 'readwrite');
    // At once: the page may be left in this moment.
    await Promise.all([change.store.clear(), change.commit(), change.done]);
  },
  hear: async (sound) => void (await (await opened).add('heard', sound)),
  heard: async () => {
    const parts = await (await opened).getAll('heard');
    const [first] = parts;
    return first === undefined ? null : toRecording(parts, first.type);
  },
  forget: async () => (await opened).clear('heard'),
});
