// What an item may hold, in every store alike, so that what works on one machine also works on DynamoDB.
import type { Item, Scalar, Update } from '#shared/items.ts';

/** DynamoDB's attribute for its own lazy deletion: seconds since the epoch. */
export const TTL = '_ttl';
/** When an item expires exactly: milliseconds since the epoch, checked by every read. */
export const EXPIRES = '_expires';

const reserved: ReadonlySet<string> = new Set(['pk', 'sk', TTL, EXPIRES]);

/** Whether an attribute is the store's own and no part of the item. */
export const isReserved = (name: string): boolean => reserved.has(name);

/** DynamoDB's range of numbers; doubles reach further on both ends. */
const LARGEST = 9.99e125;
const SMALLEST = 1e-130;

function checkName(name: string): void {
  if (isReserved(name)) throw new TypeError(`The attribute name "${name}" is reserved by the store.`);
}

function checkValue(name: string, value: Scalar): void {
  if (typeof value !== 'number' || value === 0) return;
  const size = Math.abs(value);
  if (size >= SMALLEST && size <= LARGEST) return;
  throw new TypeError(`The attribute "${name}" can't be ${value}: stores keep finite numbers up to ${LARGEST}.`);
}

/** Throws TypeError for a reserved name or a number that not every store can keep. */
export function checkItem(item: Item): void {
  for (const name in item) {
    checkName(name);
    checkValue(name, item[name] ?? 0);
  }
}

/** Throws TypeError when an update touches or asks for what no item may hold. */
export function checkUpdate({ guards, add, set, remove }: Update): void {
  checkItem(add);
  checkItem(set);
  for (const name of remove) checkName(name);
  for (const guard of guards) {
    checkName(guard.attr);
    if (guard.is !== 'absent') checkValue(guard.attr, guard.value);
  }
}
