// Spares callers a store that does not answer: after some failures in a row, all but one operation fail at once until one succeeds.
import { StoreUnavailable, type Store } from '../ports.ts';

/** One failure may be a throttled item; so many in a row are the store. */
const FAILURES = 3;
/** How long nobody asks it then. */
const PAUSE_MS = 1_000;

/** The store, asked once a second while it is away, so that requests don't wait for it one after the other. */
export function createSparingStore(store: Store, now: () => number): Store {
  let failures = 0;
  let failedAtMs = -Infinity;
  const spare =
    <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (failures >= FAILURES) {
        // However the clock was set meanwhile.
        if (Math.abs(now() - failedAtMs) < PAUSE_MS)
          throw new StoreUnavailable('The store did not answer a moment ago. It will be tried again.');
        // Whoever comes now asks for all.
        failedAtMs = now();
      }
      try {
        const result = await act(...args);
        failures = 0;
        return result;
      } catch (error) {
        if (error instanceof StoreUnavailable) {
          failures++;
          failedAtMs = now();
        }
        throw error;
      }
    };
  return {
    kind: store.kind,
    get: spare((key, fresh) => store.get(key, fresh)),
    batchGet: spare((keys) => store.batchGet(keys)),
    put: spare((key, item, expiresAtMs) => store.put(key, item, expiresAtMs)),
    update: spare((update) => store.update(update)),
    delete: spare((key) => store.delete(key)),
    query: spare((pk, options) => store.query(pk, options)),
    ahead: () => store.ahead?.() ?? null,
    ping: () => store.ping(),
    close: () => store.close(),
  };
}
