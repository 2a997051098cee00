// What is counted of a person: of any number that come at once no more than fit, each once, and what has ended unseen makes room.
import { describe, expect, it } from 'vitest';
import { createTally, type Tally } from '#lambda/store/tally.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 21);

interface Opened {
  readonly tally: Tally;
  /** Ids of those that there are. */
  readonly living: Set<string>;
  /** One more, this long after the start. */
  readonly enter: (id: string, afterMs?: number, personId?: string) => Promise<boolean>;
}

const MOST = 3;

function open(): Opened {
  const living = new Set<string>();
  const store = createMemoryStore({ now: () => START_MS });
  const tally = createTally({ store, what: 'files', living: async () => [...living] });
  const enter: Opened['enter'] = (id, afterMs = 0, personId = 'p') =>
    tally.enter({ personId, id, atMs: START_MS + afterMs }, MOST);
  return { tally, living, enter };
}

describe('a tally', () => {
  it('lets in as many as fit of all that come at once, of each person', async () => {
    const { enter } = open();
    const come = async (personId: string): Promise<number> => {
      const ids = Array.from({ length: 20 }, (_, index) => `${index}`);
      return (await Promise.all(ids.map((id) => enter(id, 0, personId)))).filter(Boolean).length;
    };
    expect(await Promise.all([come('p'), come('q')])).toEqual([MOST, MOST]);
  });

  it('counts each once, and gives back what was counted, once', async () => {
    const { tally, enter } = open();
    expect([await enter('a'), await enter('a'), await enter('b')]).toEqual([true, false, true]);
    for (const id of ['a', 'a', 'never']) await tally.leave({ personId: 'p', id });
    // One is left: two more fit, and no third.
    expect([await enter('c'), await enter('d'), await enter('e')]).toEqual([true, true, false]);
  });

  it('has room for others where one was never made, or is gone without a word, and only then', async () => {
    const { living, enter } = open();
    for (const id of ['lives', 'makes', 'dead']) await enter(id);
    living.add('lives');
    expect(await enter('new', HOUR_MS - 1)).toBe(false);
    living.add('makes');
    expect(await enter('new', HOUR_MS)).toBe(true);
    living.add('new');
    expect(await enter('more', 9 * HOUR_MS)).toBe(false);
  });

  it('counts what was made before anything was counted', async () => {
    const { living, enter } = open();
    for (const id of ['a', 'b', 'c']) living.add(id);
    expect(await enter('d')).toBe(false);
    living.delete('c');
    expect(await enter('d')).toBe(true);
  });
});
