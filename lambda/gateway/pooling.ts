// Whose credentials serve whom: a person's own, those shared with them, and the environment's, merged into the entries of one fleet.
import type { Provider } from '#shared/catalog.ts';
import { providerEntrySchema, type ProviderEntry } from '#shared/credentials.ts';
import type { Lock } from '#shared/locks.ts';
import { OWNER_ID } from '#shared/people.ts';
import { sealedIdentity, type StoredCredential } from '#shared/stored-credential.ts';
import type { Vault } from '../ports.ts';
import { toCredentialId, type FleetEntry } from './credentials.ts';
import type { Locked } from './locks.ts';

export interface PoolingInput {
  readonly personId: string;
  readonly stored: readonly StoredCredential[];
  /** Serve everybody whom the configuration lets in. */
  readonly environment: readonly ProviderEntry[];
  readonly providers: readonly Provider[];
  readonly vault: Pick<Vault, 'openNow'>;
  /** Whether people's own URLs may lead to private addresses. */
  readonly allowPrivate: boolean;
  readonly nowMs: number;
  /** Those whose secrets can't be opened; absent: none. */
  readonly locked?: Locked;
}

/** A person's own come first, then what others share, then the environment's: a step between them, within one priority. */
const STEP = 1 / 4;

/** Why a shared credential serves its owner alone; null when it may serve those it is shared with. Unknown terms leave it to the owner. */
export function toHeldBack(credential: StoredCredential, provider: Provider | undefined): string | null {
  if (credential.sharing === 'private' || provider?.terms.serveOthers !== false) return null;
  if (credential.overrideTerms !== null) return null;
  return `The terms of ${provider.name} do not allow a key to serve others${provider.terms.note === undefined ? '' : ` (${provider.terms.note})`}. Until you state why it may, it serves you alone.`;
}

/** Whether a credential may be used for this person's requests at all. */
export function servesPerson(credential: StoredCredential, personId: string, provider: Provider | undefined): boolean {
  if (credential.ownerId === personId) return true;
  const { sharing } = credential;
  const isShared = sharing === 'all' || (Array.isArray(sharing) && sharing.includes(personId));
  return isShared && toHeldBack(credential, provider) === null;
}

const isLive = ({ enabled, deletedAtMs, expiresAtMs }: StoredCredential, nowMs: number): boolean =>
  enabled && deletedAtMs === null && (expiresAtMs === null || expiresAtMs > nowMs);

/** A stored credential as an entry of a fleet; its secrets stay sealed until a call needs them. */
export function toStoredEntry(
  credential: StoredCredential,
  { vault, allowPrivate }: Pick<PoolingInput, 'vault' | 'allowPrivate'>,
): FleetEntry {
  const { provider, name, fields, baseUrl, plan, priority, weight, account, allowedModels, models, pools } = credential;
  const { sealed, ownerId, fingerprint, trainsOnPrompts, regions, retentionDays } = credential;
  const entry = providerEntrySchema.parse({
    ...fields,
    provider,
    name,
    priority,
    weight,
    ...(baseUrl === null ? {} : { baseUrl }),
    ...(plan === null ? {} : { tier: plan }),
    // An account is a matter of its owner: the same word of somebody else means another account.
    ...(account === null ? {} : { account: `${ownerId}#${account}` }),
    ...(allowedModels === null ? {} : { allowedModels }),
    ...(models.length === 0 ? {} : { models }),
    ...(pools.length === 0 ? {} : { pools }),
    ...(trainsOnPrompts === null ? {} : { trainsOnPrompts }),
    ...(regions === null ? {} : { regions }),
    ...(retentionDays === null ? {} : { retentionDays }),
  });
  const open = (): Readonly<Record<string, string>> =>
    sealed === null
      ? {}
      : (JSON.parse(vault.openNow(ownerId, sealedIdentity(credential), sealed)) as Record<string, string>);
  return {
    ...entry,
    sealed: { id: fingerprint, open },
    owner: ownerId,
    publicOnly: !allowPrivate,
    // What the machine may do is its owner's, whoever else may give keys.
    mayBeMachine: ownerId === OWNER_ID,
  };
}

/** The id by which equal keys share their books, for secrets that are just being given. */
export function toFingerprint(credential: StoredCredential, apiKey: string | undefined, provider: Provider): string {
  const { fields, baseUrl, name } = credential;
  const entry = providerEntrySchema.parse({
    ...fields,
    provider: provider.id,
    name,
    ...(baseUrl === null ? {} : { baseUrl }),
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  return toCredentialId(entry, provider);
}

/** The credentials that serve a person now, whether their secrets can be opened or not. */
export function usableBy({
  personId,
  stored,
  providers,
  nowMs,
}: Pick<PoolingInput, 'personId' | 'stored' | 'providers' | 'nowMs'>): StoredCredential[] {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return stored.filter(
    (credential) =>
      byId.has(credential.provider) &&
      isLive(credential, nowMs) &&
      servesPerson(credential, personId, byId.get(credential.provider)),
  );
}

/** Names that are taken, for a person: those of providers, of their own keys and of the environment's. */
function takenNames({ personId, stored, providers, environment }: PoolingInput): ReadonlySet<string> {
  const own = stored.filter(({ ownerId }) => ownerId === personId);
  return new Set([
    ...providers.map(({ id }) => id),
    ...own.map(({ name }) => name),
    ...environment.map(({ name, provider }) => name ?? provider),
  ]);
}

/**
 * The entries that serve a person, in order: own, shared, environment. The same key given twice counts where it comes first; one that can't be
 * opened hides none that can.
 */
export function toEntries(input: PoolingInput): FleetEntry[] {
  const usable = usableBy(input);
  const taken = takenNames(input);
  const toEntry = (credential: StoredCredential): FleetEntry => {
    const entry = toStoredEntry(credential, input);
    if (credential.ownerId === input.personId) return entry;
    // Whoever allows a name means whom they know by it: what others share goes by its provider's rather than by theirs.
    const name = taken.has(credential.name) ? credential.provider : credential.name;
    return later({ ...entry, name }, STEP);
  };
  const lockOf = ({ id }: StoredCredential): Lock | undefined => input.locked?.get(id);
  const open = usable.filter((credential) => lockOf(credential) === undefined);
  const own = open.filter(({ ownerId }) => ownerId === input.personId);
  const shared = open.filter(({ ownerId }) => ownerId !== input.personId);
  return [
    ...own.map(toEntry),
    ...shared.map(toEntry),
    ...input.environment.map((entry) => later(entry, 2 * STEP)),
    ...usable.flatMap((credential) => {
      const locked = lockOf(credential);
      return locked === undefined ? [] : [{ ...toEntry(credential), locked }];
    }),
  ];
}

const later = (entry: FleetEntry, step: number): FleetEntry => ({ ...entry, priority: entry.priority + step });
