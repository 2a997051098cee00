// FREEWAY_PROVIDERS: further credentials as a JSON array, or `@path` to a file that holds one.
import type { Provider } from '#shared/catalog.ts';
import { isNeeded, providerEntrySchema, withWholeModels, type ProviderEntry } from '#shared/credentials.ts';
import { tellExpected } from '#shared/expectation.ts';
import { checkKey, ConfigError, type ConfigSource } from './config-input.ts';

type Json = Readonly<Record<string, unknown>>;

const NAME = 'FREEWAY_PROVIDERS';

function readJson(text: string, readText: (path: string) => string): unknown {
  let json = text;
  if (text.startsWith('@')) {
    const path = text.slice(1);
    try {
      json = readText(path);
    } catch (error) {
      throw new ConfigError(
        `${NAME} names the file "${path}", which can't be read: ${error instanceof Error ? error.message : 'unknown reason'}.`,
      );
    }
  }
  try {
    return JSON.parse(json);
  } catch {
    // The parser's own message would quote the text around the fault, which may be a key.
    throw new ConfigError(
      `${NAME} is not valid JSON. It must be an array of entries, or "@path" to a file that holds one.`,
    );
  }
}

const toPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );

/** Names an entry without showing anything of it but its provider and name. */
function toLabel(value: unknown, index: number): string {
  const { provider, name } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const words = [provider, name].filter((word): word is string => typeof word === 'string' && word.length <= 64);
  return words.length === 0 ? `entry ${index}` : `entry ${index} (${words.join(' ')})`;
}

/** An entry that names a package belongs to the provider that stands for packages; its options become part of the address. */
function fromPlugin(value: unknown, providers: readonly Provider[]): unknown {
  const { plugin, options = {}, ...rest } = (typeof value === 'object' && value !== null ? value : {}) as Json;
  const provider = providers.find(({ baseUrl }) => baseUrl.includes('{plugin}'));
  if (typeof plugin !== 'string' || provider === undefined) return value;
  return {
    ...rest,
    provider: provider.id,
    plugin: encodeURIComponent(plugin),
    options: Buffer.from(JSON.stringify(options)).toString('base64url'),
  };
}

/** Lists of models that have been read, by what they say. */
type Lists = Map<string, ProviderEntry['models']>;

/** Keys of one provider often bring the same models, hundreds of them together: they are read once. */
function parseEntry(value: unknown, index: number, lists: Lists): ProviderEntry {
  const { models, ...rest } = (typeof value === 'object' && value !== null ? value : {}) as Json;
  const list = models === undefined ? '' : JSON.stringify(models);
  const known = lists.get(list);
  const parsed = providerEntrySchema.safeParse(known === undefined ? value : rest);
  if (parsed.success) {
    if (known !== undefined) return { ...parsed.data, models: known };
    lists.set(list, parsed.data.models);
    return parsed.data;
  }
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? `field "${toPath(issue.path)}"` : 'it';
  throw new ConfigError(`${NAME}, ${toLabel(value, index)}: ${where} is wrong; expected ${tellExpected(issue)}.`);
}

/** Paths are put behind a base URL, and a name and password before its host are sent to nobody. Neither is shown: both may hold a key. */
function checkAddress(baseUrl: string | undefined, what: string): void {
  if (baseUrl === undefined) return;
  const { username, password, search, hash } = new URL(baseUrl);
  const more =
    search !== '' || hash !== '' ? 'a "?" or "#" and more behind its path' : 'a name or password before its host';
  if (`${username}${password}${search}${hash}` !== '')
    throw new ConfigError(
      `${what} has ${more}; expected a URL such as https://api.example.com/v1, and the key as "apiKey".`,
    );
}

/** Checks what the schema can't: that the provider exists and has all it needs. */
function checkEntry(entry: ProviderEntry, index: number, providers: readonly Provider[]): void {
  const label = toLabel(entry, index);
  const provider = providers.find(({ id }) => id === entry.provider);
  if (!provider) {
    throw new ConfigError(
      `${NAME}, ${label}: field "provider" names no provider of the catalog. Known: ${providers.map(({ id }) => id).join(', ')}.`,
    );
  }
  checkKey(entry.apiKey, `${NAME}, ${label}: field "apiKey"`);
  checkAddress(entry.baseUrl, `${NAME}, ${label}: field "baseUrl"`);
  if (provider.status === 'retired')
    throw new ConfigError(`${NAME}, ${label}: ${provider.retired?.message ?? 'this provider is retired'}`);
  for (const field of provider.fields) {
    const given = entry[field.name] ?? field.default;
    if (isNeeded(field, provider, entry.baseUrl) && (given === undefined || given === '')) {
      throw new ConfigError(
        `${NAME}, ${label}: field "${field.name}" (${field.label}) is missing; expected a non-empty string.`,
      );
    }
    if (given !== undefined && typeof given !== 'string') {
      throw new ConfigError(`${NAME}, ${label}: field "${field.name}" (${field.label}) must be a string.`);
    }
  }
  const isAsked = provider.discovery !== undefined || entry.discover === true;
  if (!isAsked && provider.models.length === 0 && (entry.models ?? []).length === 0) {
    throw new ConfigError(
      `${NAME}, ${label}: field "models" is missing; the catalog has no models for "${provider.id}", so list at least one, such as [{"id": "my-model"}], or set "discover" to true to take those it lists itself.`,
    );
  }
}

/** The entries as they are written. Throws ConfigError where they are no array. */
export function readRawEntries({ env, readText }: Pick<ConfigSource, 'env' | 'readText'>): unknown[] {
  const text = env[NAME]?.trim();
  if (!text) return [];
  const json = readJson(text, readText);
  if (Array.isArray(json)) return json;
  throw new ConfigError(`${NAME} must be a JSON array of entries, but is ${json === null ? 'null' : typeof json}.`);
}

/** All entries, checked. Throws ConfigError naming entry, field and what was expected; never prints a key. */
export function readProviderEntries(input: ConfigSource): ProviderEntry[] {
  const { providers } = input;
  const lists: Lists = new Map();
  return readRawEntries(input).map((value, index) => {
    const entry = parseEntry(withWholeModels(fromPlugin(value, providers)), index, lists);
    checkEntry(entry, index, providers);
    return entry;
  });
}
