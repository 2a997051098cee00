// Batches in the store: texts of any length in parts, results that are half written or written anew, and what is left after deleting.
import { describe, expect, it } from 'vitest';
import type { KeptBatch } from '#shared/batch.ts';
import type { KeptResult } from '#lambda/ports-batches.ts';
import type { Store } from '#lambda/ports.ts';
import { createBatchBook, createFileBook, PART_LENGTH } from '#lambda/store/batches.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';
import { createRandom } from '../fakes/random.ts';

const store = (): ReturnType<typeof createMemoryStore> => createMemoryStore({ now: Date.now });
const place = { id: 'file-1', personId: 'ada', name: 'in', createdAtMs: 0, expiresAtMs: Date.now() + 60_000 };
const batch = { id: 'batch_1', personId: 'ada', keptUntilMs: Date.now() + 60_000 } as KeptBatch;

async function* inPieces(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function readAll(results: AsyncIterable<KeptResult>): Promise<KeptResult[]> {
  const all: KeptResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe('a file', () => {
  it('comes back as it was, however it came, and no part is too long or no text', async () => {
    const books = createFileBook(store());
    const random = createRandom(3);
    for (const length of [1, PART_LENGTH - 1, PART_LENGTH, PART_LENGTH + 1, 3 * PART_LENGTH + 7]) {
      // Characters of two units, now and then shifted by one.
      const text = Array.from({ length }, () => (random() < 0.01 ? 'x' : '😀'))
        .join('')
        .slice(0, length);
      const file = await books.create(place, inPieces(text, 1 + Math.floor(random() * 150_000)));
      const parts: string[] = [];
      for (let part = 0; part < file.parts; part++) parts.push((await books.readPart(file, part)) ?? '');
      expect(parts.join('')).toBe(text);
      expect(file.bytes).toBe(Buffer.byteLength(text));
      for (const part of parts) {
        expect(Buffer.byteLength(part)).toBeLessThan(390_000);
        if (part !== parts.at(-1)) expect(part.isWellFormed()).toBe(true);
      }
    }
  });

  it('gives back its place when it is deleted, and when it breaks off', async () => {
    const books = createFileBook(store());
    const enter = (id: string): Promise<boolean> => books.enter({ ...place, id, createdAtMs: Date.now() }, 1);
    expect([await enter('file-1'), await enter('file-2')]).toEqual([true, false]);
    const broken = async function* (): AsyncGenerator<string> {
      yield 'a';
      throw new Error('hung up');
    };
    await expect(books.create(place, broken())).rejects.toThrow('hung up');
    expect(await enter('file-3')).toBe(true);
    const kept = await books.create({ ...place, id: 'file-3' }, inPieces('abc', 2));
    expect(await enter('file-4')).toBe(false);
    await books.remove(kept);
    expect(await enter('file-4')).toBe(true);
  });

  it('is gone with all its parts when its time is over, and so is what came of it', async () => {
    let nowMs = 0;
    const kept = createMemoryStore({ now: () => nowMs });
    const text = 'x'.repeat(PART_LENGTH + 1);
    await createFileBook(kept).create({ ...place, expiresAtMs: 1_000 }, inPieces(text, text.length));
    await createBatchBook(kept).writeResult({ ...batch, keptUntilMs: 1_000 }, 0, { kind: 'output', text, use: null });
    const count = async (): Promise<number[]> =>
      Promise.all(
        ['file-parts#file-1', 'files#ada', 'batch-results#batch_1'].map(
          async (pk) => (await kept.query(pk)).items.length,
        ),
      );
    expect(await count()).toEqual([2, 1, 2]);
    nowMs = 1_000;
    expect(await count()).toEqual([0, 0, 0]);
  });

  it('that breaks off leaves nothing', async () => {
    const kept = store();
    const broken = async function* (): AsyncGenerator<string> {
      yield 'a'.repeat(3 * PART_LENGTH);
      throw new Error('hung up');
    };
    await expect(createFileBook(kept).create(place, broken())).rejects.toThrow('hung up');
    expect((await kept.query('file-parts#file-1')).items).toEqual([]);
    expect(await createFileBook(kept).list('ada')).toEqual([]);
  });
});

describe('results', () => {
  const long = (letter: string, parts: number): string => letter.repeat(PART_LENGTH * parts - 5);

  it('are those that were written last, without what is left of longer ones or of half of one', async () => {
    const kept = store();
    const books = createBatchBook(kept);
    await books.writeResult(batch, 0, { kind: 'error', text: long('a', 3), use: null });
    await books.writeResult(batch, 0, { kind: 'output', text: long('b', 2), use: null });
    await books.writeResult(batch, 1, { kind: 'output', text: 'c', use: null });
    // The first part is written last of all: this one's writer was killed.
    await kept.put({ pk: 'batch-results#batch_1', sk: '000002-000001' }, { text: 'half' });
    await books.writeResult(batch, 3, { kind: 'late', text: 'd', use: null });
    expect(await readAll(books.readResults(batch))).toEqual([
      { line: 0, kind: 'output', text: long('b', 2) },
      { line: 1, kind: 'output', text: 'c' },
      { line: 3, kind: 'late', text: 'd' },
    ]);
    const found = await books.findResults(batch, [0, 1, 2, 3, 4]);
    expect(found.map((facts) => facts?.kind ?? null)).toEqual(['output', 'output', null, 'late', null]);
    expect(found[0]?.bytes).toBe(2 * PART_LENGTH - 5);
  });

  it('that lack a part take none of another', async () => {
    const kept = store();
    const books = createBatchBook(kept);
    await books.writeResult(batch, 0, { kind: 'output', text: long('a', 3), use: null });
    await kept.delete({ pk: 'batch-results#batch_1', sk: '000000-000002' });
    await kept.put({ pk: 'batch-results#batch_1', sk: '000001-000001' }, { text: 'half' });
    await books.writeResult(batch, 2, { kind: 'output', text: 'c', use: null });
    expect((await readAll(books.readResults(batch))).map(({ line }) => line)).toEqual([2]);
  });

  it('are deleted by kind, with all their parts', async () => {
    const kept = store();
    const books = createBatchBook(kept);
    await books.writeResult(batch, 0, { kind: 'output', text: long('a', 3), use: null });
    await books.writeResult(batch, 1, { kind: 'error', text: long('b', 3), use: null });
    await books.writeResult(batch, 2, { kind: 'late', text: 'c', use: null });
    await books.removeResults(batch, ['error', 'late']);
    expect((await readAll(books.readResults(batch))).map(({ line }) => line)).toEqual([0]);
    await books.removeResults(batch, ['output']);
    expect((await kept.query('batch-results#batch_1')).items).toEqual([]);
  });
});

it('a batch gives back its place when it is closed', async () => {
  const books = createBatchBook(store());
  const create = (id: string): Promise<boolean> => books.create({ ...batch, id, createdAtMs: Date.now() }, 1);
  expect([await create('batch_1'), await create('batch_2')]).toEqual([true, false]);
  await books.close(batch);
  expect(await books.open()).toEqual([]);
  expect(await create('batch_2')).toBe(true);
  expect(await books.open()).toEqual([{ id: 'batch_2', personId: 'ada' }]);
});

describe('what is deleted', () => {
  /** A store that fails at its nth deletion, as if the process had ended there. */
  const dyingAt = (nth: number): { readonly dying: Store; readonly whole: MemoryStore } => {
    const whole = createMemoryStore();
    let deleted = 0;
    const remove: Store['delete'] = async (key) => {
      if (++deleted === nth) throw new Error('ended');
      await whole.delete(key);
    };
    return { dying: { ...whole, delete: remove }, whole };
  };
  async function* text(): AsyncGenerator<string> {
    yield 'x'.repeat(PART_LENGTH * 2 + 1);
  }
  const sizeOf = async (store: Store, ...pks: string[]): Promise<number> =>
    (await Promise.all(pks.map(async (pk) => (await store.query(pk)).items.length))).reduce((sum, one) => sum + one, 0);

  it.each([1, 2, 3, 4])(
    'can be deleted again when a process ended over it (%i), until nothing is left of a file',
    async (nth) => {
      const { dying, whole } = dyingAt(nth);
      const kept = await createFileBook(whole).create(place, text());
      await createFileBook(dying)
        .remove(kept)
        .catch(() => undefined);
      const found = await createFileBook(whole).get('ada', 'file-1');
      if (found !== null) await createFileBook(whole).remove(found);
      expect(await sizeOf(whole, 'files#ada', 'file-parts#file-1')).toBe(0);
    },
  );

  it.each([1, 2, 3, 4])(
    'can be deleted again when a process ended over it (%i), until nothing is left of a batch',
    async (nth) => {
      const { dying, whole } = dyingAt(nth);
      const book = createBatchBook(whole);
      const key = { pk: 'batches#ada', sk: 'batch_1' };
      await whole.put(key, { doc: '{}', v: 1 });
      for (const line of [0, 1, 2]) await book.writeResult(batch, line, { kind: 'output', text: 'x', use: null });
      await createBatchBook(dying)
        .remove(batch)
        .catch(() => undefined);
      if ((await whole.get(key)) !== null) await book.remove(batch);
      expect(await sizeOf(whole, 'batches#ada', 'batch-results#batch_1')).toBe(0);
    },
  );
});
