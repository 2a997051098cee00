// The services of each person: made when they first ask, and anew when credentials that serve them have changed.
import type { Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import type { CredentialBook, CredentialSnapshot, Vault } from '../ports.ts';
import type { FleetEntry } from './credentials.ts';
import type { Locked, Locks } from './locks.ts';
import { toEntries, usableBy } from './pooling.ts';

export interface FleetsOptions<Services> {
  readonly book: CredentialBook;
  readonly vault: Pick<Vault, 'openNow'>;
  /** Which credentials can't be opened; those of everybody else serve. */
  readonly look: Locks['look'];
  /** Those that are known now; another list when one was added or changed. */
  readonly providers: () => readonly Provider[];
  readonly environment: () => readonly ProviderEntry[];
  readonly allowPrivate: boolean;
  /** `isAnySaved`: whether anybody has given a credential, be it one that serves nobody just now. */
  readonly open: (entries: readonly FleetEntry[], isAnySaved: boolean) => Services | Promise<Services>;
  readonly now: () => number;
}

/** What serves each person. */
export interface Fleets<Services> {
  /** At once when nothing has changed since they last asked. Rejects with StoreUnavailable when nothing was ever read. */
  servicesFor(personId: string): Services | Promise<Services>;
  /** The environment's entries have changed. */
  renew(): void;
}

interface Kept<Services> {
  readonly services: Services;
  readonly stamp: string;
  /** Data keys are at hand until then, ms; and a credential may expire meanwhile. */
  readonly untilMs: number;
}

/** So many people's services are kept. */
const MAX_PEOPLE = 200;
/** Below the time for which the vault keeps data keys. */
const KEPT_MS = 5 * 60_000;
/** What can't be opened is soon tried again: a key may be put back at any time. */
const LOCKED_MS = 5_000;

const none: Locked = new Map();

/** The credentials that serve a person, in a word that changes when any of them does: others' changes do not disturb. */
function toStamp(snapshot: CredentialSnapshot, usable: readonly FleetEntry[], generation: number): string {
  const ids = new Set(usable.map(({ sealed }) => sealed?.id));
  const versions = snapshot.all
    .filter(({ fingerprint }) => ids.has(fingerprint))
    .map(({ id, version }) => `${id}:${version}`);
  return `${generation}|${versions.join(',')}`;
}

/** Services by person. */
export function createFleets<Services>(options: FleetsOptions<Services>): Fleets<Services> {
  const { book, vault, providers, allowPrivate, now } = options;
  const kept = new Map<string, Kept<Services>>();
  const seen = new Map<string, number>();
  const opening = new Map<string, Promise<Services>>();
  let generation = 0;

  const build = async (personId: string, snapshot: CredentialSnapshot): Promise<Services> => {
    const nowMs = now();
    const input = { personId, stored: snapshot.all, providers: providers(), allowPrivate, nowMs };
    const before = kept.get(personId);
    const usable = usableBy(input);
    const locked = usable.length === 0 ? none : await options.look(usable, snapshot.all);
    const entries = toEntries({ ...input, environment: options.environment(), vault, locked });
    const isAnySaved = snapshot.all.some(({ deletedAtMs }) => deletedAtMs === null);
    const stamp = `${toStamp(snapshot, entries, generation)}|${[...locked].join()}|${isAnySaved}`;
    // Somebody else's credentials have changed: what stands goes on, with all it has learned.
    const services = before?.stamp === stamp ? before.services : await options.open(entries, isAnySaved);
    const expiry = snapshot.all.map(({ expiresAtMs }) => expiresAtMs ?? Infinity).filter((atMs) => atMs > nowMs);
    kept.delete(personId);
    const keptMs = locked.size > 0 ? LOCKED_MS : KEPT_MS;
    kept.set(personId, { services, stamp, untilMs: Math.min(nowMs + keptMs, ...expiry) });
    seen.set(personId, snapshot.count);
    const oldest = kept.keys().next();
    if (kept.size > MAX_PEOPLE && oldest.done !== true) kept.delete(oldest.value);
    return services;
  };

  const use = (personId: string, snapshot: CredentialSnapshot): Services | Promise<Services> => {
    const known = kept.get(personId);
    if (known !== undefined && seen.get(personId) === snapshot.count && now() < known.untilMs) return known.services;
    const running = opening.get(personId);
    if (running !== undefined) return running;
    const opened = build(personId, snapshot).finally(() => opening.delete(personId));
    opening.set(personId, opened);
    return opened;
  };

  return {
    servicesFor: (personId) => {
      const snapshot = book.snapshot();
      return snapshot instanceof Promise ? snapshot.then((read) => use(personId, read)) : use(personId, snapshot);
    },
    renew: () => {
      generation++;
      seen.clear();
    },
  };
}
