// Documents in the store: a change is written once, and a look not at all.
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Store } from '#lambda/ports.ts';
import { createRecords } from '#lambda/store/records.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const schema = z.object({ n: z.number() });

function open() {
  const store = createMemoryStore();
  let writes = 0;
  const update: Store['update'] = (wanted) => {
    writes++;
    return store.update(wanted);
  };
  const records = createRecords({ store: { ...store, update }, pk: 'things', schema });
  return { records, writes: () => writes };
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
});
