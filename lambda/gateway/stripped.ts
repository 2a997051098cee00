// Optional request fields that a provider and model have refused before: learned once, shared through the store, left out from then on.
import { parseWritten } from '#shared/careful.ts';
import { StoreUnavailable, type Clock, type Store } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';
import { BAD_SIGNATURES } from '../wire/signatures.ts';
import type { Fleet } from './fleet.ts';

export interface Stripped {
  /** Fields to leave out for a candidate. */
  fields(index: number): readonly string[];
  /** Remembers fields without which the call succeeded. */
  remember(index: number, fields: readonly string[]): Promise<void>;
  /** Reads what other instances have learned; once per instance. */
  load(): Promise<void>;
}

export interface StrippedDeps {
  readonly fleet: Fleet;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

const PARTITION = 'stripped-fields';
const KEEP_MS = 30 * 24 * 3_600_000;

/** An empty memory over a store. */
export function createStripped({ fleet, store, clock, log }: StrippedDeps): Stripped {
  const byRoute = new Map<string, Set<string>>();
  const none: readonly string[] = [];
  const routeOf = (index: number): string => fleet.candidates[index]?.route ?? '';
  const note = (route: string, fields: readonly string[]): void => {
    const known = byRoute.get(route) ?? new Set();
    for (const field of fields) known.add(field);
    byRoute.set(route, known);
  };
  const quietly = async (what: string, act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      log.warn('store.unavailable', { what, error: error.message });
    }
  };
  return {
    fields: (index) => {
      const known = byRoute.get(routeOf(index));
      return known ? [...known] : none;
    },
    remember: async (index, refused) => {
      const fields = refused.filter((field) => field !== BAD_SIGNATURES);
      if (fields.length === 0) return;
      const route = routeOf(index);
      note(route, fields);
      log.info('field.stripped', { route, fields: fields.join(',') });
      const item = { fields: JSON.stringify([...(byRoute.get(route) ?? [])]) };
      await quietly('stripped-fields', () => store.put({ pk: PARTITION, sk: route }, item, clock.now() + KEEP_MS));
    },
    load: () =>
      quietly('stripped-fields', async () => {
        const page = await store.query(PARTITION);
        for (const { key, item } of page.items) {
          const fields = parseWritten(item['fields']);
          if (Array.isArray(fields)) note(key.sk, fields.map(String));
        }
      }),
  };
}
