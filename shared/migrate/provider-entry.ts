// One provider of older settings, by its type's name then, as a credential of today.
import type { Provider } from '../catalog.ts';
import type { FoundCredential } from './found.ts';

/** What older settings say of a provider; empty texts are as good as none. */
export interface OlderProvider {
  readonly type: string;
  readonly key: string;
  readonly endpoint: string;
  readonly models: readonly string[];
  readonly allowedModels: readonly string[];
  readonly tokensPerMinute: number | null;
  readonly requestsPerMinute: number | null;
  readonly priority: number | null;
  readonly enabled: boolean;
  readonly name: string | null;
}

/** Whether an endpoint is just the provider's own address, in one of the ways it was written. */
function isOwnAddress(endpoint: string, { baseUrl }: Provider): boolean {
  const host = (url: string): string => /^https?:\/\/([^/:]+)/i.exec(url)?.[1]?.toLowerCase() ?? url;
  return host(endpoint) === host(baseUrl);
}

/** The provider a type name means, by id or alias; `-free` said which plan the key is on. */
export function findByType(
  type: string,
  providers: readonly Provider[],
): { provider: Provider | undefined; isFree: boolean } {
  const isFree = type.endsWith('-free');
  const bare = (isFree ? type.slice(0, -'-free'.length) : type).toLowerCase();
  return { provider: providers.find(({ id, aliases }) => id === bare || aliases?.includes(bare)), isFree };
}

const minute = { kind: 'rolling' as const, seconds: 60 };

function toPools({ tokensPerMinute, requestsPerMinute }: OlderProvider) {
  const pool = (unit: 'tokens' | 'requests', max: number) => ({
    models: ['*'],
    scope: 'credential' as const,
    unit,
    max,
    clock: minute,
  });
  return [
    ...(tokensPerMinute === null ? [] : [pool('tokens', tokensPerMinute)]),
    ...(requestsPerMinute === null ? [] : [pool('requests', requestsPerMinute)]),
  ];
}

/** The credential; types that the catalog does not know become custom endpoints when they have an address. null: nothing can be made of it. */
export function toFoundCredential(
  older: OlderProvider,
  from: string,
  providers: readonly Provider[],
): FoundCredential | null {
  const { provider: known, isFree } = findByType(older.type, providers);
  const custom = providers.find(
    ({ models, fields }) => models.length === 0 && fields.some(({ name }) => name === 'baseUrl'),
  );
  const isActive = known !== undefined && known.status === 'active';
  const provider = isActive ? known : older.endpoint === '' ? undefined : custom;
  if (provider === undefined) return null;
  const isOwn = isActive && (older.endpoint === '' || isOwnAddress(older.endpoint, provider));
  const known_ = new Set(provider.models.map(({ id }) => id));
  const further = [...new Set([...older.models, ...older.allowedModels])]
    .filter((id) => !known_.has(id))
    .map((id) => ({ id }));
  const pools = toPools(older);
  return {
    from,
    input: {
      provider: provider.id,
      name: older.name ?? (isActive ? provider.name : older.type),
      fields: older.key === '' ? {} : { apiKey: older.key },
      ...(isOwn ? {} : { base_url: older.endpoint }),
      ...(isFree ? { plan: 'free' as const } : {}),
      ...(older.priority === null ? {} : { priority: older.priority }),
      ...(older.enabled ? {} : { enabled: false }),
      ...(older.allowedModels.length === 0 ? {} : { allowed_models: [...older.allowedModels] }),
      ...(further.length === 0 ? {} : { models: further }),
      ...(pools.length === 0 ? {} : { pools }),
    },
  };
}
