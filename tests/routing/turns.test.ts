// Who is next among equals is who was used longest ago, after any number of uses, and nobody is named when somebody may come before them.
import { describe, expect, it } from 'vitest';
import { bit, keepColumns, type Columns } from '#lambda/routing/columns.ts';
import type { Standing } from '#lambda/routing/decide.ts';
import { Turns } from '#lambda/routing/turns.ts';
import { createRandom } from '../fakes/random.ts';
import { toCandidate, toStanding } from '../fakes/candidates.ts';

interface World {
  readonly standings: Standing[];
  readonly columns: Columns;
  readonly turns: Turns;
  use(index: number): void;
  change(index: number, change: Partial<Standing>): void;
}

/** So many candidates, all used once in the order of their numbers. */
function createWorld(count: number, { spares = 0, members }: { spares?: number; members?: number[] } = {}): World {
  const candidates = Array.from({ length: count }, (_, index) => toCandidate({ modelId: `m${index}` }));
  const standings = candidates.map((_, index) => toStanding({ lastUsed: index + 1 }));
  const columns = keepColumns(candidates, standings);
  const line = { members: Int32Array.from(members ?? candidates.keys()), bases: new Float64Array(count) };
  let sequence = count;
  return {
    standings,
    columns,
    turns: new Turns(line, spares),
    use: (index) => columns.used(index, ++sequence),
    change: (index, change) =>
      columns.set(index, Object.assign(standings[index]!, { lastUsed: columns.lastUsed[index] }, change)),
  };
}

/** The same by a look at everybody. */
const plainNext = ({ lastUsed }: Columns, among: readonly number[]): number =>
  among.reduce((first, index) => (lastUsed[index]! < lastUsed[first]! ? index : first));

describe('turns', () => {
  it('goes to whoever was used longest ago, also where others are used out of turn', () => {
    const { columns, turns, use } = createWorld(37);
    const all = [...Array(37).keys()];
    const random = createRandom(7);
    expect(turns.next(columns, 0)).toBe(-1);
    for (let step = 0; step < 2_000; step++) {
      const next = turns.next(columns, 0);
      expect(next).toBe(plainNext(columns, all));
      use(random() < 0.7 ? next : Math.floor(random() * 37));
    }
  });

  it('waits for a second request after every change that candidates are compared by, and for none after others', () => {
    const { columns, turns, change } = createWorld(4);
    expect([turns.next(columns, 0), turns.next(columns, 0)]).toEqual([-1, 0]);
    change(0, { pressure: 0.9 });
    expect([turns.next(columns, 0), turns.next(columns, 0)]).toEqual([-1, 1]);
    change(1, { pressure: 0.001, ratio: 1.01 });
    expect(turns.next(columns, 0)).toBe(1);
    change(0, { pressure: 0 });
    expect([turns.next(columns, 0), turns.next(columns, 0)]).toEqual([-1, 0]);
  });

  it('leaves out who rests until the rest is over, and whose breaker is open', () => {
    const { columns, turns, change } = createWorld(3);
    change(0, { restUntilMs: 500 });
    change(1, { breaker: 'open' });
    expect([turns.next(columns, 100), turns.next(columns, 100), turns.next(columns, 499)]).toEqual([-1, 2, 2]);
    expect(turns.next(columns, 500)).toBe(0);
  });

  it('names one of those that are spared only where nobody else is left', () => {
    const { columns, turns, change } = createWorld(2, { spares: bit.spentAhead });
    change(0, { overdraft: 0.5 });
    expect([turns.next(columns, 0), turns.next(columns, 0)]).toEqual([-1, 1]);
    change(1, { overdraft: 0.5 });
    expect([turns.next(columns, 0), turns.next(columns, 0)]).toEqual([-1, 0]);
  });

  it.each([
    { name: 'cost money', mark: bit.paid, spares: 0, overdraft: null },
    {
      name: 'are smaller than they should be, where others are spared',
      mark: bit.below,
      spares: bit.spentAhead,
      overdraft: 0,
    },
  ])('names nobody where some of the first $name', ({ mark, spares, overdraft }) => {
    const { columns, turns, change } = createWorld(2, { spares, members: [0, 1 | mark] });
    change(0, { overdraft });
    change(1, { overdraft });
    expect([turns.next(columns, 0), turns.next(columns, 0)]).toEqual([-1, -1]);
  });

  it('names nobody while several were never used: those are drawn by chance', () => {
    const { columns, turns, change, use } = createWorld(4);
    change(1, { lastUsed: 0 });
    change(2, { lastUsed: 0 });
    expect([turns.next(columns, 0), turns.next(columns, 0)]).toEqual([-1, -1]);
    use(2);
    use(1);
    expect(turns.next(columns, 0)).toBe(0);
  });
});
