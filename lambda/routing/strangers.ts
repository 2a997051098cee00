// Names by which a request or settings call providers and credentials, and that nobody bears. Apart from what every request needs.
import { toBorne } from './borne.ts';
import type { Candidate } from './types.ts';

/** Those of the names that nobody bears in whatever case, each once. */
export const findStrangers = (names: readonly string[], candidates: readonly Candidate[]): string[] =>
  [...new Set(names)].filter((name) => toBorne([name], candidates).length === 0);
