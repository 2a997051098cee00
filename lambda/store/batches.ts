// Batches in the store: files of requests in parts, batches, and one result for each request; all gone when their time is over.
import type * as z from 'zod/mini';
import {
  batchUseSchema,
  isOpen,
  isSent,
  keptBatchSchema,
  keptFileSchema,
  resultKinds,
  type BatchUse,
  type KeptBatch,
  type KeptFile,
  type ResultKind,
} from '#shared/batch.ts';
import { parseWritten } from '#shared/careful.ts';
import type { Item, ItemKey } from '#shared/items.ts';
import type { BatchBook, FileBook, KeptResult, ResultFacts } from '../ports-batches.ts';
import type { Store } from '../ports.ts';
import { clearPartition, readKnown } from './kept.ts';
import { addOpen, listOpen, removeOpen } from './open-work.ts';
import { createRecords, type Records } from './records.ts';
import { createTally } from './tally.ts';

const OPEN = 'batches-open';
const fileSchema: z.ZodMiniType<KeptFile> = keptFileSchema;
const batchSchema: z.ZodMiniType<KeptBatch> = keptBatchSchema;
const useSchema: z.ZodMiniType<BatchUse> = batchUseSchema;

/** Characters of a part: in UTF-8 at most three times as many bytes, and an item of DynamoDB holds 400 kB. */
export const PART_LENGTH = 100_000;
/** Parts read at once: each may be large. */
const PAGE = 8;

const toDigits = (number: number): string => String(number).padStart(6, '0');
const partKey = (id: string, part: number): ItemKey => ({ pk: `file-parts#${id}`, sk: toDigits(part) });
/** The first part of a result says how many there are, and which kind it is of: as long as it is missing, or says otherwise, the others count for nothing. */
const resultKey = (batchId: string, line: number, part: number): ItemKey => ({
  pk: `batch-results#${batchId}`,
  sk: `${toDigits(line)}-${toDigits(part)}`,
});

/** The text of a part; null where there is none, or what there is was damaged: it must not pass for a text. */
function toText(item: Item | null): string | null {
  const text = item?.['text'];
  return typeof text === 'string' ? text : null;
}

/** Where the first part of a text ends. The two halves of one character stay together: alone, neither is text. */
const toCut = (text: string): number =>
  /[\uD800-\uDBFF]/.test(text[PART_LENGTH - 1] ?? '') ? PART_LENGTH - 1 : PART_LENGTH;

/** Cuts a text as it comes into parts that can be kept. */
async function* toParts(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const piece of pieces) {
    held += piece;
    while (held.length > PART_LENGTH) {
      const at = toCut(held);
      yield held.slice(0, at);
      held = held.slice(at);
    }
  }
  if (held !== '') yield held;
}

/** The parts of a whole text, one at least. */
function splitText(text: string): readonly [string, ...string[]] {
  const parts: string[] = [];
  let rest = text;
  for (; rest.length > PART_LENGTH; rest = rest.slice(toCut(rest))) parts.push(rest.slice(0, toCut(rest)));
  const [first = rest, ...others] = [...parts, rest];
  return [first, ...others];
}

/** Files of requests over a store. */
export function createFileBook(store: Store): FileBook {
  const of = (personId: string): Records<KeptFile> =>
    createRecords({ store, pk: `files#${personId}`, schema: fileSchema });
  const tally = createTally({
    store,
    what: 'files',
    living: async (personId) => (await of(personId).list()).filter(isSent).map(({ id }) => id),
  });
  const giveBack = async (file: Pick<KeptFile, 'personId' | 'id'>): Promise<void> => {
    if (isSent(file)) await tally.leave(file);
  };
  const removeParts = (id: string): Promise<void> => clearPartition(store, partKey(id, 0).pk, PAGE);
  return {
    get: (personId, id) => of(personId).get(id, true),
    list: (personId) => of(personId).list(),
    enter: (file, most) => tally.enter({ ...file, atMs: file.createdAtMs }, most),
    create: async (given, text) => {
      let bytes = 0;
      let parts = 0;
      try {
        for await (const part of toParts(text)) {
          await store.put(partKey(given.id, parts), { text: part }, given.expiresAtMs);
          bytes += Buffer.byteLength(part);
          parts++;
        }
      } catch (error) {
        await removeParts(given.id).catch(() => undefined);
        await giveBack(given).catch(() => undefined);
        throw error;
      }
      const file: KeptFile = { ...given, bytes, parts };
      await of(file.personId).create(file.id, file, file.expiresAtMs);
      return file;
    },
    readPart: async ({ id }, part) => {
      // It never changes: only where it is not seen it may have come since.
      const key = partKey(id, part);
      return toText((await store.get(key)) ?? (await store.get(key, true)));
    },
    remove: async ({ personId, id }) => {
      // What leads to it goes last: whoever is ended in the middle can be told to do it again.
      await removeParts(id);
      await giveBack({ personId, id });
      await of(personId).remove(id);
    },
  };
}

/** All items of one partition, in order. */
async function* readItems(store: Store, pk: string): AsyncGenerator<{ readonly key: ItemKey; readonly item: Item }> {
  let after: string | null = null;
  do {
    const page = await store.query(pk, { limit: PAGE, ...(after === null ? {} : { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== null);
}

const toKind = (item: Item): ResultKind => resultKinds.find((kind) => kind === item['kind']) ?? 'error';

/** All results, each with the parts that belong to it and no others. */
async function* readResults(store: Store, batchId: string): AsyncGenerator<KeptResult> {
  let open: {
    readonly line: number;
    readonly kind: ResultKind;
    readonly parts: string[];
    readonly count: number;
  } | null = null;
  for await (const { key, item } of readItems(store, resultKey(batchId, 0, 0).pk)) {
    const [line = 0, part = 0] = key.sk.split('-').map(Number);
    if (part === 0) open = { line, kind: toKind(item), parts: [], count: Number(item['parts']) };
    const text = toText(item);
    if (text === null) open = null;
    if (text === null || open === null || open.line !== line || open.parts.length === open.count) continue;
    open.parts.push(text);
    if (open.parts.length === open.count) yield { line, kind: open.kind, text: open.parts.join('') };
  }
}

const toFacts = (item: Item): ResultFacts => ({
  kind: toKind(item),
  bytes: Number(item['bytes']),
  use: readKnown(useSchema, parseWritten(item['use']))[0] ?? null,
});

/** Batches over a store. */
export function createBatchBook(store: Store): BatchBook {
  const of = (personId: string): Records<KeptBatch> =>
    createRecords({ store, pk: `batches#${personId}`, schema: batchSchema });
  const tally = createTally({
    store,
    what: 'batches',
    living: async (personId) => (await of(personId).list()).filter(isOpen).map(({ id }) => id),
  });
  return {
    get: (personId, id) => of(personId).get(id, true),
    list: (personId) => of(personId).list(),
    create: async (batch, most) => {
      if (!(await tally.enter({ ...batch, atMs: batch.createdAtMs }, most))) return false;
      await of(batch.personId).create(batch.id, batch, batch.keptUntilMs);
      await addOpen(store, OPEN, { ...batch, untilMs: batch.keptUntilMs });
      return true;
    },
    change: (personId, id, change) => of(personId).change(id, change),
    open: () => listOpen(store, OPEN),
    close: async (batch) => {
      await tally.leave(batch);
      await removeOpen(store, OPEN, batch);
    },
    writeResult: async ({ id, keptUntilMs }, line, { kind, text, use }) => {
      const [first, ...others] = splitText(text);
      for (const [index, part] of others.entries())
        await store.put(resultKey(id, line, index + 1), { text: part }, keptUntilMs);
      const facts = { kind, parts: others.length + 1, bytes: Buffer.byteLength(text), use: JSON.stringify(use) };
      await store.put(resultKey(id, line, 0), { ...facts, text: first }, keptUntilMs);
    },
    findResults: async ({ id }, lines) => {
      const items = await store.batchGet(lines.map((line) => resultKey(id, line, 0)));
      return items.map((item) => (item === null || toText(item) === null ? null : toFacts(item)));
    },
    readResults: ({ id }) => readResults(store, id),
    removeResults: async ({ id }, kinds) => {
      let isMeant = false;
      for await (const { key, item } of readItems(store, resultKey(id, 0, 0).pk)) {
        if (item['kind'] !== undefined) isMeant = kinds.includes(toKind(item));
        if (isMeant) await store.delete(key);
      }
    },
    remove: async ({ id, personId }) => {
      await clearPartition(store, resultKey(id, 0, 0).pk, PAGE);
      await of(personId).remove(id);
    },
  };
}
