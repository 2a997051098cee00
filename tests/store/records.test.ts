// Documents in the store: a change is written once, and a look not at all.
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Store } from '#lambda/ports.ts';
import { createRecords } from '#lambda/store/records.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const schema = z.object({ n: z.number(), note: z.optional(z.string()) });

function open() {
  let nowMs = 0;
  const store = createMemoryStore({ now: () => nowMs });
  let writes = 0;
  const update: Store['update'] = (wanted) => {
    writes++;
    return store.update(wanted);
  };
  const reads: (boolean | undefined)[] = [];
  const get: Store['get'] = (key, fresh) => {
    reads.push(fresh);
    return store.get(key, fresh);
  };
  const records = createRecords({ store: { ...store, update, get }, pk: 'things', schema });
  return { records, writes: () => writes, reads, setNow: (ms: number) => (nowMs = ms) };
}

describe('records', () => {
  it('are written when a change has changed something, and not when it has only looked', async () => {
    const { records, writes } = open();
    await records.create('a', { n: 1 });
    expect(await records.change('a', ({ n }) => ({ n: n + 1 }))).toEqual({ n: 2 });
    expect(writes()).toBe(2);
    expect(await records.change('a', (value) => value)).toEqual({ n: 2 });
    expect(writes()).toBe(2);
  });

  it('that are only looked at are still kept for longer where that is asked for', async () => {
    const { records, writes } = open();
    await records.create('a', { n: 1 });
    await records.change('a', (value) => value, 9e15);
    expect(writes()).toBe(2);
  });

  it('are kept for longer by a change that says so, and else as long as before', async () => {
    const { records, setNow } = open();
    for (const id of ['a', 'b']) await records.create(id, { n: 1 }, 1_000);
    await records.change('a', ({ n }) => ({ n: n + 1 }), 2_000);
    await records.change('b', ({ n }) => ({ n: n + 1 }));
    setNow(1_000);
    expect(await records.list()).toEqual([{ n: 2 }]);
    setNow(2_000);
    expect(await records.list()).toEqual([]);
  });

  it('lose what a change leaves out', async () => {
    const { records } = open();
    await records.create('a', { n: 1, note: 'x' });
    await records.change('a', ({ n }) => ({ n }));
    expect(await records.get('a')).toEqual({ n: 1 });
  });

  it('are changed as they are at this moment, not a moment ago', async () => {
    const { records, reads } = open();
    await records.create('a', { n: 1 });
    await records.change('a', ({ n }) => ({ n: n + 1 }));
    await records.get('a');
    expect(reads).toEqual([true, undefined]);
  });

  it('are listed to the last, however many there are', async () => {
    const { records } = open();
    for (let n = 0; n < 1_001; n++) await records.create(String(n).padStart(4, '0'), { n });
    expect((await records.list()).map(({ n }) => n)).toEqual(Array.from({ length: 1_001 }, (_, n) => n));
  });
});
