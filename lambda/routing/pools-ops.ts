// What a judgement wants written to a book: operations without a key, and how several become one write.
import type { Guard, Item, Scalar } from '#shared/items.ts';

/** The part of an update that changes attributes. */
export interface Ops {
  readonly add: Readonly<Record<string, number>>;
  readonly set: Item;
  readonly remove: readonly string[];
}

/** Nothing to write. */
export const noOps: Ops = { add: {}, set: {}, remove: [] };

/** Whether nothing is to be written. */
export function isEmpty({ add, set, remove }: Ops): boolean {
  for (const _ in add) return false;
  for (const _ in set) return false;
  return remove.length === 0;
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

/** Operations that are added to, one set after the other. */
export interface Sum {
  readonly add: Record<string, number>;
  readonly set: Record<string, Scalar>;
  readonly remove: Set<string>;
}

/** Nothing yet. */
export const toSum = (): Sum => ({ add: {}, set: {}, remove: new Set() });

/** Adds operations that come after all that are in the sum. Takes as long as they are many, however many are in it. */
export function addTo({ add, set, remove }: Sum, ops: Ops): void {
  for (const name in ops.add) {
    const by = ops.add[name] ?? 0;
    const fixed = remove.delete(name) ? 0 : set[name];
    if (fixed === undefined) add[name] = (add[name] ?? 0) + by;
    else set[name] = (typeof fixed === 'number' ? fixed : 0) + by;
  }
  for (const name in ops.set) {
    if (add[name] !== undefined) delete add[name];
    remove.delete(name);
    set[name] = ops.set[name] ?? 0;
  }
  for (const name of ops.remove) {
    delete add[name];
    delete set[name];
    remove.add(name);
  }
}

/** The sum as one set of operations; no attribute occurs twice in it, additions of 0 vanish. */
export function toOps({ add, set, remove }: Sum): Ops {
  for (const name in add) if (add[name] === 0) delete add[name];
  return { add, set, remove: [...remove] };
}

/** One set of operations with the effect of all, applied in order. */
export function mergeOps(...all: readonly Ops[]): Ops {
  const sum = toSum();
  for (const ops of all) addTo(sum, ops);
  return toOps(sum);
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
