// Documents under one partition of the store, each checked by its schema when read, and changed only as they were seen.
import type * as z from 'zod/mini';
import { parseWritten, readCarefully, type Careful } from '#shared/careful.ts';
import type { Item, ItemKey } from '#shared/items.ts';
import type { QueryPage, Store } from '../ports.ts';

export interface Records<T> {
  /** What it is, a moment ago at worst unless it is to be `fresh`. */
  get(id: string, fresh?: boolean): Promise<T | null>;
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
  /** What is read where a later version wrote what this one does not know; absent: such documents don't fit. */
  readonly careful?: Careful;
}

/** The document and a number drawn anew by every write, which guards the next one. */
const DOCUMENT = 'doc';
const VERSION = 'v';
/** Others may be faster so many times before something must be wrong. */
const MAX_ROUNDS = 20;

/** The document after a change. What this version does not know, or reads otherwise than it is written, stays as a later version wrote it. */
function toDocument<T extends object>(written: object, before: T, after: T): object {
  const document: Record<string, unknown> = { ...written };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof T & string>) {
    if (after[name] === before[name]) continue;
    if (after[name] === undefined) delete document[name];
    else document[name] = after[name];
  }
  return document;
}

const toWritten = (item: Item): object => parseWritten(item[DOCUMENT]) as object;

interface Reading<T> {
  /** Throws for what does not fit. */
  readonly parse: (item: Item) => T;
  /** Those that fit: one that a later version wrote, or that is damaged, must not hide all others. */
  readonly known: (page: QueryPage) => readonly T[];
}

function createReading<T>(schema: z.ZodMiniType<T>, careful: Careful): Reading<T> {
  const read = (item: Item): ReturnType<typeof schema.safeParse> => readCarefully(schema, toWritten(item), careful);
  return {
    parse: (item) => {
      const { data, error } = read(item);
      if (error) throw error;
      return data;
    },
    known: ({ items }) =>
      items.flatMap(({ item }) => {
        const one = read(item);
        return one.success ? [one.data] : [];
      }),
  };
}

/** Records over a store. Documents that don't fit their schema are thrown when they are asked for, and left out of lists. */
export function createRecords<T extends object>({ store, pk, schema, careful = {} }: RecordsOptions<T>): Records<T> {
  const toKey = (sk: string): ItemKey => ({ pk, sk });
  const { parse, known } = createReading(schema, careful);
  const tryChange = async (
    id: string,
    change: (value: T) => T,
    expiresAtMs: number | undefined,
  ): Promise<{ readonly value: T | null } | null> => {
    // Whoever was told that there is none would take what was just made for deleted.
    const item = await store.get(toKey(id), true);
    if (item === null) return { value: null };
    const version = Number(item[VERSION]);
    const before = parse(item);
    const value = change(before);
    // Whoever only looks writes nothing, and outruns nobody who does.
    if (value === before && expiresAtMs === undefined) return { value };
    const { applied } = await store.update({
      key: toKey(id),
      guards: [{ attr: VERSION, is: 'equals', value: version }],
      add: {},
      set: { [DOCUMENT]: JSON.stringify(toDocument(toWritten(item), before, value)), [VERSION]: version + 1 },
      remove: [],
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    });
    return applied ? { value } : null;
  };
  return {
    get: async (id, fresh) => {
      const item = await store.get(toKey(id), fresh);
      return item === null ? null : parse(item);
    },
    list: async () => {
      const all: T[] = [];
      let after: string | null = null;
      do {
        const page: QueryPage = await store.query(pk, { limit: 500, ...(after === null ? {} : { after }) });
        all.push(...known(page));
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
