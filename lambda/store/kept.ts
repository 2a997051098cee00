// Settings that are read on every request and written hardly ever: kept for a while, and longer while the store is away.
import type * as z from 'zod/mini';
import { parseWritten } from '#shared/careful.ts';
import type { Store } from '../ports.ts';

const FRESH_MS = 30_000;

/** What is kept of one thing in the store. */
export interface Kept<T> {
  /** At most half a minute old. Rejects when it was never read, and can't be. */
  readonly read: () => Promise<T>;
  /** What was read last, however old; null when nothing was. Reads again, in the background, when it is old. */
  readonly peek: () => T | null;
  /** The next read asks the store: it was just written. */
  readonly forget: () => void;
}

/** Keeps what `load` answers. `now` in milliseconds since the epoch. */
export function createKept<T>(load: () => Promise<T>, now: () => number): Kept<T> {
  let last: { readonly value: T } | null = null;
  let readAtMs = -Infinity;
  let loading: Promise<T> | null = null;
  let latest = 0;
  const readNow = async (mine: number): Promise<T> => {
    try {
      const value = await load();
      // What was written while this was read may not be in it.
      if (mine === latest) {
        last = { value };
        readAtMs = now();
      }
      return value;
    } catch (error) {
      if (last === null) throw error;
      return last.value;
    } finally {
      if (mine === latest) loading = null;
    }
  };
  const start = (): Promise<T> => (loading = readNow(++latest));
  // Where the clock was set back, what was read seems to lie ahead.
  const isFresh = (): boolean => Math.abs(now() - readAtMs) < FRESH_MS;
  return {
    read: () => (last !== null && isFresh() ? Promise.resolve(last.value) : (loading ?? start())),
    peek: () => {
      // Nobody waits for it; the next to look tries again.
      if (!isFresh() && loading === null) start().catch(() => undefined);
      return last?.value ?? null;
    },
    forget: () => {
      latest++;
      readAtMs = -Infinity;
      loading = null;
    },
  };
}

/** A document, alone in a list; an empty one where it is damaged, or a later version wrote what this one does not know, so that it hides nothing else. */
export function readKnown<T>(schema: z.ZodMiniType<T>, json: unknown): readonly T[] {
  const known = schema.safeParse(json);
  return known.success ? [known.data] : [];
}

/** All documents of one partition, as their writers left them under `json`; null for what is none. */
export async function readPartition(
  store: Store,
  pk: string,
  prefix = '',
): Promise<{ readonly sk: string; readonly json: unknown }[]> {
  const found: { sk: string; json: unknown }[] = [];
  let after: string | undefined;
  do {
    const page = await store.query(pk, { prefix, ...(after === undefined ? {} : { after }) });
    for (const { key, item } of page.items) found.push({ sk: key.sk, json: parseWritten(item['json']) });
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

/** Deletes everything of one partition, whatever it holds. So many items are read at once. */
export async function clearPartition(store: Store, pk: string, pageItems = 1_000): Promise<void> {
  for (;;) {
    const { items, next } = await store.query(pk, { limit: pageItems });
    await Promise.all(items.map(({ key }) => store.delete(key)));
    if (next === null) return;
  }
}
