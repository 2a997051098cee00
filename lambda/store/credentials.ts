// Keeps provider credentials in the store; this instance sees a change at once, others soon after the next request that comes five seconds later.
import type * as z from 'zod/mini';
import { parseWritten } from '#shared/careful.ts';
import { storedCredentialSchema, UNDO_MS, type StoredCredential } from '#shared/stored-credential.ts';
import type { CredentialBook, Store } from '../ports.ts';
import { readKnown } from './kept.ts';

const schema: z.ZodMiniType<StoredCredential> = storedCredentialSchema;
const PARTITION = 'credentials';
const COUNTER = { pk: 'credentials-version', sk: 'count' } as const;
/** The end of the year 9999. */
const NEVER_MS = 253_402_300_799_000;
/** How often the counter of changes is looked at, while requests go on with what is known. */
const LOOK_MS = 5_000;
/** Older knowledge is not used without looking first. */
const OLDEST_MS = 60_000;

const keyOf = ({ ownerId, id }: Pick<StoredCredential, 'ownerId' | 'id'>): { pk: string; sk: string } => ({
  pk: PARTITION,
  sk: `${encodeURIComponent(ownerId)}#${encodeURIComponent(id)}`,
});

/** As they are, not as they were a moment ago: they are read again only when the counter has moved once more. */
async function readAll(store: Store): Promise<StoredCredential[]> {
  const all: StoredCredential[] = [];
  let after: string | undefined;
  do {
    const page = await store.query(PARTITION, { fresh: true, ...(after === undefined ? {} : { after }) });
    for (const { item } of page.items) {
      const json = parseWritten(item['json']) as Record<string, unknown>;
      // One that a later version wrote in its own way is used by that version alone.
      all.push(...readKnown(schema, { ...json, version: item['version'], sealed: item['sealed'] ?? null }));
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return all;
}

interface Known {
  readonly all: readonly StoredCredential[];
  readonly count: number;
  readonly lookedAtMs: number;
}

/** The repository over a store. When the store is away, what was read last goes on being used. */
export function createCredentialBook(store: Store, now: () => number): CredentialBook {
  let known: Known | null = null;
  let looking: Promise<Known> | null = null;
  let latest = 0;
  const read = async (older: Known | null): Promise<Known> => {
    try {
      const count = Number((await store.get(COUNTER, true))?.['count'] ?? 0);
      const all = older !== null && older.count === count ? older.all : await readAll(store);
      return { all, count, lookedAtMs: now() };
    } catch (error) {
      if (older === null) throw error;
      return { ...older, lookedAtMs: now() };
    }
  };
  const look = async (): Promise<Known> => {
    const mine = latest;
    const seen = await read(known);
    // What was written here while this was read may not be in it.
    if (mine === latest) known = seen;
    return seen;
  };
  const refresh = (): Promise<Known> => {
    looking ??= look().finally(() => (looking = null));
    return looking;
  };
  const changed = async (): Promise<void> => {
    await store.update({ key: COUNTER, guards: [], add: { count: 1 }, set: {}, remove: [] });
    latest++;
    looking = null;
    known = known && { ...known, lookedAtMs: -Infinity };
  };
  return {
    snapshot: () => {
      // Where the clock was set back, what was read seems to lie ahead.
      const ageMs = known === null ? Infinity : Math.abs(now() - known.lookedAtMs);
      if (known === null || ageMs > OLDEST_MS) return refresh();
      if (ageMs > LOOK_MS) void refresh();
      return known;
    },
    write: async (credential, over) => {
      const { sealed, version: _version, ...json } = credential;
      const deleted = credential.deletedAtMs;
      const { applied } = await store.update({
        key: keyOf(credential),
        guards: [over === null ? { attr: 'version', is: 'absent' } : { attr: 'version', is: 'equals', value: over }],
        add: {},
        set: { json: JSON.stringify(json), version: (over ?? 0) + 1, ...(sealed === null ? {} : { sealed }) },
        remove: sealed === null ? ['sealed'] : [],
        // What is not deleted is never swept away.
        expiresAtMs: deleted === null ? NEVER_MS : deleted + UNDO_MS,
      });
      if (applied) await changed();
      return applied;
    },
  };
}
