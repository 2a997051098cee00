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
