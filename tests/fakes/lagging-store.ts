// A distributed store: whoever does not ask for what is fresh asks a replica that has not come by what was written since it last caught up.
import type { Clock, Store } from '#lambda/ports.ts';
import { createMemoryStore } from './memory-store.ts';

export interface LaggingStore extends Store {
  /** The replica comes by all that was written. */
  catchUp(): Promise<void>;
}

export function createLaggingStore(clock: Pick<Clock, 'now'>): LaggingStore {
  const leader = createMemoryStore(clock);
  const replica = createMemoryStore(clock);
  const missed: ((store: Store) => Promise<unknown>)[] = [];
  const write = <T>(act: (store: Store) => Promise<T>): Promise<T> => {
    missed.push(act);
    return act(leader);
  };
  const read = (fresh = false): Store => (fresh ? leader : replica);
  return {
    ...leader,
    get: (key, fresh) => read(fresh).get(key),
    batchGet: (keys) => replica.batchGet(keys),
    query: (pk, options = {}) => read(options.fresh).query(pk, options),
    put: (key, item, expiresAtMs) => write((store) => store.put(key, item, expiresAtMs)),
    update: (update) => write((store) => store.update(update)),
    delete: (key) => write((store) => store.delete(key)),
    catchUp: async () => {
      for (const act of missed.splice(0)) await act(replica);
    },
  };
}
