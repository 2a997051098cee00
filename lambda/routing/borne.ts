// The names that requests and settings call providers and credentials by, held against those that are borne.
import type { Candidate } from './types.ts';

type Named = Pick<Candidate, 'providerId' | 'credential'>;

/** The names as they are borne: in another case only where nobody bears one just as it is written. */
export function toBorne(names: readonly string[], candidates: readonly Named[]): string[] {
  const borne = [...new Set(candidates.flatMap(({ providerId, credential }) => [providerId, credential]))];
  return names.flatMap((name) =>
    borne.includes(name) ? name : borne.filter((one) => one.toLowerCase() === name.toLowerCase()),
  );
}
