// A store that does not answer is asked once a second for all, however the clock is set meanwhile.
import { expect, it } from 'vitest';
import { StoreUnavailable } from '#lambda/ports.ts';
import { createSparingStore } from '#lambda/store/sparing.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const HOUR = 3_600_000;
const key = { pk: 'a', sk: 'b' };

it.each([
  ['after a second', 1_000],
  ['after the clock was set back', -HOUR],
  ['after it was set ahead', HOUR],
])('is asked again %s', async (_, byMs) => {
  let nowMs = HOUR;
  let asked = 0;
  let away = true;
  const store = createMemoryStore();
  const get = async (wanted: typeof key) => {
    asked++;
    if (away) throw new StoreUnavailable('away');
    return store.get(wanted);
  };
  const sparing = createSparingStore({ ...store, get }, () => nowMs);
  for (let time = 0; time < 10; time++) await expect(sparing.get(key)).rejects.toThrow(StoreUnavailable);
  expect(asked).toBe(3);
  nowMs += byMs;
  away = false;
  expect(await sparing.get(key)).toBeNull();
});

it('is asked by one for all when the second is over, and spared only for failures in a row', async () => {
  let nowMs = HOUR;
  let asked = 0;
  let away = true;
  const store = createMemoryStore();
  const get = async (wanted: typeof key) => {
    asked++;
    if (away) throw new StoreUnavailable('away');
    return store.get(wanted);
  };
  const sparing = createSparingStore({ ...store, get }, () => nowMs);
  const ask = async (times: number): Promise<number> => {
    const before = asked;
    await Promise.allSettled(Array.from({ length: times }, () => sparing.get(key)));
    return asked - before;
  };
  for (let time = 0; time < 3; time++) await ask(1);
  nowMs += 1_000;
  expect(await ask(5)).toBe(1);
  nowMs += 1_000;
  away = false;
  expect(await ask(1)).toBe(1);
  // It is back, and what failed before is forgotten.
  expect(await ask(5)).toBe(5);
  away = true;
  expect(await ask(1)).toBe(1);
  expect(await ask(1)).toBe(1);
  away = false;
  expect(await ask(5)).toBe(5);
});
