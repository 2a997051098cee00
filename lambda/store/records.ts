// Documents under one partition of the store, each checked by its schema when read, and changed only as they were seen.
import type * as z from 'zod/mini';
import type { Item, ItemKey } from '#shared/items.ts';
import type { Store } from '../ports.ts';

export interface Records<T> {
  get(id: string): Promise<T | null>;
  /** In order of their ids. */
  list(): Promise<readonly T[]>;
  /** false: there is one with this id already. */
  create(id: string, value: T, expiresAtMs?: number): Promise<boolean>;
  /** Applies a pure change to what is stored, again if somebody else was faster. null: there is none. */
  change(id: string, change: (value: T) => T, expiresAtMs?: number): Promise<T | null>;
  remove(id: string): Promise<void>;
}

export interface RecordsOptions<T> {
  readonly store: Store;
  readonly pk: string;
  readonly schema: z.ZodMiniType<T>;
}

/** The document and a number drawn anew by every write, which guards the next one. */
const DOCUMENT = 'doc';
const VERSION = 'v';
/** Others may be faster so many times before something must be wrong. */
const MAX_ROUNDS = 20;

/** Records over a store. Documents that don't fit their schema are faults of ours, and thrown. */
export function createRecords<T>({ store, pk, schema }: RecordsOptions<T>): Records<T> {
  const toKey = (sk: string): ItemKey => ({ pk, sk });
  const parse = (item: Item): T => schema.parse(JSON.parse(String(item[DOCUMENT])));
  const tryChange = async (
    id: string,
    change: (value: T) => T,
    expiresAtMs: number | undefined,
  ): Promise<{ readonly value: T | null } | null> => {
    const item = await store.get(toKey(id));
    if (item === null) return { value: null };
    const version = Number(item[VERSION]);
    const value = change(parse(item));
    const { applied } = await store.update({
      key: toKey(id),
      guards: [{ attr: VERSION, is: 'equals', value: version }],
      add: {},
      set: { [DOCUMENT]: JSON.stringify(value), [VERSION]: version + 1 },
      remove: [],
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    });
    return applied ? { value } : null;
  };
  return {
    get: async (id) => {
      const item = await store.get(toKey(id));
      return item === null ? null : parse(item);
    },
    list: async () => {
      const all: T[] = [];
      let after: string | null = null;
      do {
        const page = await store.query(pk, { limit: 500, ...(after === null ? {} : { after }) });
        all.push(...page.items.map(({ item }) => parse(item)));
        after = page.next;
      } while (after !== null);
      return all;
    },
    create: async (id, value, expiresAtMs) => {
      const { applied } = await store.update({
        key: toKey(id),
        guards: [{ attr: VERSION, is: 'absent' }],
        add: {},
        set: { [DOCUMENT]: JSON.stringify(value), [VERSION]: 1 },
        remove: [],
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      });
      return applied;
    },
    change: async (id, change, expiresAtMs) => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const done = await tryChange(id, change, expiresAtMs);
        if (done !== null) return done.value;
      }
      throw new Error(`The record ${pk}/${id} changed ${MAX_ROUNDS} times while it was being changed.`);
    },
    remove: (id) => store.delete(toKey(id)),
  };
}
