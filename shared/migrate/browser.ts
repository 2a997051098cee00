// Settings that the older web app kept in a browser: every generation of localStorage and IndexedDB, as exported JSON.
import type { Provider } from '../catalog.ts';
import { joinMigrations, nothingFound, type FoundSetting, type Migration } from './found.ts';
import { toFoundCredential, type OlderProvider } from './provider-entry.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** The older app sometimes wrote the word for nothing. */
const toText = (value: unknown): string =>
  typeof value === 'string' && value !== 'undefined' && value !== 'null' ? value.trim() : '';
const toNumber = (value: unknown): number | null => {
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value ?? Number.NaN);
  return Number.isFinite(number) && number >= 0 ? number : null;
};
const toTexts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [])
    .map(toText)
    .filter((text) => text !== '');

function parseMaybe(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const providerKeys = new Set([
  'id',
  'type',
  'apiEndpoint',
  'apiKey',
  'modelName',
  'rateLimitTPM',
  'priority',
  'enabled',
  'allowedModels',
  'name',
  'label',
]);

function fromEntry(entry: Json, from: string, providers: readonly Provider[]): Migration {
  const older: OlderProvider = {
    type: toText(entry['type']),
    key: toText(entry['apiKey']),
    endpoint: toText(entry['apiEndpoint']),
    models: toTexts(entry['modelName']),
    allowedModels: toTexts(entry['allowedModels']),
    tokensPerMinute: toNumber(entry['rateLimitTPM']),
    requestsPerMinute: null,
    priority: toNumber(entry['priority']),
    enabled: entry['enabled'] !== false,
    name: toText(entry['name'] ?? entry['label']) || null,
  };
  const found = toFoundCredential(older, from, providers);
  const rest = Object.entries(entry).filter(([name]) => !providerKeys.has(name));
  const unknown = Object.fromEntries(rest.map(([name, value]) => [`${from}.${name}`, value]));
  if (found !== null) return { ...nothingFound(''), credentials: [found], unknown };
  const note = `${from}: the catalog knows no provider "${older.type}", and it has no address; it is kept, but serves nothing.`;
  return { ...nothingFound(''), unknown: { ...unknown, [from]: withoutSecrets(entry) }, notes: [note] };
}

/** What is kept for reference holds no key. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      /key|token|secret|password/i.test(name) && typeof inner === 'string' ? '' : withoutSecrets(inner),
    ]),
  );
}

const single = new Set([
  'provider',
  'llmApiKey',
  'apiEndpoint',
  'smallModel',
  'largeModel',
  'reasoningModel',
  'version',
  'providers',
]);
/** Settings of today that mean the same. */
const renamed: Readonly<Record<string, string>> = {
  language: 'preferences.language',
  theme: 'preferences.theme',
  defaultProvider: 'preferences.model',
};

/** Which model was chosen for what; all three have a place. */
const modelSettings = [
  ['smallModel', 'preferences.models.small'],
  ['largeModel', 'preferences.models.large'],
  ['reasoningModel', 'preferences.models.reasoning'],
] as const;

const choices = (settings: Json, from: string): FoundSetting[] =>
  modelSettings.flatMap(([name, to]) => {
    const value = toText(settings[name]);
    return value === '' ? [] : [{ from: `${from}.${name}`, to, value }];
  });

/** The one provider of the first generations. A key it shares with the list of later ones is not taken twice. */
function fromSingle(settings: Json, from: string, providers: readonly Provider[]): Migration {
  const type = toText(settings['provider']);
  const key = toText(settings['llmApiKey']);
  const models = modelSettings.map(([name]) => toText(settings[name])).filter((id) => id !== '');
  if (type === '' || (key === '' && models.length === 0)) return nothingFound('');
  const listed = Array.isArray(settings['providers']) ? settings['providers'].filter(isObject) : [];
  if (listed.some((entry) => toText(entry['apiKey']) === key)) return nothingFound('');
  const endpoint = toText(settings['apiEndpoint']);
  // The address of the older proxy itself was sometimes kept here: calls go to the provider now.
  const isProxy = /lambda-url\.[\w-]+\.on\.aws/.test(endpoint);
  const older: OlderProvider = {
    type, key, models, endpoint: isProxy ? '' : endpoint, allowedModels: [],
    tokensPerMinute: null, requestsPerMinute: null, priority: null, enabled: true, name: null,
  }; // prettier-ignore
  const found = toFoundCredential(older, `${from}.provider`, providers);
  return {
    ...nothingFound(''),
    credentials: found === null ? [] : [found],
    settings: choices(settings, from),
    unknown: isProxy ? { [`${from}.apiEndpoint`]: endpoint } : {},
    notes: key === '' ? [`${from}.provider: it has no key yet; its model choices are kept.`] : [],
  };
}

function fromSettings(settings: Json, from: string, providers: readonly Provider[]): Migration {
  const listed = Array.isArray(settings['providers']) ? settings['providers'].filter(isObject) : [];
  const kept: FoundSetting[] = [];
  const unknown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (single.has(name)) continue;
    const to = renamed[name];
    if (to !== undefined && toText(value) !== '') kept.push({ from: `${from}.${name}`, to, value: toText(value) });
    else unknown[`${from}.${name}`] = withoutSecrets(value);
  }
  const start = { ...nothingFound('settings of the older web app'), settings: kept, unknown };
  return listed
    .map((entry, index) => fromEntry(entry, `${from}.providers[${index}]`, providers))
    .reduce(joinMigrations, joinMigrations(start, fromSingle(settings, from, providers)));
}

/** Keys of the very first pages, each in an item of its own. */
const bare = /^(\w+)_api_key$/;

/** Reads an export of localStorage, or one record of the settings database. null: it is neither. */
export function migrateBrowser(json: unknown, providers: readonly Provider[]): Migration | null {
  if (!isObject(json)) return null;
  if (Array.isArray(json['providers']) || typeof json['llmApiKey'] === 'string')
    return fromSettings(json, 'settings', providers);
  let found: Migration | null = null;
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    const type = bare.exec(name)?.[1];
    const settings = /(?:^|:)(?:app_)?settings$/.test(name) ? parseMaybe(value) : null;
    if (isObject(settings)) found = joinMigrations(found ?? nothingFound(''), fromSettings(settings, name, providers));
    else if (type !== undefined && toText(value) !== '')
      found = joinMigrations(
        found ?? nothingFound('keys of the first older page'),
        fromEntry({ type, apiKey: value }, name, providers),
      );
    else rest[name] = /token|secret/i.test(name) ? '' : parseMaybe(value);
  }
  return found && { ...found, unknown: { ...found.unknown, ...rest } };
}
