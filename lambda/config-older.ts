// Reads the provider variables of the proxy that Freeway replaces: LLAMDA_LLM_PROXY_PROVIDER_TYPE_<n>, P_T<n>, LP_TYPE_<n>, n = 0..99.
import type { Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import type { ConfigSource } from './config-input.ts';

/** Gives the variable of each field for number n. */
export type Spelling = Readonly<
  Record<
    'type' | 'key' | 'endpoint' | 'model' | 'rateLimit' | 'allowedModels' | 'priority' | 'quality' | 'capabilities',
    (n: number) => string
  >
>;

/** Numbers go from 0 to this, with gaps. */
export const LAST_NUMBER = 99;

/** The three spellings there have been. */
export const spellings: readonly Spelling[] = [
  {
    type: (n) => `LLAMDA_LLM_PROXY_PROVIDER_TYPE_${n}`,
    key: (n) => `LLAMDA_LLM_PROXY_PROVIDER_KEY_${n}`,
    endpoint: (n) => `LLAMDA_LLM_PROXY_PROVIDER_ENDPOINT_${n}`,
    model: (n) => `LLAMDA_LLM_PROXY_PROVIDER_MODEL_${n}`,
    rateLimit: (n) => `LLAMDA_LLM_PROXY_PROVIDER_RATE_LIMIT_${n}`,
    allowedModels: (n) => `LLAMDA_LLM_PROXY_PROVIDER_ALLOWED_MODELS_${n}`,
    priority: (n) => `LLAMDA_LLM_PROXY_PROVIDER_PRIORITY_${n}`,
    quality: (n) => `LLAMDA_LLM_PROXY_PROVIDER_IMAGE_MAX_QUALITY_${n}`,
    capabilities: (n) => `LLAMDA_LLM_PROXY_PROVIDER_CAPABILITIES_${n}`,
  },
  {
    type: (n) => `P_T${n}`,
    key: (n) => `P_K${n}`,
    endpoint: (n) => `P_E${n}`,
    model: (n) => `P_M${n}`,
    rateLimit: (n) => `P_RL${n}`,
    allowedModels: (n) => `P_AM${n}`,
    priority: (n) => `P_P${n}`,
    quality: (n) => `P_IQ${n}`,
    capabilities: (n) => `P_C${n}`,
  },
  {
    type: (n) => `LP_TYPE_${n}`,
    key: (n) => `LP_KEY_${n}`,
    endpoint: (n) => `LP_ENDPOINT_${n}`,
    model: (n) => `LP_MODEL_${n}`,
    rateLimit: (n) => `LP_RATE_LIMIT_${n}`,
    allowedModels: (n) => `LP_ALLOWED_MODELS_${n}`,
    priority: (n) => `LP_PRIORITY_${n}`,
    quality: (n) => `LP_IMAGE_MAX_QUALITY_${n}`,
    capabilities: (n) => `LP_CAPABILITIES_${n}`,
  },
];

/** What stands for endpoints that the catalog does not know. */
const findCustom = (providers: readonly Provider[]): Provider | undefined =>
  providers.find(({ models, fields }) => models.length === 0 && fields.some(({ name }) => name === 'baseUrl'));

/** The provider an older type name means, by id or alias; `-free` said which plan the key is on. */
function toProvider(type: string, providers: readonly Provider[]): { id: string; tier: 'free' | undefined } {
  const free = type.endsWith('-free');
  const bare = free ? type.slice(0, -'-free'.length) : type;
  const known = providers.find(({ id, aliases }) => id === bare || aliases?.includes(bare));
  return { id: known?.id ?? bare, tier: free ? 'free' : undefined };
}

/** Whether a key is needed to call the provider; addresses of one's own may need none. */
const needsKey = ({ fields }: Provider): boolean => fields.some(({ name, required }) => name === 'apiKey' && required);

/** The provider that older settings mean, known or for custom endpoints; null when they lack its key or its address. */
export function findOlderProvider(
  { env, providers }: Pick<ConfigSource, 'env' | 'providers'>,
  { type, key, endpoint }: Spelling,
  n: number,
): Provider | null {
  const { id } = toProvider(env[type(n)]?.trim() ?? '', providers);
  const custom = findCustom(providers);
  const provider = providers.find((one) => one.id === id && one.status === 'active') ?? custom;
  if (provider === undefined) return null;
  const hasKey = Boolean(env[key(n)]?.trim());
  const hasAddress = Boolean(env[endpoint(n)]?.trim());
  if (provider === custom) return hasAddress ? provider : null;
  return hasKey || (hasAddress && !needsKey(provider)) ? provider : null;
}

type OlderInput = Pick<ConfigSource, 'env' | 'providers'>;

function readOlder(input: OlderInput, spelling: Spelling, n: number): ProviderEntry | null {
  const { env, providers } = input;
  const type = env[spelling.type(n)]?.trim();
  if (!type) return null;
  const provider = findOlderProvider(input, spelling, n);
  if (provider === null) return null;
  const { id, tier } = toProvider(type, providers);
  const apiKey = env[spelling.key(n)]?.trim();
  const endpoint = env[spelling.endpoint(n)]?.trim();
  // Left empty is left out, though Number takes it for 0, which would come before everybody.
  const priority = Number(env[spelling.priority(n)]?.trim() || 100);
  const tokensPerMinute = Number(env[spelling.rateLimit(n)] ?? Number.NaN);
  const named = [env[spelling.model(n)], ...(env[spelling.allowedModels(n)] ?? '').split(',')];
  const models = [...new Set(named.map((model) => model?.trim() ?? '').filter((model) => model !== ''))];
  return {
    provider: provider.id,
    name: `${id}-${n}`,
    enabled: true,
    weight: 1,
    ...(apiKey ? { apiKey } : {}),
    priority: Number.isFinite(priority) && priority >= 0 ? priority : 100,
    ...(tier ? { tier } : {}),
    ...(endpoint ? { baseUrl: endpoint } : {}),
    ...(models.length > 0 ? { models: models.map((model) => ({ id: model })), allowedModels: models } : {}),
    // Whoever named no models of an endpoint of their own meant all that are served there.
    ...(models.length === 0 && provider === findCustom(providers) ? { discover: true } : {}),
    ...(tokensPerMinute > 0
      ? {
          pools: [
            {
              models: ['*'],
              scope: 'credential' as const,
              unit: 'tokens' as const,
              max: tokensPerMinute,
              clock: { kind: 'rolling' as const, seconds: 60 },
            },
          ],
        }
      : {}),
  };
}

/** Credentials in any older spelling. Types the catalog does not know are custom endpoints when they have an address, else left out. */
export const readOlderVariables = (input: OlderInput): ProviderEntry[] =>
  spellings.flatMap((spelling) =>
    Array.from({ length: LAST_NUMBER + 1 }, (_, n) => readOlder(input, spelling, n)).filter((entry) => entry !== null),
  );
