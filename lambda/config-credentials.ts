// Environment credentials by catalog id: GROQ_API_KEY, GROQ_API_KEY_2, GROQ_BASE_URL, GROQ_TIER and the well-known aliases.
import type { CredentialField, Provider } from '#shared/catalog.ts';
import { isNeeded, type ProviderEntry } from '#shared/credentials.ts';
import { checkKey, ConfigError, readChoice, type ConfigSource, type Environment } from './config-input.ts';

/** Keys of one provider are read with these endings; gaps are allowed. */
const SUFFIXES = ['', ...Array.from({ length: 98 }, (_, index) => `_${index + 2}`)];
const TIERS = ['free', 'paid', 'local'] as const;

/** What the variables of a provider begin with. */
export const toPrefix = (provider: Provider): string => provider.id.toUpperCase().replaceAll('-', '_');

function readFirst(env: Environment, names: readonly string[], suffix: string): string | undefined {
  for (const name of names) {
    const value = env[`${name}${suffix}`]?.trim();
    if (value) return value;
  }
  return undefined;
}

function readBaseUrl(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  if (!text) return undefined;
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text;
  throw new ConfigError(`${name} must be an http or https URL, such as https://api.example.com/v1.`);
}

const namesOf = (provider: Provider, field: CredentialField): string[] =>
  field.name === 'apiKey' ? [`${toPrefix(provider)}_API_KEY`, ...field.env] : field.env;

/** Whether only the address knows the models: the catalog lists none, and does not ask for them by itself. */
const listsItself = ({ models, discovery }: Provider): boolean => models.length === 0 && discovery === undefined;

/** One credential of a provider, or null when its variables are not set. A key alone is what counts as set. */
function readEntry(provider: Provider, suffix: string, env: Environment): ProviderEntry | null {
  const prefix = toPrefix(provider);
  const ownBaseUrl = readBaseUrl(env, `${prefix}_BASE_URL${suffix}`);
  const baseUrl = ownBaseUrl ?? readBaseUrl(env, `${prefix}_BASE_URL`);
  const keyField = provider.fields.find(({ name }) => name === 'apiKey');
  const key = keyField === undefined ? undefined : readFirst(env, namesOf(provider, keyField), suffix);
  // A provider that needs no key counts as set by its address.
  const keyless = keyField === undefined || !keyField.required;
  if (key === undefined && !(keyless && ownBaseUrl !== undefined)) return null;

  const values: Record<string, string> = {};
  for (const field of provider.fields) {
    const own = readFirst(env, namesOf(provider, field), suffix);
    const value = own ?? (field.secret ? undefined : readFirst(env, namesOf(provider, field), ''));
    if (value !== undefined) values[field.name] = value;
  }
  const missing = provider.fields.find(
    (field) => isNeeded(field, provider, baseUrl) && values[field.name] === undefined && field.default === undefined,
  );
  if (missing) {
    const names = namesOf(provider, missing).join(' or ');
    throw new ConfigError(
      `${prefix}_API_KEY${suffix} is set, but ${provider.name} also needs ${missing.label}: set ${names || `"${missing.name}" in FREEWAY_PROVIDERS`}.`,
    );
  }
  checkKey(values['apiKey'], `${prefix}_API_KEY${suffix}`);
  const tier = readChoice(env, `${prefix}_TIER${suffix}`, TIERS) ?? readChoice(env, `${prefix}_TIER`, TIERS);
  return {
    provider: provider.id,
    name: `${provider.id}${suffix.replace('_', '-')}`,
    enabled: true,
    priority: 100,
    weight: 1,
    ...values,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(listsItself(provider) ? { discover: true } : {}),
    ...(tier === null ? {} : { tier }),
  };
}

/** Whether variables alone can make a credential that has models. */
function isUsable(provider: Provider): boolean {
  const { status, models, wire, fields } = provider;
  const canBeGiven = (field: CredentialField): boolean => !field.required || namesOf(provider, field).length > 0;
  return status === 'active' && (models.length > 0 || wire !== 'native') && fields.every(canBeGiven);
}

/** All credentials that single variables give. Providers without models in the catalog (custom endpoints) are asked for those they serve. */
export function readCredentialVariables({ env, providers }: ConfigSource): ProviderEntry[] {
  const usable = providers.filter(isUsable);
  const ends = new Set(Object.keys(env).map((name) => name.match(/_\d+$/)?.[0] ?? ''));
  const suffixes = SUFFIXES.filter((suffix) => suffix === '' || ends.has(suffix));
  return usable.flatMap((provider) =>
    suffixes.map((suffix) => readEntry(provider, suffix, env)).filter((entry) => entry !== null),
  );
}
