// Code that is loaded when it is first needed.
import { describe, expect, it } from 'vitest';
import { loadOnce } from '#shared/load-once.ts';

describe('what is loaded once', () => {
  it('is at hand from then on, without a promise', async () => {
    let loads = 0;
    const given = {};
    const load = loadOnce(async () => {
      loads++;
      return given;
    });
    expect(loads).toBe(0);
    expect(await load()).toBe(given);
    expect(load()).toBe(given);
    expect(loads).toBe(1);
  });

  it('is loaded once for all who ask meanwhile, and fails once for all of them', async () => {
    let loads = 0;
    const gates = [Promise.withResolvers<object>(), Promise.withResolvers<object>()];
    const load = loadOnce(() => gates[loads++]?.promise ?? Promise.reject(new Error('loaded too often')));
    const failing = Promise.allSettled([load(), load()]);
    gates[0]?.reject(new Error('EMFILE'));
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const both = Promise.all([load(), load()]);
    gates[1]?.resolve({});
    const [one, other] = await both;
    expect(one).toBe(other);
    expect(loads).toBe(2);
  });

  it('is tried again when it could not be loaded', async () => {
    let isThere = false;
    const load = loadOnce(async () => {
      if (!isThere) throw new Error('EMFILE');
      return { found: true };
    });
    await expect(load()).rejects.toThrow('EMFILE');
    isThere = true;
    expect(await load()).toEqual({ found: true });
  });
});
