// Things a feature needs once per page load (a database, an engine): made when first asked for, and kept beyond any one page.
import { createContext, use } from 'react';

type Make<T> = () => T;

export const SingletonsContext = createContext<Map<Make<unknown>, unknown> | null>(null);

/** The one thing that `make` makes. `make` must always be the same function. */
export function useSingleton<T>(make: Make<T>): T {
  const kept = use(SingletonsContext);
  if (kept === null) throw new Error('useSingleton outside of its provider');
  if (!kept.has(make)) kept.set(make, make());
  return kept.get(make) as T;
}
