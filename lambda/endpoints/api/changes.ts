// What a change has changed, value by value, for the audit: pure.
import type { AuditChange } from '#shared/api/audit.ts';

type Value = AuditChange['before'];
type Terms = Readonly<Record<string, unknown>>;

/** Longer texts, such as many names of models, are cut. */
const MAX_CHARACTERS = 200;

const toValue = (value: unknown): Value => {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
};

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
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((name) => ({ name, before: was.get(name) ?? null, after: is.get(name) ?? null }))
    .filter((change) => change.before !== change.after);
}

/** The same as a text, for tables: `role: member -> admin`. */
export const toWords = (changes: readonly AuditChange[]): string =>
  changes.map(({ name, before, after }) => `${name}: ${before ?? 'none'} -> ${after ?? 'none'}`).join('; ');
