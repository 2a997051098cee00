// The guarded update: all guards hold or nothing happens.
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Guard } from '#shared/items.ts';

const key = { pk: 'p', sk: 's' };
const update = (guards: Guard[], add: Record<string, number> = {}) => ({ key, guards, add, set: {}, remove: [] });

describe('applyUpdate', () => {
  it('adds from zero on a missing item', () => {
    expect(applyUpdate(null, update([], { n: 2 }))).toEqual({ applied: true, item: { n: 2 } });
  });

  it.each<[Guard, number | undefined, boolean]>([
    [{ attr: 'n', is: 'atMost', value: 3, orAbsent: false }, 3, true],
    [{ attr: 'n', is: 'atMost', value: 3, orAbsent: false }, 4, false],
    [{ attr: 'n', is: 'atMost', value: 3, orAbsent: false }, undefined, false],
    [{ attr: 'n', is: 'atMost', value: 3, orAbsent: true }, undefined, true],
    [{ attr: 'n', is: 'atLeast', value: 3, orAbsent: false }, 3, true],
    [{ attr: 'n', is: 'below', value: 3, orAbsent: false }, 3, false],
    [{ attr: 'n', is: 'equals', value: 3 }, 3, true],
    [{ attr: 'n', is: 'equals', value: 3 }, undefined, false],
    [{ attr: 'n', is: 'absent' }, undefined, true],
    [{ attr: 'n', is: 'absent' }, 0, false],
  ])('%j on %s is %s', (guard, value, passes) => {
    const item = value === undefined ? null : { n: value };
    expect(applyUpdate(item, update([guard])).applied).toBe(passes);
  });

  it('leaves the item alone when one guard of several fails', () => {
    const item = { n: 1 };
    const result = applyUpdate(item, update([{ attr: 'n', is: 'absent' }], { n: 1 }));
    expect(result).toEqual({ applied: false, item: { n: 1 } });
  });
});
