// Everything that can be asked under one configuration: credentials, candidates and the names they answer to.
import type { Model, Provider } from '#shared/catalog.ts';
import { matchesAny } from '#shared/patterns.ts';
import { toCandidates } from '../routing/candidates.ts';
import { toFingerprint } from '../routing/fingerprint.ts';
import { createModelNames, type ModelNames } from '../routing/selector.ts';
import type { Rank } from '../routing/decide.ts';
import type { Candidate } from '../routing/types.ts';
import type { Accounts } from './accounts.ts';
import { toCredential, type Credential, type FleetEntry } from './credentials.ts';

/** Read-only; a changed configuration makes a new fleet. */
export interface Fleet {
  readonly candidates: readonly Candidate[];
  /** The credential of each candidate, by the same index. */
  readonly credentials: readonly Credential[];
  /** The model as the catalog or the credential describes it, by the same index. */
  readonly models: readonly Model[];
  readonly names: ModelNames;
  /** The installation's own order; absent or null when it has none. */
  readonly rank?: Rank | null;
  /** All that is known of providers, those nobody has a key for included. */
  readonly providers: readonly Provider[];
}

export interface FleetInput {
  readonly entries: readonly FleetEntry[];
  readonly providers: readonly Provider[];
  readonly serves: (model: Model, provider: Provider) => boolean;
  readonly rank?: Rank | null;
  /** Joins credentials that were found to share an account; absent: as declared. */
  readonly accounts?: Pick<Accounts, 'headOf'> | undefined;
}

/** Two entries of one name would be indistinguishable in headers and logs: the later ones get a number. */
function withDistinctNames(credentials: readonly Credential[]): Credential[] {
  const seen = new Map<string, number>();
  return credentials.map((credential) => {
    const count = (seen.get(credential.name) ?? 0) + 1;
    seen.set(credential.name, count);
    return count === 1 ? credential : { ...credential, name: `${credential.name}-${count}` };
  });
}

/**
 * One key given twice is one credential, as it was given first. Models that only a later entry lists are served by that entry, as a credential
 * beside the first.
 */
function withoutRepeats(credentials: readonly Credential[]): Credential[] {
  const served = new Map<string, Set<string>>();
  return credentials.flatMap((credential) => {
    const { id, provider, models, allowedModels } = credential;
    const known = served.get(id);
    if (known === undefined) {
      const ids = [...provider.models, ...models].map((model) => model.id);
      served.set(id, new Set(ids.filter((one) => allowedModels.length === 0 || matchesAny(allowedModels, one))));
      return [credential];
    }
    const more = models.filter((model) => !known.has(model.id));
    if (more.length === 0) return [];
    const ids = more.map((model) => model.id);
    for (const one of ids) known.add(one);
    return [{ ...credential, id: toFingerprint(`${id}|${ids.join(',')}`), models: more, allowedModels: ids }];
  });
}

/** Builds the fleet of the enabled entries. */
export function createFleet({ entries, providers, serves, rank = null, accounts }: FleetInput): Fleet {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const all = entries.flatMap((entry) => {
    const provider = byId.get(entry.provider);
    return provider && entry.enabled ? [toCredential(entry, provider)] : [];
  });
  const credentials = withDistinctNames(withoutRepeats(all));
  const headed =
    accounts === undefined ? credentials : credentials.map((one) => ({ ...one, head: accounts.headOf(one.id) }));
  const candidates = toCandidates(headed, serves);
  const owners = new Map(credentials.map((credential) => [credential.id, credential]));
  const modelOf = (credential: Credential, id: string): Model | undefined =>
    credential.models.find((model) => model.id === id) ?? credential.provider.models.find((model) => model.id === id);
  const pairs = candidates.map((candidate) => {
    const credential = owners.get(candidate.credentialId);
    const model = credential && modelOf(credential, candidate.modelId);
    if (!credential || !model) throw new Error(`candidate ${candidate.route} has no credential`);
    return { credential, model };
  });
  return {
    candidates,
    credentials: pairs.map(({ credential }) => credential),
    models: pairs.map(({ model }) => model),
    names: createModelNames(candidates),
    rank,
    providers,
  };
}
