// Exports of other gateways: LiteLLM's config.yaml, and lists of keys as free-tier routers write them.
import type { Provider } from '../catalog.ts';
import { joinMigrations, nothingFound, type Migration } from './found.ts';
import { findByType, toFoundCredential, type OlderProvider } from './provider-entry.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const toText = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
const toPositive = (value: unknown): number | null => (Number(value) > 0 ? Number(value) : null);

const blank: OlderProvider = {
  type: '', key: '', endpoint: '', models: [], allowedModels: [],
  tokensPerMinute: null, requestsPerMinute: null, priority: null, enabled: true, name: null,
}; // prettier-ignore

/** One entry of LiteLLM's model_list. Keys are often only named there: `os.environ/NAME`. */
function fromModel(entry: Json, index: number, providers: readonly Provider[]): Migration {
  const from = `model_list[${index}]`;
  const params = isObject(entry['litellm_params']) ? entry['litellm_params'] : {};
  const model = toText(params['model']);
  const slash = model.indexOf('/');
  // A bare model is served by whoever the catalog knows to serve it.
  const type =
    slash < 0
      ? (providers.find(({ models }) => models.some(({ id }) => id === model))?.id ?? '')
      : model.slice(0, slash);
  const id = slash < 0 ? model : model.slice(slash + 1);
  const key = toText(params['api_key']);
  const named = /^os\.environ\/(.+)$/.exec(key)?.[1];
  const older = {
    ...blank,
    type,
    key: named === undefined ? key : '',
    endpoint: toText(params['api_base']),
    models: [id],
    allowedModels: [id],
    tokensPerMinute: toPositive(params['tpm']),
    requestsPerMinute: toPositive(params['rpm']),
    name: toText(entry['model_name']) || null,
  };
  const found = toFoundCredential(older, from, providers);
  const notes = [
    ...(named === undefined
      ? []
      : [`${from}: its key is in the variable ${named}; set it here, or give the key by hand.`]),
    ...(found === null ? [`${from}: the catalog knows no provider "${type}", and it has no address.`] : []),
  ];
  // Without a key there is nothing to save; the note says where it is.
  const isWhole =
    found !== null &&
    (older.key !== '' || findByType(type, providers).provider?.defaultPlan === 'local' || older.endpoint !== '');
  return {
    ...nothingFound(''),
    credentials: isWhole ? [found] : [],
    notes,
    unknown: isWhole ? {} : { [from]: { ...entry, litellm_params: { ...params, api_key: '' } } },
  };
}

/** Reads LiteLLM's configuration. null: it is none. */
export function migrateLiteLlm(json: unknown, providers: readonly Provider[]): Migration | null {
  if (!isObject(json) || !Array.isArray(json['model_list'])) return null;
  const { model_list: list, ...rest } = json;
  const unknown = Object.fromEntries(
    Object.keys(rest).map((name) => [name, isObject(rest[name]) ? Object.keys(rest[name]) : rest[name]]),
  );
  const start = { ...nothingFound('LiteLLM configuration'), unknown };
  return (Array.isArray(list) ? list : [])
    .filter(isObject)
    .map((entry, index) => fromModel(entry, index, providers))
    .reduce(joinMigrations, start);
}

const first = (entry: Json, names: readonly string[]): string =>
  names.map((name) => toText(entry[name])).find((text) => text !== '') ?? '';

/** Reads a list of keys: objects that name a provider and a key in one of the usual ways. null: it is none. */
export function migrateKeyList(json: unknown, providers: readonly Provider[]): Migration | null {
  const list = Array.isArray(json)
    ? json
    : isObject(json)
      ? (json['keys'] ?? json['api_keys'] ?? json['apiKeys'] ?? json['connections'] ?? json['credentials'])
      : null;
  if (!Array.isArray(list)) return null;
  const found = list.filter(isObject).map((entry, index): Migration => {
    const from = `keys[${index}]`;
    const older = {
      ...blank,
      type: first(entry, ['provider', 'platform', 'type', 'service']).toLowerCase(),
      key: first(entry, ['key', 'apiKey', 'api_key', 'token', 'value']),
      endpoint: first(entry, ['baseUrl', 'base_url', 'endpoint', 'apiBase', 'url']),
      name: first(entry, ['label', 'name', 'alias']) || null,
      priority: toPositive(entry['priority']),
      enabled: entry['enabled'] !== false && entry['disabled'] !== true && entry['active'] !== false,
    };
    if (older.type === '' || older.key === '') return { ...nothingFound(''), unknown: { [from]: Object.keys(entry) } };
    const credential = toFoundCredential(older, from, providers);
    return credential === null
      ? {
          ...nothingFound(''),
          notes: [`${from}: the catalog knows no provider "${older.type}", and it has no address.`],
        }
      : { ...nothingFound(''), credentials: [credential] };
  });
  const all = found.reduce(joinMigrations, nothingFound('a list of keys'));
  return all.credentials.length === 0 ? null : all;
}
