// One timer for all alarms: each rings once, none too early, in order, whatever was called off and whoever throws; and nothing keeps the process alive.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Alarms } from '#lambda/alarms.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

afterEach(() => sleep(30));

it('rings once each, in the order of their times and not before them', async () => {
  const alarms = new Alarms();
  const startedMs = performance.now();
  const rung: [number, number][] = [];
  for (const ms of [60, 5, 30, 31, 0, 60]) alarms.after(ms, () => rung.push([ms, performance.now() - startedMs]));
  await expect.poll(() => rung.length).toBe(6);
  await sleep(80);
  expect(rung.map(([ms]) => ms)).toEqual([0, 5, 30, 31, 60, 60]);
  for (const [ms, atMs] of rung) expect(atMs).toBeGreaterThanOrEqual(ms - 2);
});

it('does not ring what was called off, not even by another that is due at the same time', async () => {
  const alarms = new Alarms();
  const rung: string[] = [];
  const off = alarms.after(5, () => rung.push('off'));
  off();
  off();
  alarms.after(10, () => {
    rung.push('first');
    second();
  });
  const second = alarms.after(10, () => rung.push('second'));
  alarms.after(20, () => rung.push('last'));
  await expect.poll(() => rung).toContain('last');
  expect(rung).toEqual(['first', 'last']);
});

it('takes new alarms while it rings, and earlier ones than it waits for', async () => {
  const alarms = new Alarms();
  const rung: string[] = [];
  const late = alarms.after(60_000, () => rung.push('late'));
  const done = Promise.withResolvers<void>();
  alarms.after(10, () => {
    rung.push('one');
    alarms.after(0, () => {
      rung.push('two');
      alarms.after(15, () => done.resolve());
    });
  });
  await done.promise;
  expect(rung).toEqual(['one', 'two']);
  late();
});

it('holds the process only as long as something is to ring', async () => {
  const before = timers();
  const alarms = new Alarms();
  const offs = [60_000, 10_000, 2 ** 40].map((ms) => alarms.after(ms, () => undefined));
  expect(timers()).toBe(before + 1);
  for (const off of offs) off();
  expect(timers()).toBe(before);
  const off = alarms.after(20_000, () => undefined);
  expect(timers()).toBe(before + 1);
  off();
  expect(timers()).toBe(before);
});

it('one that throws does so by itself, and the others ring', async () => {
  const alarms = new Alarms();
  const rung: string[] = [];
  const thrown = new Promise((resolve) => {
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => {
      for (const listener of listeners) process.on('uncaughtException', listener);
      resolve(error);
    });
  });
  alarms.after(5, () => {
    throw new Error('boom');
  });
  alarms.after(5, () => rung.push('other'));
  expect(await thrown).toMatchObject({ message: 'boom' });
  expect(rung).toEqual(['other']);
});
