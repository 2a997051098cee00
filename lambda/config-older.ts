// Reads the provider variables of the proxy that Freeway replaces: LLAMDA_LLM_PROXY_PROVIDER_TYPE_<n>, P_T<n>, LP_TYPE_<n>, n = 0..99.
import type { Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import type { ConfigInput } from './config-input.ts';

/** The three spellings; each gives the variable of a field for number n. */
const generations: readonly Readonly<
  Record<'type' | 'key' | 'endpoint' | 'model' | 'rateLimit' | 'allowedModels' | 'priority', (n: number) => string>
>[] = [
  {
    type: (n) => `LLAMDA_LLM_PROXY_PROVIDER_TYPE_${n}`,
    key: (n) => `LLAMDA_LLM_PROXY_PROVIDER_KEY_${n}`,
    endpoint: (n) => `LLAMDA_LLM_PROXY_PROVIDER_ENDPOINT_${n}`,
    model: (n) => `LLAMDA_LLM_PROXY_PROVIDER_MODEL_${n}`,
    rateLimit: (n) => `LLAMDA_LLM_PROXY_PROVIDER_RATE_LIMIT_${n}`,
    allowedModels: (n) => `LLAMDA_LLM_PROXY_PROVIDER_ALLOWED_MODELS_${n}`,
    priority: (n) => `LLAMDA_LLM_PROXY_PROVIDER_PRIORITY_${n}`,
  },
  {
    type: (n) => `P_T${n}`,
    key: (n) => `P_K${n}`,
    endpoint: (n) => `P_E${n}`,
    model: (n) => `P_M${n}`,
    rateLimit: (n) => `P_RL${n}`,
    allowedModels: (n) => `P_AM${n}`,
    priority: (n) => `P_P${n}`,
  },
  {
    type: (n) => `LP_TYPE_${n}`,
    key: (n) => `LP_KEY_${n}`,
    endpoint: (n) => `LP_ENDPOINT_${n}`,
    model: (n) => `LP_MODEL_${n}`,
    rateLimit: (n) => `LP_RATE_LIMIT_${n}`,
    allowedModels: (n) => `LP_ALLOWED_MODELS_${n}`,
    priority: (n) => `LP_PRIORITY_${n}`,
  },
];

/** The provider an older type name means, by id or alias; `-free` said which plan the key is on. */
function toProvider(type: string, providers: readonly Provider[]): { id: string; tier: 'free' | undefined } {
  const free = type.endsWith('-free');
  const bare = free ? type.slice(0, -'-free'.length) : type;
  const known = providers.find(({ id, aliases }) => id === bare || aliases?.includes(bare));
  return { id: known?.id ?? bare, tier: free ? 'free' : undefined };
}

function readOlder(
  { env, providers }: ConfigInput,
  spelling: (typeof generations)[number],
  n: number,
): ProviderEntry | null {
  const type = env[spelling.type(n)]?.trim();
  if (!type) return null;
  const apiKey = env[spelling.key(n)]?.trim();
  if (!apiKey) return null;
  const { id, tier } = toProvider(type, providers);
  const endpoint = env[spelling.endpoint(n)]?.trim();
  // Left empty is left out, though Number takes it for 0, which would come before everybody.
  const priority = Number(env[spelling.priority(n)]?.trim() || 100);
  const tokensPerMinute = Number(env[spelling.rateLimit(n)] ?? Number.NaN);
  const named = [env[spelling.model(n)], ...(env[spelling.allowedModels(n)] ?? '').split(',')];
  const models = [...new Set(named.map((model) => model?.trim() ?? '').filter((model) => model !== ''))];
  return {
    provider: id,
    name: `${id}-${n}`,
    enabled: true,
    weight: 1,
    apiKey,
    priority: Number.isFinite(priority) && priority >= 0 ? priority : 100,
    ...(tier ? { tier } : {}),
    ...(endpoint ? { baseUrl: endpoint } : {}),
    ...(models.length > 0 ? { models: models.map((model) => ({ id: model })), allowedModels: models } : {}),
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
export function readOlderVariables(input: ConfigInput): ProviderEntry[] {
  const { providers } = input;
  const known = new Set(providers.filter(({ status }) => status === 'active').map(({ id }) => id));
  const custom = providers.find(
    ({ models, fields }) => models.length === 0 && fields.some(({ name }) => name === 'baseUrl'),
  );
  const entries: ProviderEntry[] = [];
  for (const spelling of generations) {
    for (let n = 0; n < 100; n++) {
      const entry = readOlder(input, spelling, n);
      if (entry === null) continue;
      const provider = known.has(entry.provider) ? entry.provider : custom?.id;
      if (provider === undefined) continue;
      if (provider !== custom?.id) entries.push({ ...entry, provider });
      // Whoever named no models meant all that are served there.
      else if (entry.baseUrl) entries.push({ ...entry, provider, ...(entry.models ? {} : { discover: true }) });
    }
  }
  return entries;
}
