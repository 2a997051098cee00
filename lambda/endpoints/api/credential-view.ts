// Provider credentials as they are shown: without secrets, and to each as much as is theirs to know.
import type { CredentialView } from '#shared/api/credentials.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import type { Lock } from '#shared/locks.ts';
import { can, type Principal, type Resource } from '#shared/people.ts';
import { UNDO_MS, type StoredCredential } from '#shared/stored-credential.ts';
import { toCredentialId } from '../../gateway/credentials.ts';
import { toHeldBack } from '../../gateway/pooling.ts';
import { toInstant, type ApiDeps } from './route.ts';

/** What people may do to it is judged by. */
export const toResource = ({ ownerId, sharing }: StoredCredential): Resource => ({
  kind: 'credential',
  ownerId,
  sharedWith: sharing === 'private' ? [] : sharing,
});

/** Who looks at it, and whether its secrets can be opened. */
export interface Look {
  readonly principal: Principal;
  readonly locked: Lock | null;
}

/** As its owner sees it, and those it is shared with: of keys they hear that there are some. */
export function toView(deps: ApiDeps, credential: StoredCredential, { principal, locked }: Look): CredentialView {
  const provider = deps.providers().find(({ id }) => id === credential.provider);
  const { ownerId, deletedAtMs } = credential;
  const isOwn = ownerId === principal.id;
  const editable = can(principal, 'change', toResource(credential));
  return {
    id: credential.id,
    source: isOwn ? 'own' : 'shared',
    owner: credential.owner,
    provider: credential.provider,
    name: credential.name,
    enabled: credential.enabled,
    plan: credential.plan ?? provider?.defaultPlan ?? 'paid',
    editable,
    // How a key ends is for whom it belongs to.
    secrets: credential.secrets.map(({ field, ending }) => ({ field, ending: isOwn ? ending : '' })),
    fingerprint: credential.fingerprint,
    fields: isOwn ? credential.fields : {},
    base_url: isOwn ? credential.baseUrl : null,
    sharing: isOwn ? credential.sharing : Array.isArray(credential.sharing) ? [principal.id] : credential.sharing,
    priority: credential.priority,
    weight: credential.weight,
    account: isOwn ? credential.account : null,
    allowed_models: credential.allowedModels,
    models: credential.models,
    pools: credential.pools,
    trains_on_prompts: credential.trainsOnPrompts,
    regions: credential.regions,
    retention_days: credential.retentionDays,
    expires_at: toInstant(credential.expiresAtMs),
    override_terms: credential.overrideTerms,
    held_back: toHeldBack(credential, provider),
    locked,
    last_test: isOwn ? credential.lastTest : null,
    created_at: toInstant(credential.createdAtMs),
    changed_at: toInstant(credential.changedAtMs),
    deleted_until: deletedAtMs === null ? null : toInstant(deletedAtMs + UNDO_MS),
  };
}

/** The environment's are shown as they are, and can't be changed here. */
export function toEnvironmentView(deps: ApiDeps, entry: ProviderEntry, index: number): CredentialView {
  const provider = deps.providers().find(({ id }) => id === entry.provider);
  const secretNames = provider?.fields.filter(({ secret }) => secret).map(({ name }) => name) ?? [];
  const has = (name: string): boolean => typeof entry[name] === 'string' && entry[name] !== '';
  return {
    id: `environment-${index + 1}`,
    source: 'environment',
    owner: null,
    provider: entry.provider,
    name: entry.name ?? entry.provider,
    enabled: entry.enabled,
    plan: entry.tier ?? provider?.defaultPlan ?? 'paid',
    editable: false,
    secrets: [...new Set(['apiKey', ...secretNames])].filter(has).map((field) => ({ field, ending: '' })),
    fingerprint: provider === undefined ? '' : toCredentialId(entry, provider),
    fields: {},
    base_url: null,
    sharing: 'all',
    priority: entry.priority,
    weight: entry.weight,
    account: null,
    allowed_models: entry.allowedModels ?? null,
    models: entry.models ?? [],
    pools: entry.pools ?? [],
    trains_on_prompts: entry.trainsOnPrompts ?? null,
    regions: entry.regions ?? null,
    retention_days: entry.retentionDays ?? null,
    expires_at: null,
    override_terms: null,
    held_back: null,
    locked: null,
    last_test: null,
    created_at: null,
    changed_at: null,
    deleted_until: null,
  };
}
