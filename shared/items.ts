// Items as the stores keep them, and the guarded update: the one atomic act every store offers.

export type Scalar = string | number | boolean;
/** Attribute name to value. Absent and deleted are the same. */
export type Item = Readonly<Record<string, Scalar>>;
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** A condition on one attribute of the item as it stands. `orAbsent` lets a missing attribute (or item) pass. */
export type Guard =
  | {
      readonly attr: string;
      readonly is: 'atMost' | 'atLeast' | 'below';
      readonly value: number;
      readonly orAbsent: boolean;
    }
  | { readonly attr: string; readonly is: 'equals'; readonly value: Scalar }
  | { readonly attr: string; readonly is: 'absent' };

/** Applied whole or not at all: when every guard holds, adds (from 0), sets and removes take effect together. No attribute may occur in two of them. */
export interface Update {
  readonly key: ItemKey;
  readonly guards: readonly Guard[];
  readonly add: Readonly<Record<string, number>>;
  readonly set: Item;
  readonly remove: readonly string[];
  /** Time after which the item may be deleted, ms since the epoch; absent keeps what was there. */
  readonly expiresAtMs?: number;
  /** Nobody waits for it: it may be written some milliseconds later, together with other updates. */
  readonly patient?: boolean;
}

/** `item` is the state after the update, or, when a guard failed, the state that failed it (null: no item). */
export type UpdateResult =
  | { readonly applied: true; readonly item: Item }
  | { readonly applied: false; readonly item: Item | null };

function holds(guard: Guard, item: Item | null): boolean {
  const value = item?.[guard.attr];
  if (guard.is === 'absent') return value === undefined;
  if (guard.is === 'equals') return value === guard.value;
  if (value === undefined) return guard.orAbsent;
  if (typeof value !== 'number') return false;
  if (guard.is === 'atMost') return value <= guard.value;
  return guard.is === 'atLeast' ? value >= guard.value : value < guard.value;
}

/** The item without some attributes. It is built anew: objects from which something was deleted are slow for good. */
function without(item: Item | null, names: readonly string[]): Item | null {
  if (item === null || !names.some((name) => item[name] !== undefined)) return item;
  const rest: Record<string, Scalar> = {};
  for (const name in item) if (!names.includes(name)) rest[name] = item[name] as Scalar;
  return rest;
}

/** The meaning of an update, for stores that hold the item in hand. Pure. */
export function applyUpdate(item: Item | null, update: Update): UpdateResult {
  for (const guard of update.guards) if (!holds(guard, item)) return { applied: false, item };
  const next: Record<string, Scalar> = { ...without(item, update.remove), ...update.set };
  for (const name in update.add) {
    const before = next[name];
    next[name] = (typeof before === 'number' ? before : 0) + (update.add[name] ?? 0);
  }
  return { applied: true, item: next };
}
