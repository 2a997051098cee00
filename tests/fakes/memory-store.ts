// A store in a Map that counts its operations, for tests of the rooms above it.
import { applyUpdate, type Item, type ItemKey } from '#shared/items.ts';
import type { Clock, Store } from '#lambda/ports.ts';
import { checkItem, checkUpdate } from '#lambda/store/attributes.ts';

export interface MemoryStore extends Store {
  readonly counts: { reads: number; writes: number };
}

/** What DynamoDB takes, names and values together. */
const MOST_BYTES = 400 * 1024;

/** Refuses what DynamoDB would, in its words. */
function checkSize(item: Item): void {
  let bytes = 0;
  for (const name in item) bytes += Buffer.byteLength(name) + Buffer.byteLength(String(item[name]));
  if (bytes <= MOST_BYTES) return;
  throw Object.assign(new Error('Item size has exceeded the maximum allowed size'), { name: 'ValidationException' });
}

const toText = ({ pk, sk }: ItemKey): string => `${pk}\u0000${sk}`;

/** An empty store; items expire by the given clock. */
export function createMemoryStore(clock: Pick<Clock, 'now'> = { now: Date.now }): MemoryStore {
  const items = new Map<string, { key: ItemKey; item: Item; expiresAtMs: number | null }>();
  const counts = { reads: 0, writes: 0 };
  const find = (key: ItemKey): Item | null => {
    const entry = items.get(toText(key));
    return entry && (entry.expiresAtMs === null || entry.expiresAtMs > clock.now()) ? entry.item : null;
  };
  return {
    kind: 'memory',
    counts,
    get: async (key) => {
      counts.reads++;
      return find(key);
    },
    batchGet: async (keys) => {
      counts.reads++;
      return keys.map(find);
    },
    put: async (key, item, expiresAtMs) => {
      checkItem(item);
      checkSize(item);
      counts.writes++;
      items.set(toText(key), { key, item, expiresAtMs: expiresAtMs ?? null });
    },
    update: async (update) => {
      checkUpdate(update);
      counts.writes++;
      const result = applyUpdate(find(update.key), update);
      if (result.applied) {
        checkSize(result.item);
        const before = find(update.key) === null ? null : (items.get(toText(update.key))?.expiresAtMs ?? null);
        items.set(toText(update.key), {
          key: update.key,
          item: result.item,
          expiresAtMs: update.expiresAtMs ?? before,
        });
      }
      return result;
    },
    delete: async (key) => {
      counts.writes++;
      items.delete(toText(key));
    },
    query: async (pk, { prefix = '', limit = 1000, after, descending = false } = {}) => {
      counts.reads++;
      const all = [...items.values()]
        .filter(({ key }) => key.pk === pk && key.sk.startsWith(prefix) && find(key) !== null)
        .sort((a, b) => (a.key.sk < b.key.sk ? -1 : 1) * (descending ? -1 : 1))
        .filter(({ key }) => after === undefined || (descending ? key.sk < after : key.sk > after));
      const page = all.slice(0, limit);
      return {
        items: page.map(({ key, item }) => ({ key, item })),
        next: all.length > page.length ? (page.at(-1)?.key.sk ?? null) : null,
      };
    },
    ping: async () => undefined,
    close: async () => undefined,
  };
}
