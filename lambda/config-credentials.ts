// Environment credentials by catalog id: GROQ_API_KEY, GROQ_API_KEY_2, GROQ_BASE_URL, GROQ_TIER and the well-known aliases.
import type { CredentialField, Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { ConfigError, type ConfigInput, type Environment } from './config-input.ts';

/** Keys of one provider are read with these endings; gaps are allowed. */
const SUFFIXES = ['', ...Array.from({ length: 98 }, (_, index) => `_${index + 2}`)];
const TIERS = ['free', 'paid', 'local'] as const;

const toPrefix = (provider: Provider): string => provider.id.toUpperCase().replaceAll('-', '_');

function readFirst(env: Environment, names: readonly string[], suffix: string): string | undefined {
  for (const name of names) {
    const value = env[`${name}${suffix}`]?.trim();
    if (value) return value;
  }
  return undefined;
}

function readTier(env: Environment, name: string): ProviderEntry['tier'] {
  const text = env[name]?.trim().toLowerCase();
  if (!text) return undefined;
  const tier = TIERS.find((known) => known === text);
  if (tier === undefined) throw new ConfigError(`${name} is "${text}", but must be "free" or "paid".`);
  return tier;
}

const namesOf = (provider: Provider, field: CredentialField): string[] =>
  field.name === 'apiKey' ? [`${toPrefix(provider)}_API_KEY`, ...field.env] : field.env;

/** One credential of a provider, or null when its variables are not set. A key alone is what counts as set. */
function readEntry(provider: Provider, suffix: string, env: Environment): ProviderEntry | null {
  const prefix = toPrefix(provider);
  const baseUrl = readFirst(env, [`${prefix}_BASE_URL`], suffix) ?? readFirst(env, [`${prefix}_BASE_URL`], '');
  const keyField = provider.fields.find(({ name }) => name === 'apiKey');
  const key = keyField === undefined ? undefined : readFirst(env, namesOf(provider, keyField), suffix);
  // A provider that needs no key counts as set by its address.
  const keyless = keyField === undefined || !keyField.required;
  if (key === undefined && !(keyless && suffix === '' && baseUrl !== undefined)) return null;

  const values: Record<string, string> = {};
  for (const field of provider.fields) {
    const own = readFirst(env, namesOf(provider, field), suffix);
    const value = own ?? (field.secret ? undefined : readFirst(env, namesOf(provider, field), ''));
    if (value !== undefined) values[field.name] = value;
  }
  const missing = provider.fields.find(
    (field) =>
      field.required && values[field.name] === undefined && field.default === undefined && field.name !== 'baseUrl',
  );
  if (missing) {
    const names = namesOf(provider, missing).join(' or ');
    throw new ConfigError(
      `${prefix}_API_KEY${suffix} is set, but ${provider.name} also needs ${missing.label}: set ${names || `"${missing.name}" in FREEWAY_PROVIDERS`}.`,
    );
  }
  const tier = readTier(env, `${prefix}_TIER${suffix}`) ?? readTier(env, `${prefix}_TIER`);
  return {
    provider: provider.id,
    name: `${provider.id}${suffix.replace('_', '-')}`,
    enabled: true,
    priority: 100,
    weight: 1,
    ...values,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(tier === undefined ? {} : { tier }),
  };
}

/** All credentials that single variables give. Providers without models of their own (custom endpoints) need FREEWAY_PROVIDERS. */
export function readCredentialVariables({ env, providers }: ConfigInput): ProviderEntry[] {
  const usable = providers.filter(({ status, models }) => status === 'active' && models.length > 0);
  const ends = new Set(Object.keys(env).map((name) => name.match(/_\d+$/)?.[0] ?? ''));
  const suffixes = SUFFIXES.filter((suffix) => suffix === '' || ends.has(suffix));
  return usable.flatMap((provider) =>
    suffixes.map((suffix) => readEntry(provider, suffix, env)).filter((entry) => entry !== null),
  );
}
