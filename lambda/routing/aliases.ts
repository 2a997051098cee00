// Names that stand for others: what serves a model that nobody here has.
import { matchesAny } from '#shared/patterns.ts';

/** A pattern of names (`*` is a wildcard, case does not count) and the name that serves them; null: none does. */
export type ModelAlias = readonly [pattern: string, name: string | null];

/** The name that serves `name` by the first pattern that fits; null when none does. `:free` at its end stays there. */
export function findAlias(aliases: readonly ModelAlias[], name: string): string | null {
  const isFree = name.endsWith(':free');
  const bare = (isFree ? name.slice(0, -':free'.length) : name).toLowerCase();
  const found = aliases.find(([pattern]) => matchesAny([pattern.toLowerCase()], bare))?.[1] ?? null;
  return found !== null && isFree && !found.endsWith(':free') ? `${found}:free` : found;
}
