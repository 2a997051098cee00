// The names that requests and settings call providers and credentials by, held against those that are borne.
import type { Candidate } from './types.ts';

type Named = Pick<Candidate, 'providerId' | 'credential'>;

const borneBy = (candidates: readonly Named[]): Set<string> =>
  new Set(candidates.flatMap(({ providerId, credential }) => [providerId, credential]));

const sameBut = (name: string, borne: ReadonlySet<string>): string[] =>
  [...borne].filter((one) => one.toLowerCase() === name.toLowerCase());

/** The names as they are borne: in another case only where nobody bears one just as it is written. */
export function toBorne(names: readonly string[], candidates: readonly Named[]): string[] {
  const borne = borneBy(candidates);
  return names.flatMap((name) => (borne.has(name) ? [name] : sameBut(name, borne)));
}

/** Those of the names that nobody bears in whatever case, and all that are borne. */
export function findStrangers(
  names: readonly string[],
  candidates: readonly Named[],
): { readonly strangers: readonly string[]; readonly borne: ReadonlySet<string> } {
  const borne = borneBy(candidates);
  return { strangers: names.filter((name) => sameBut(name, borne).length === 0), borne };
}
