// The catalog: every provider of catalog/providers as plain data, sorted by id, frozen.
import type { Provider } from '#shared/catalog.ts';
import * as files from './providers.ts';

/** Freezes a value and all it holds: the catalog is one object that everybody shares. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

function toProviders(): readonly Provider[] {
  // The files hold every field that the schema would fill in, so nothing is parsed here; the tests hold them to the schema.
  const all = Object.values(files) as unknown as Provider[];
  freeze(all);
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** All providers, retired ones too, in the order of their ids. Deeply frozen. */
export const providers: readonly Provider[] = Object.freeze(toProviders());
