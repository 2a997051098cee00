// What serves whom: the environment's credentials for everybody, and fleets of their own for people who have given credentials.
import { randomBytes } from 'node:crypto';
import type { Model, Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { CallerError } from '#shared/failures.ts';
import { loadOnce } from '#shared/load-once.ts';
import type { Principal } from '#shared/people.ts';
import type { Platform } from './deps.ts';
import { toLater } from './deps-later.ts';
import { createProviders } from './deps-providers.ts';
import type { Services } from './endpoints/endpoint.ts';
import type { FleetEntry } from './gateway/credentials.ts';
import type { CredentialDesk, DeskDeps } from './gateway/credential-desk.ts';
import { createAccounts, type Accounts } from './gateway/accounts.ts';
import { createDiscovery, type Discovery } from './gateway/discover.ts';
import { createFleet } from './gateway/fleet.ts';
import { createFleets } from './gateway/fleets.ts';
import { createHealth, withHealth } from './gateway/health.ts';
import type { LedgerDeps } from './gateway/desk.ts';
import { createLedger } from './gateway/ledger.ts';
import { createGateway, type GatewayServices } from './gateway/run.ts';
import type { KnownLocks, Locked, Locks } from './gateway/locks.ts';
import { StoreUnavailable, type CredentialBook, type Vault } from './ports.ts';
import type { TemplateStore } from './ports-settings.ts';
import { createCredentialBook } from './store/credentials.ts';
import type { Wires } from './deps-wires.ts';
import { dialects, isChatWire } from './wire/index.ts';
import { isTranscriptionWire } from './wire/transcription/types.ts';
import { toErrorFields } from './telemetry/log.ts';

function toSpeaks(model: Model, provider: Provider): boolean {
  const wire = model.wire ?? provider.wire;
  if (model.kind === 'chat') return isChatWire(wire);
  if (model.kind === 'transcription') return isTranscriptionWire(wire);
  // Who speaks the OpenAI chat format takes everything else in the OpenAI formats too, at paths of their own.
  return wire === 'openai-chat';
}

/** What Freeway can call today: chat and transcription over the wires it speaks and the other operations in the OpenAI formats, with the ways of authorising it knows. */
function serves(model: Model, provider: Provider): boolean {
  const scheme = provider.auth.scheme;
  const speaks = toSpeaks(model, provider);
  return speaks && (scheme === 'bearer' || scheme === 'header' || scheme === 'none' || scheme === 'google-oauth');
}

/** What services are made of: the platform, what may be paid in the whole installation, and who has had how much. */
export type Means = Platform &
  Required<Pick<LedgerDeps, 'money'>> &
  Pick<LedgerDeps, 'accounts'> &
  Required<Pick<GatewayServices, 'shares'>> & { readonly wires: Wires };

/** Services over these entries alone. */
export async function toServices(platform: Means, entries: readonly FleetEntry[]): Promise<Services> {
  const known = [...platform.providers, ...(platform.ownProviders ?? [])];
  const fleet = createFleet({
    entries,
    providers: known,
    serves,
    rank: platform.rank ?? null,
    accounts: platform.accounts,
  });
  await platform.wires.load(fleet);
  const ledger = createLedger({ ...platform, fleet });
  const gateway = createGateway({ ...platform, fleet, ledger });
  if (!platform.config.healthChecks) return { fleet, ledger, gateway, health: null };
  const health = createHealth({ ...platform, fleet, ledger });
  return { fleet, ledger, gateway: withHealth(gateway, health), health };
}

async function openServices(platform: Means, entries: readonly FleetEntry[], discovery: Discovery): Promise<Services> {
  const services = await toServices(platform, discovery.complete(entries));
  await services.ledger.stripped.load();
  return services;
}

/** What serves whom, and the keepers of what people have given. */
export interface Serving {
  /** What can be done with the credentials that people give. */
  readonly credentials: CredentialDesk;
  /** Which saved credentials can't be opened. */
  readonly locks: KnownLocks;
  /** The environment's entries in force. */
  readonly environment: () => readonly ProviderEntry[];
  /** The catalog, and what was added at run time. */
  readonly providers: () => readonly Provider[];
  /** The services of whoever is asking. */
  readonly current: (principal: Principal) => Services | Promise<Services>;
  /** The services of the environment's credentials, or of those that stand in for them. */
  readonly shared: () => Services;
  /** How many credentials people have given. Rejects with StoreUnavailable. */
  readonly countSaved: () => Promise<number>;
  /** Puts other environment credentials in force, for all requests that begin from now on. */
  readonly useEntries: (entries: readonly ProviderEntry[]) => Promise<void>;
}

interface ServingParts {
  readonly vault: Vault;
  readonly templates: TemplateStore;
}

/** The desk at which people give their credentials, which opens when the first of them comes. */
function openDesk(
  { clock, upstream, allowPrivate = false }: Platform,
  parts: Pick<DeskDeps, 'book' | 'vault' | 'providers' | 'look'>,
): CredentialDesk {
  const load = async (): Promise<CredentialDesk> =>
    (await import('./gateway/credential-desk.ts')).createCredentialDesk({
      ...parts,
      upstream,
      clock,
      dialectOf: (provider) => dialects[provider.dialect],
      allowPrivate,
      newId: () => `cred_${randomBytes(9).toString('base64url')}`,
    });
  return toLater(load, {
    all: true,
    locked: true,
    create: true,
    change: true,
    replace: true,
    remove: true,
    restore: true,
    test: true,
    fingerprintOf: true,
    tryOut: true,
  });
}

const none: Locked = new Map();
/** So many are looked at where nobody asked for any. */
const MOST_LOOKED_AT = 20;
const AGAIN_MS = 5_000;

interface LocksParts {
  readonly platform: Pick<Platform, 'clock' | 'log'>;
  readonly vault: Vault;
  readonly book: CredentialBook;
}

/** What looks whether saved credentials can be opened: loaded with the first of them. */
function openLocks({ platform: { clock, log }, vault, book }: LocksParts): KnownLocks & Pick<Locks, 'look'> {
  let opened: Locks | null = null;
  let lookedAtMs = -Infinity;
  const open = loadOnce(async () => (opened = (await import('./gateway/locks.ts')).createLocks({ vault, log })));
  const look: Locks['look'] = async (credentials, all) => (await open()).look(credentials, all);
  return {
    look,
    known: () => opened?.known() ?? none,
    again: async () => {
      if (Math.abs(clock.now() - lookedAtMs) < AGAIN_MS) return;
      lookedAtMs = clock.now();
      try {
        const { all } = await book.snapshot();
        const known = opened?.known() ?? none;
        const used = all.filter(
          ({ enabled, deletedAtMs, sealed }) => enabled && deletedAtMs === null && sealed !== null,
        );
        const some = used
          .toSorted((a, b) => Number(known.has(b.id)) - Number(known.has(a.id)))
          .slice(0, MOST_LOOKED_AT);
        if (some.length > 0 || known.size > 0) await look(some, all);
      } catch (error) {
        log.warn('credentials.unreachable', toErrorFields(error));
      }
    },
  };
}

/** Where credentials are found to share an account, or not to any more, they are counted so from the next request on: those that are read together change together. */
function openAccounts(log: Platform['log'], reopen: () => Promise<void>): Accounts {
  let isDue = false;
  const renew = (): Promise<void> => {
    isDue = false;
    return reopen();
  };
  return createAccounts(() => {
    if (isDue) return;
    isDue = true;
    const report = (reason: unknown): void => log.error('accounts.unjoined', { error: String(reason) });
    void Promise.resolve().then(renew).catch(report);
  });
}

/** Opens it over the platform. */
export async function openServing(means: Means, { vault, templates }: ServingParts): Promise<Serving> {
  const platform: Means = { ...means, accounts: openAccounts(means.log, () => reopen()) };
  const { config, clock, store, log, standIn = [], allowPrivate = false } = platform;
  const now = (): number => clock.now();
  const book = createCredentialBook(store, now);
  let environment: readonly ProviderEntry[] = config.entries;
  const inForce = (): readonly ProviderEntry[] => (environment.length > 0 ? environment : standIn);
  const discovery = createDiscovery(platform, () => reopen());
  let shared = await openServices(platform, inForce(), discovery);
  const { providers, firstLook } = createProviders(platform, templates, () => fleets.renew());
  const locks = openLocks({ platform, vault, book });
  const fleets = createFleets<Services>({
    book,
    vault,
    look: locks.look,
    providers,
    allowPrivate,
    environment: () => environment,
    // Whoever has given nothing is served by what serves all; what stands in for credentials, while nobody has given any.
    open: (entries, isAnySaved) =>
      entries.some(({ sealed }) => sealed !== undefined) || (isAnySaved && environment.length === 0)
        ? openServices({ ...platform, providers: providers() }, entries, discovery)
        : shared,
    now,
  });
  const reopen = async (): Promise<void> => {
    shared = await openServices(platform, inForce(), discovery);
    fleets.renew();
  };
  discovery.touch();
  // Where nothing goes on between requests, the first of them finds everybody asked.
  if (platform.freezes === true) await discovery.ready();
  /** What people have given can't be read: the environment's credentials serve, if there are any. */
  const withoutOwn = (error: unknown): Services => {
    if (!(error instanceof StoreUnavailable)) throw error;
    log.error('credentials.unreachable', { error: error.name, what: error.message });
    if (environment.length > 0 && shared.fleet.candidates.length > 0) return shared;
    throw new CallerError('internal', `The saved credentials can't be used. ${error.message}`);
  };
  const serve = (id: string): Services | Promise<Services> => {
    // Notices what was added meanwhile.
    providers();
    const services = fleets.servicesFor(id);
    return services instanceof Promise ? services.catch(withoutOwn) : services;
  };
  const credentials = openDesk(platform, { book, vault, providers, look: locks.look });
  return {
    credentials,
    locks,
    environment: () => environment,
    providers,
    current: ({ id }) => {
      discovery.touch();
      const looking = firstLook();
      return looking === null ? serve(id) : looking.then(() => serve(id));
    },
    shared: () => shared,
    countSaved: async () => (await book.snapshot()).all.filter(({ deletedAtMs }) => deletedAtMs === null).length,
    useEntries: (entries) => {
      environment = entries;
      return reopen();
    },
  };
}
