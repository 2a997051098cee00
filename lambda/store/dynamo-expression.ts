// Writes a guarded update in DynamoDB's expression language, and keeps our own attributes apart from the item's.
import type { Guard, Item, Scalar, Update } from '#shared/items.ts';
import { checkUpdate, EXPIRES, isReserved, TTL } from './attributes.ts';

/** DynamoDB refuses longer expressions, and those with more operators and functions. */
const MAX_EXPRESSION = 4096;
const MAX_OPERATORS = 300;

/** The attributes that make an item expire. */
export const toExpiry = (atMs: number): Record<string, number> => ({ [TTL]: Math.ceil(atMs / 1000), [EXPIRES]: atMs });

/** Whether an item is past its time, whatever DynamoDB's sweeper has done. */
export function isExpired(raw: Readonly<Record<string, unknown>>, nowMs: number): boolean {
  const expires = raw[EXPIRES];
  return typeof expires === 'number' && expires <= nowMs;
}

/** The item without keys and our own attributes. */
export function toItem(raw: Readonly<Record<string, unknown>>): Item {
  const item: Record<string, Scalar> = {};
  for (const name in raw) if (!isReserved(name)) item[name] = raw[name] as Scalar;
  return item;
}

interface Expression {
  readonly UpdateExpression?: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, Scalar>;
}

/** Hands out short placeholders, one per name and one per value. */
function createPlaceholders() {
  const names = new Map<string, string>();
  const values = new Map<Scalar, string>();
  return {
    name: (attr: string): string => {
      const known = names.get(attr) ?? `#${names.size.toString(36)}`;
      names.set(attr, known);
      return known;
    },
    value: (value: Scalar): string => {
      const known = values.get(value) ?? `:${values.size.toString(36)}`;
      values.set(value, known);
      return known;
    },
    names: () => Object.fromEntries([...names].map(([attr, short]) => [short, attr])),
    values: () => Object.fromEntries([...values].map(([value, short]) => [short, value])),
  };
}
type Placeholders = ReturnType<typeof createPlaceholders>;

const signs = { atMost: '<=', atLeast: '>=', below: '<', equals: '=' } as const;

function toCondition(guard: Guard, { name, value }: Placeholders): string {
  const attr = name(guard.attr);
  if (guard.is === 'absent') return `attribute_not_exists(${attr})`;
  const comparison = `${attr}${signs[guard.is]}${value(guard.value)}`;
  return guard.is !== 'equals' && guard.orAbsent ? `(attribute_not_exists(${attr}) OR ${comparison})` : comparison;
}

/** Placeholders are letters and digits after # or :, so whatever looks like an operator is one. */
const countOperators = (expression: string): number =>
  expression.match(/attribute_not_exists| AND | OR |[<>]=?|=/g)?.length ?? 0;

function checkSize(update: Update, condition: string, change: string): void {
  const longest = Math.max(condition.length, change.length);
  const operators = countOperators(condition);
  if (longest <= MAX_EXPRESSION && operators <= MAX_OPERATORS) return;
  throw new TypeError(
    `The update of ${update.key.pk} needs an expression of ${longest} characters and ${operators} operators; DynamoDB takes ${MAX_EXPRESSION} and ${MAX_OPERATORS}. Split the pools of this book.`,
  );
}

/** The expressions of one conditional write. Throws TypeError when it is too large for DynamoDB, or holds what no item may. */
export function toUpdateInput(update: Update, nowMs: number): Expression {
  checkUpdate(update);
  const placeholders = createPlaceholders();
  const { name, value } = placeholders;
  const expires = name(EXPIRES);
  const alive = `(attribute_not_exists(${expires}) OR ${expires}>${value(nowMs)})`;
  const ConditionExpression = [alive, ...update.guards.map((guard) => toCondition(guard, placeholders))].join(' AND ');
  const set: Item = { ...update.set, ...(update.expiresAtMs === undefined ? {} : toExpiry(update.expiresAtMs)) };
  const sets = Object.keys(set).map((attr) => `${name(attr)}=${value(set[attr] ?? 0)}`);
  const adds = Object.keys(update.add).map((attr) => `${name(attr)} ${value(update.add[attr] ?? 0)}`);
  const clauses = [
    ...(sets.length > 0 ? [`SET ${sets.join(',')}`] : []),
    ...(adds.length > 0 ? [`ADD ${adds.join(',')}`] : []),
    ...(update.remove.length > 0 ? [`REMOVE ${update.remove.map(name).join(',')}`] : []),
  ];
  const UpdateExpression = clauses.join(' ');
  checkSize(update, ConditionExpression, UpdateExpression);
  return {
    ...(clauses.length > 0 ? { UpdateExpression } : {}),
    ConditionExpression,
    ExpressionAttributeNames: placeholders.names(),
    ExpressionAttributeValues: placeholders.values(),
  };
}
