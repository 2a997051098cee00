// What a judgement wants written to a book: operations without a key, and how several become one write.
import type { Guard, Item, Scalar } from '#shared/items.ts';

/** The part of an update that changes attributes. */
export interface Ops {
  readonly add: Readonly<Record<string, number>>;
  readonly set: Item;
  readonly remove: readonly string[];
}

/** Operations with the conditions under which they hold. */
export interface GuardedOps extends Ops {
  readonly guards: readonly Guard[];
}

/** Operations being collected; each attribute is written by one pool only. */
export interface Draft {
  readonly guards: Guard[];
  readonly add: Record<string, number>;
  readonly set: Record<string, Scalar>;
  readonly remove: string[];
}

/** An empty draft. */
export const toDraft = (): Draft => ({ guards: [], add: {}, set: {}, remove: [] });

/** What the book says under a name, when it is a number. */
export function numberIn(book: Item, name: string): number | undefined {
  const value = book[name];
  return typeof value === 'number' ? value : undefined;
}

/** One set of operations with the effect of all, applied in order; no attribute occurs twice in it, additions of 0 vanish. */
export function mergeOps(...all: readonly Ops[]): Ops {
  const add: Record<string, number> = {};
  const set: Record<string, Scalar> = {};
  const remove = new Set<string>();
  for (const ops of all) {
    for (const name in ops.add) {
      const by = ops.add[name] ?? 0;
      const fixed = remove.delete(name) ? 0 : set[name];
      if (fixed === undefined) add[name] = (add[name] ?? 0) + by;
      else set[name] = (typeof fixed === 'number' ? fixed : 0) + by;
    }
    for (const name in ops.set) {
      delete add[name];
      remove.delete(name);
      set[name] = ops.set[name] ?? 0;
    }
    for (const name of ops.remove) {
      delete add[name];
      delete set[name];
      remove.add(name);
    }
  }
  for (const name in add) if (add[name] === 0) delete add[name];
  return { add, set, remove: [...remove] };
}

/** Names attributes by a key and an ending. Each name is made once: finding an attribute by a text that was just put together is slow. */
export function toAttr(ending: string): (key: string) => string {
  const names = new Map<string, string>();
  return (key) => {
    let name = names.get(key);
    if (name === undefined) names.set(key, (name = key + ending));
    return name;
  };
}
