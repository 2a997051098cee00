// Settings that are kept for a while: how old they get, and what holds while the store is away.
import { describe, expect, it } from 'vitest';
import { clearPartition, createKept, readPartition } from '#lambda/store/kept.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

function setUp() {
  let nowMs = 0;
  let loads = 0;
  let away = false;
  const kept = createKept(
    () => (away ? Promise.reject(new Error('away')) : Promise.resolve(++loads)),
    () => nowMs,
  );
  return {
    kept,
    pass: (ms: number) => (nowMs += ms),
    leave: () => (away = true),
    loads: () => loads,
  };
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what is kept', () => {
  it('is read once in half a minute, by all who ask at once', async () => {
    const { kept, pass, loads } = setUp();
    expect(await Promise.all([kept.read(), kept.read()])).toEqual([1, 1]);
    pass(29_999);
    expect(await kept.read()).toBe(1);
    pass(1);
    expect(await kept.read()).toBe(2);
    expect(loads()).toBe(2);
  });

  it('is read again when the clock was set back', async () => {
    const { kept, pass } = setUp();
    pass(3_600_000);
    expect(await kept.read()).toBe(1);
    pass(-3_600_000);
    expect(await kept.read()).toBe(2);
    expect(await kept.read()).toBe(2);
  });

  it('is read again after a write, also one that fell into a read', async () => {
    const { kept } = setUp();
    const early = kept.read();
    kept.forget();
    expect(await kept.read()).toBe(2);
    expect(await early).toBe(1);
    expect(await kept.read()).toBe(2);
  });

  it('is not what a read brings that began before a write and ended after the one behind it', async () => {
    const answers: ((value: string) => void)[] = [];
    const kept = createKept(
      () => new Promise<string>((answer) => answers.push(answer)),
      () => 0,
    );
    const early = kept.read();
    kept.forget();
    const late = kept.read();
    answers[1]?.('after the write');
    expect(await late).toBe('after the write');
    answers[0]?.('before the write');
    expect(await early).toBe('before the write');
    expect(await kept.read()).toBe('after the write');
    expect(answers).toHaveLength(2);
  });

  it('goes on being used while the store is away, but is not invented', async () => {
    const known = setUp();
    await known.kept.read();
    known.leave();
    known.pass(60_000);
    expect(await known.kept.read()).toBe(1);
    const unknown = setUp();
    unknown.leave();
    await expect(unknown.kept.read()).rejects.toThrow('away');
  });

  it('can be looked at without waiting, which reads it for the next look', async () => {
    const { kept, pass } = setUp();
    expect(kept.peek()).toBeNull();
    await settle();
    expect(kept.peek()).toBe(1);
    pass(30_000);
    expect(kept.peek()).toBe(1);
    await settle();
    expect(kept.peek()).toBe(2);
  });
});

describe('a partition of several pages', () => {
  it('is read, and cleared, to the last', async () => {
    const store = createMemoryStore();
    const sks = Array.from({ length: 1_001 }, (_, index) => `a#${String(index).padStart(4, '0')}`);
    for (const sk of [...sks, 'b#1']) await store.put({ pk: 'p', sk }, { json: '1' });
    await store.put({ pk: 'q', sk: 'a#1' }, { json: '1' });
    expect((await readPartition(store, 'p', 'a#')).map(({ sk }) => sk)).toEqual(sks);
    await clearPartition(store, 'p', 8);
    expect([await readPartition(store, 'p'), await readPartition(store, 'q')]).toEqual([[], [{ sk: 'a#1', json: 1 }]]);
  });
});
