// Things a feature needs once for each person (a database, an engine): made when first asked for, and kept beyond any one page.
import { createContext, use } from 'react';

type Make<T> = (personId: string) => T;

/** What was made, by person. */
export class Singletons {
  readonly #made = new Map<string, Map<Make<unknown>, unknown>>();

  of<T>(personId: string, make: Make<T>): T {
    const own = this.#made.get(personId) ?? new Map<Make<unknown>, unknown>();
    this.#made.set(personId, own);
    if (!own.has(make)) own.set(make, make(personId));
    return own.get(make) as T;
  }

  /** Somebody has left: what can be closed is closed, and nothing of theirs is at hand any more. */
  leave(personId: string): void {
    for (const one of this.#made.get(personId)?.values() ?? [])
      if (typeof one === 'object' && one !== null && 'close' in one && typeof one.close === 'function') one.close();
    this.#made.delete(personId);
  }
}

/** What was made, and who is signed in. */
export const SingletonsContext = createContext<{
  readonly singletons: Singletons;
  readonly personId: string;
} | null>(null);

/** The one thing of this person that `make` makes. `make` must always be the same function. */
export function useSingleton<T>(make: Make<T>): T {
  const kept = use(SingletonsContext);
  if (kept === null) throw new Error('useSingleton outside of its provider');
  return kept.singletons.of(kept.personId, make);
}
