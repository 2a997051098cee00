// The fake clock fires in order, wakes chains of sleepers, and says so when nothing can happen any more.
import { describe, expect, it } from 'vitest';
import { loadOnce } from '#shared/load-once.ts';
import { createFakeClock } from '../fakes/clock.ts';

describe('the fake clock', () => {
  it('fires by time, then by order of creation, and stops exactly where it was told to', async () => {
    const clock = createFakeClock(1000);
    const seen: string[] = [];
    for (const [name, ms] of [['c', 30], ['a', 10], ['b1', 20], ['b2', 20], ['late', 51]] as const) {
      clock.schedule(ms, () => void seen.push(`${name}@${clock.now()}`));
    } // prettier-ignore
    await clock.advance(50);
    expect(seen).toEqual(['a@1010', 'b1@1020', 'b2@1020', 'c@1030']);
    expect(clock.now()).toBe(1050);
    expect(clock.pending()).toBe(1);
  });

  it('lets promise chains run between two moments', async () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    const chain = async (): Promise<string> => {
      for (let round = 0; round < 5; round += 1) {
        await clock.sleep(10);
        await Promise.resolve();
        seen.push(clock.now());
      }
      return 'done';
    };
    await expect(clock.runUntil(chain())).resolves.toBe('done');
    expect(seen).toEqual([10, 20, 30, 40, 50]);
  });

  it('rejects a sleeper with the reason of its signal and forgets its timer', async () => {
    const clock = createFakeClock(0);
    const stop = new AbortController();
    const sleeper = clock.sleep(1000, stop.signal);
    clock.schedule(5, () => stop.abort(new Error('gone')));
    await expect(clock.runUntil(sleeper)).rejects.toThrow('gone');
    expect(clock.now()).toBe(5);
    expect(clock.pending()).toBe(0);
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow('gone');
  });

  it('fails rather than hangs when the work waits for nothing', async () => {
    const clock = createFakeClock(0, { ioMs: 50 });
    await expect(clock.runUntil(new Promise(() => undefined))).rejects.toThrow('did not settle');
    const slow = clock.sleep(10_000);
    await expect(clock.runUntil(slow, 1000)).rejects.toThrow('did not settle');
  });

  it('stands still while code is being loaded, however long that takes', async () => {
    const clock = createFakeClock(0);
    const load = loadOnce(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return {};
    });
    const seen: number[] = [];
    clock.schedule(10, () => {
      void Promise.resolve(load()).then(() => seen.push(clock.now()));
    });
    clock.schedule(20, () => seen.push(clock.now()));
    await clock.advance(30);
    expect(seen).toEqual([10, 20]);
  });

  it('moves on for what is loaded by its own time', async () => {
    const clock = createFakeClock(0);
    const load = loadOnce(async () => {
      await clock.sleep(100);
      return {};
    });
    expect(await clock.runUntil(Promise.resolve(load()))).toEqual({});
    expect(clock.now()).toBe(100);
  });

  it('draws the same numbers for the same seed', () => {
    const draw = (seed: number): number[] => {
      const clock = createFakeClock(0, { seed });
      return Array.from({ length: 200 }, () => clock.random());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = draw(7).reduce((sum, value) => sum + value, 0) / 200;
    expect(mean).toBeGreaterThan(0.4);
    expect(mean).toBeLessThan(0.6);
  });

  it('carries thousands of sleepers', async () => {
    const clock = createFakeClock(0);
    let woken = 0;
    for (let index = 0; index < 5000; index += 1) {
      void clock.sleep((index * 7919) % 1000).then(() => (woken += 1));
    }
    await clock.advance(499);
    expect(woken).toBe(2500);
    await clock.advance(501);
    expect(woken).toBe(5000);
  });
});
