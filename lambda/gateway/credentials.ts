// Turns configured entries into credentials: what routing may know of them, and how a call is addressed and authorised.
import { createHash } from 'node:crypto';
import type { Auth, Model, Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import type { Lock } from '#shared/locks.ts';
import type { Headers } from '../ports.ts';
import { createSigner, type Signer } from './authorize.ts';
import type { Plan, RoutableCredential } from '../routing/credential.ts';

/** What stands behind an entry whose secrets are sealed: they are opened by each call, and not kept. */
export interface Sealed {
  /** The credential's id, as `toCredentialId` made it when the secret was given. */
  readonly id: string;
  /** The secrets by the names of the provider's form fields. Throws when they can't be opened. */
  readonly open: () => Readonly<Record<string, string>>;
}

/** An entry of a fleet: configured in the clear, or kept with its secrets sealed. */
export type FleetEntry = ProviderEntry & {
  readonly sealed?: Sealed;
  /** Whoever gave it, by id; absent: the environment did. */
  readonly owner?: string;
  /** Why its secrets can't be opened; absent: they can. */
  readonly locked?: Lock;
  /** Calls may only reach public addresses. */
  readonly publicOnly?: boolean;
  /** Whether its key may stand for the identity of the machine; true unless told. */
  readonly mayBeMachine?: boolean;
};

/** A credential that can be used for calls. The secret stays inside `authorize`. */
export interface Credential extends RoutableCredential {
  /** Base URL with the credential's own fields filled in, without a trailing slash. */
  readonly baseUrl: string;
  /** Headers that authorise one call, in the provider's way or another; frozen where they are always the same. Throws when the secret can't be opened. */
  readonly authorize: (way?: Auth) => Headers;
  /** Authorises whole calls, where headers that are known beforehand can't; null everywhere else. */
  readonly sign: Signer | null;
  /** Calls may only reach public addresses. */
  readonly publicOnly: boolean;
}

const text = (entry: ProviderEntry, name: string): string | undefined => {
  const value = entry[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The address below which an entry is asked. `{field}` stands for one of its fields; a field's default stands in for a missing value. */
export function toBaseUrl(entry: ProviderEntry, provider: Provider): string {
  const valueOf = (name: string): string =>
    text(entry, name) ?? provider.fields.find((known) => known.name === name)?.default ?? '';
  const place = provider.places?.find(({ field, value }) => valueOf(field) === value);
  const template = entry.baseUrl ?? place?.baseUrl ?? provider.baseUrl;
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => valueOf(name));
  return filled.replace(/\/+$/, '');
}

/** Equal for equal keys at one provider, and useless for finding the key. */
export function toCredentialId(entry: ProviderEntry, provider: Provider): string {
  const baseUrl = toBaseUrl(entry, provider);
  const what = `freeway credential\n${entry.provider}\n${entry.apiKey ?? ''}\n${baseUrl}\n${entry.apiKey ? '' : (entry.name ?? '')}`;
  return createHash('sha256').update(what).digest('base64url').slice(0, 12);
}

/** Headers that every call to the provider needs, and those that carry the key. */
function toHeaders({ auth, quirks }: Pick<Provider, 'auth' | 'quirks'>, apiKey: string | undefined): Headers {
  const headers: Record<string, string> = {};
  for (const quirk of quirks) if (quirk.kind === 'requireHeader') headers[quirk.header.toLowerCase()] = quirk.value;
  if (apiKey !== undefined && auth.scheme === 'bearer') headers['authorization'] = `Bearer ${apiKey}`;
  if (apiKey !== undefined && auth.scheme === 'header')
    headers[auth.header.toLowerCase()] = `${auth.prefix ?? ''}${apiKey}`;
  return headers;
}

/** The headers by which the formats of an entry's models carry the key, too. */
function alsoBy({ models = [] }: FleetEntry, { auth }: Provider): readonly string[] {
  const also = auth.scheme === 'bearer' ? auth.also : undefined;
  return also === undefined ? [] : models.flatMap(({ wire }) => (wire === undefined ? [] : (also[wire] ?? [])));
}

function toAuthorize(entry: FleetEntry, provider: Provider): (way?: Auth) => Headers {
  const { apiKey, sealed } = entry;
  const { quirks } = provider;
  const also = alsoBy(entry, provider);
  const toOwn = (key: string | undefined): Headers => ({
    ...toHeaders(provider, key),
    ...(key === undefined ? {} : Object.fromEntries(also.map((header) => [header, key]))),
  });
  const toOther = (auth: Auth, key: string | undefined): Headers => toHeaders({ quirks, auth }, key);
  if (sealed !== undefined)
    return (way) => {
      const key = sealed.open()['apiKey'];
      return way === undefined ? toOwn(key) : toOther(way, key);
    };
  const fixed = Object.freeze(toOwn(apiKey));
  return (way) => (way === undefined ? fixed : toOther(way, apiKey));
}

/** Custom endpoints price themselves: nothing to pay means free. Everything else follows the provider's usual plan. */
function toPlan(entry: ProviderEntry, provider: Provider): Plan {
  if (entry.tier) return entry.tier;
  if (provider.models.length > 0 || provider.defaultPlan === 'local') return provider.defaultPlan;
  const priced = entry.models ?? [];
  return priced.length > 0 &&
    priced.every(({ price }) => price?.inputPerMillionUsd === 0 && price.outputPerMillionUsd === 0)
    ? 'free'
    : 'paid';
}

/** A person who says "this key is free" says so of the models listed with it. */
function toModels(entry: ProviderEntry, plan: Plan): Model[] {
  return (entry.models ?? []).map(
    (model) => ({ kind: 'chat', capabilities: [], ...(plan === 'free' ? { free: 'plan' } : {}), ...model }) as Model,
  );
}

/** The credential of one entry. The entry must have passed the configuration's checks. */
export function toCredential(entry: FleetEntry, provider: Provider): Credential {
  const { sealed, owner, locked, publicOnly = false, mayBeMachine = true } = entry;
  const baseUrl = toBaseUrl(entry, provider);
  const id = sealed?.id ?? toCredentialId(entry, provider);
  const plan = toPlan(entry, provider);
  const known = new Map(provider.models.map((model) => [model.id, model]));
  return {
    id,
    name: entry.name ?? provider.id,
    ...(sealed === undefined && { configured: true }),
    ...(owner !== undefined && { owner }),
    ...(locked !== undefined && { locked }),
    provider,
    plan,
    priority: entry.priority,
    weight: entry.weight,
    trainsOnPrompts: entry.trainsOnPrompts ?? null,
    ...(entry.regions === undefined ? {} : { regions: entry.regions }),
    ...(entry.retentionDays === undefined ? {} : { retentionDays: entry.retentionDays }),
    account: entry.account ?? null,
    models: toModels(entry, plan).map((model) => ({ ...known.get(model.id), ...model })),
    allowedModels: entry.allowedModels ?? [],
    pools: (entry.pools ?? []).map((pool) => ({ ...pool })),
    baseUrl,
    authorize: toAuthorize(entry, provider),
    sign: createSigner({
      provider,
      baseUrl,
      trust: { publicOnly, mayBeMachine },
      apiKey: entry.apiKey,
      open: sealed === undefined ? null : () => sealed.open()['apiKey'],
      toHeaders: (apiKey) => toHeaders(provider, apiKey),
    }),
    publicOnly,
  };
}
