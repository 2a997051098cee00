// What a change has changed, value by value, for the audit: pure.
import type { AuditChange } from '#shared/api/audit.ts';

type Value = AuditChange['before'];
type Terms = Readonly<Record<string, unknown>>;

/** Of longer texts, such as many names of models, so much is told, from a little before they differ. */
const MAX_CHARACTERS = 200;
const LEAD_CHARACTERS = 40;

const toValue = (value: unknown): Value => {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.join(', ') : String(value);
};

/** Where two values begin to differ, in characters; 0 where they are no texts. */
function differFrom(before: Value, after: Value): number {
  if (typeof before !== 'string' || typeof after !== 'string') return 0;
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  return at;
}

function cut(value: Value, from: number): Value {
  if (typeof value !== 'string' || value.length <= MAX_CHARACTERS) return value;
  const end = from + MAX_CHARACTERS;
  return `${from > 0 ? '…' : ''}${value.slice(from, end)}${end < value.length ? '…' : ''}`;
}

/** Every value that is set, under the names that lead to it: `quota.requests_per_day`. */
function flatten(terms: Terms, path = ''): [string, Value][] {
  return Object.entries(terms).flatMap(([name, value]): [string, Value][] => {
    if (value === null || value === undefined) return [];
    const isGroup = typeof value === 'object' && !Array.isArray(value);
    return isGroup ? flatten(value as Terms, `${path}${name}.`) : [[`${path}${name}`, toValue(value)]];
  });
}

/** What differs, by name; null stands for what was not set, or is no more. */
export function toChanges(before: Terms, after: Terms): readonly AuditChange[] {
  const [was, is] = [new Map(flatten(before)), new Map(flatten(after))];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name): AuditChange[] => {
    const [old, fresh] = [was.get(name) ?? null, is.get(name) ?? null];
    if (old === fresh) return [];
    const from = Math.max(0, differFrom(old, fresh) - LEAD_CHARACTERS);
    return [{ name, before: cut(old, from), after: cut(fresh, from) }];
  });
}

/** The same as a text, for tables: `role: member -> admin`. */
export const toWords = (changes: readonly AuditChange[]): string =>
  changes.map(({ name, before, after }) => `${name}: ${before ?? 'none'} -> ${after ?? 'none'}`).join('; ');
