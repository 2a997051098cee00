// Counts what a person has of something that is bounded, in one item that is written under a guard: of any number that come at once, no more than fit come in.
import type { Item, ItemKey } from '#shared/items.ts';
import type { Store } from '../ports.ts';

export interface TallyOptions {
  readonly store: Store;
  /** What is counted, such as `files`. */
  readonly what: string;
  /** Ids of those that there are. What is counted and not among them has ended unseen, or was never made. */
  readonly living: (personId: string) => Promise<readonly string[]>;
}

export interface Tally {
  /** Counts one more, at this moment, ms since the epoch. false: there are that many already. */
  enter(one: { readonly personId: string; readonly id: string; readonly atMs: number }, most: number): Promise<boolean>;
  leave(one: { readonly personId: string; readonly id: string }): Promise<void>;
}

const COUNT = 'count';
/** What was counted so long ago and is not there will not come any more. */
const MAKING_MS = 3_600_000;
/** Longer than anything that is counted is kept. */
const KEPT_MS = 40 * 86_400_000;

/** A tally over a store. */
export function createTally({ store, what, living }: TallyOptions): Tally {
  const toKey = (personId: string): ItemKey => ({ pk: `tally#${personId}`, sk: what });
  const leave: Tally['leave'] = async ({ personId, id }) => {
    await store.update({
      key: toKey(personId),
      guards: [{ attr: id, is: 'atLeast', value: 0, orAbsent: false }],
      add: { [COUNT]: -1 },
      set: {},
      remove: [id],
    });
  };
  const isDead = (there: ReadonlySet<string>, atMs: number, [id, since]: [string, Item[string]]): boolean =>
    id !== COUNT && !there.has(id) && Number(since) + MAKING_MS <= atMs;
  return {
    leave,
    enter: async ({ personId, id, atMs }, most) => {
      const there = new Set(await living(personId));
      // What was made before anything was counted counts as well.
      if (there.size >= most) return false;
      const enter = () =>
        store.update({
          key: toKey(personId),
          guards: [
            { attr: COUNT, is: 'below', value: most, orAbsent: true },
            { attr: id, is: 'absent' },
          ],
          add: { [COUNT]: 1 },
          set: { [id]: atMs },
          remove: [],
          expiresAtMs: atMs + KEPT_MS,
        });
      const { applied, item } = await enter();
      if (applied || item === null) return applied;
      const dead = Object.entries(item).filter((entry) => isDead(there, atMs, entry));
      for (const [gone] of dead) await leave({ personId, id: gone });
      return dead.length > 0 && (await enter()).applied;
    },
  };
}
