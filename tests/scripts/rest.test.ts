import { expect, test } from 'vitest';
import { createLook } from '../../scripts/rest.ts';

const MB = 1024 ** 2;

/** A server whose heap is `heap` MB, and 70 once it was collected. */
function observe(): { look: (share: number, times?: number) => number; grow: (mb: number) => void } {
  let heap = 78;
  let collected = 0;
  let share = 0;
  const look = createLook({
    readShare: () => share,
    readHeap: () => heap * MB,
    collect: () => {
      collected++;
      heap = 70;
    },
  });
  return {
    look: (now, times = 1) => {
      share = now;
      for (let at = 0; at < times; at++) look();
      return collected;
    },
    grow: (mb) => {
      heap = mb;
    },
  };
}

test('a start that nothing follows is used once that has lasted for five looks', () => {
  const { look } = observe();
  expect(look(0, 4)).toBe(0);
  expect(look(0)).toBe(1);
  expect(look(0, 60)).toBe(1);
});

test('after work, a pause must last for thirty looks, whatever it was that came first', () => {
  const { look } = observe();
  expect(look(0, 4)).toBe(0);
  expect(look(0.5)).toBe(0);
  expect(look(0, 29)).toBe(0);
  expect(look(0.01)).toBe(1);
});

test('a second of work in the middle of a pause takes back five looks, not all of them', () => {
  const { look } = observe();
  look(0.5, 20);
  expect(look(0, 20)).toBe(0);
  expect(look(0.1)).toBe(0);
  expect(look(0, 14)).toBe(0);
  expect(look(0)).toBe(1);
});

test('later rests are used when much has come together, never while there is work', () => {
  const { look, grow } = observe();
  expect(look(0, 5)).toBe(1);
  grow(80);
  expect(look(0, 60)).toBe(1);
  grow(140);
  expect(look(0.03, 60)).toBe(1);
  expect(look(0, 29)).toBe(1);
  expect(look(0)).toBe(2);
  expect(look(0, 60)).toBe(2);
});
