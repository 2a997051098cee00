// The only reader of the environment: turns variables into one typed configuration, or says precisely what is wrong.
import * as z from 'zod/mini';
import { readAliases } from './config-aliases.ts';
import { readCredentialVariables } from './config-credentials.ts';
import { readProviderEntries } from './config-entries.ts';
import { readUploads, type UploadsConfig } from './config-uploads.ts';
import { ConfigError, readChoice, type ConfigInput, type Environment } from './config-input.ts';

export { ConfigError, type ConfigInput, type Environment } from './config-input.ts';
import type { ModelAlias } from './routing/aliases.ts';
import { paidPolicies, type PaidPolicy } from './routing/policy.ts';
import { logLevels, type LogLevel } from '#shared/log-levels.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { appSyncTablesSchema, type AppSyncTables } from '#shared/appsync-tables.ts';

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'dynamodb'; readonly table: string };

export interface Config {
  readonly host: string;
  readonly port: number;
  /** Folder of the embedded store and of generated keys. */
  readonly folder: string;
  readonly store: StoreConfig;
  /** Accepted as the owner's API key; null: one is generated into the folder. */
  readonly ownerKey: string | null;
  readonly google: {
    readonly clientId: string;
    readonly allowedEmails: readonly string[];
    readonly adminEmails: readonly string[];
    /** Where tests publish their certificates, and as whom they sign; null: Google itself. */
    readonly certsUrl: string | null;
    readonly issuer: string | null;
  } | null;
  /** How long the audit is kept, days. */
  readonly auditDays: number;
  /** The module whose order the strategy `custom` follows; null: there is none. */
  readonly strategyModule: string | null;
  readonly paid: PaidPolicy;
  readonly budgetUsdPerDay: number | null;
  readonly budgetUsdPerMonth: number | null;
  /** `auto`: simulated providers as long as there is no credential; `on`: always; `off`: never. */
  readonly demo: 'auto' | 'on' | 'off';
  /** Whether candidates that have failed are looked after by free checks. */
  readonly healthChecks: boolean;
  /** Whether HTTP/2 is spoken to providers that offer it. */
  readonly http2: boolean;
  /** The KMS key that wraps the keys of people's secrets; null: a file in the data folder does. */
  readonly kmsKeyId: string | null;
  /** Guards on prompts: names of packages or paths of files, in their order. */
  readonly guards: readonly string[];
  /** Base URL of Amazon SES in our region; null: no mail can be sent. */
  readonly mailEndpoint: string | null;
  /** How long the record of a request is kept, days. */
  readonly usageDays: number;
  /** Where traces go, with the collector's headers, and what they say of whom they come from; null: nothing is traced. */
  readonly traces: {
    readonly endpoint: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly resource: Readonly<Record<string, string>>;
  } | null;
  /** Tables of an AppSync app that hold named endpoints and agents for direct invokes; null when there are none. */
  readonly appSyncTables: AppSyncTables | null;
  /** Addresses of proxies before us, whose word about callers' addresses is taken. */
  readonly proxies: readonly string[];
  /** Origins whose pages may call the API from a browser; `*`: all. */
  readonly origins: readonly string[];
  /** Lines of lower levels are left out of the log. */
  readonly logLevel: LogLevel;
  /** Names of models that stand for others, before those of the catalog. */
  readonly modelAliases: readonly ModelAlias[];
  /** Where large recordings are uploaded; null: into the data folder, or nowhere. */
  readonly uploads: UploadsConfig | null;
  /** Environment credentials, in the order in which they were found. */
  readonly entries: readonly ProviderEntry[];
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** The first of these variables that says something: one that is left empty does not hide its older spelling. */
const readFirst = (env: Environment, names: readonly string[]): string | undefined =>
  names.map((name) => env[name]?.trim()).find((text) => text !== undefined && text !== '');

const port = z.lazy(() => z.coerce.number().check(z.int(), z.minimum(0), z.maximum(65_535)));
/** Records of requests are kept so long unless told otherwise. */
const USAGE_DAYS = 90;
const usd = z.lazy(() => z.coerce.number().check(z.nonnegative()));
const days = z.lazy(() => z.coerce.number().check(z.int(), z.minimum(1), z.maximum(36_500)));
/** What each of them is, in words. */
const meanings = new Map<z.ZodMiniType, string>([
  [port, 'a port number from 0 to 65535'],
  [usd, 'an amount in US dollars, 0 or more'],
  [days, 'a number of days, 1 or more'],
]);

function readNumber(env: Environment, name: string, schema: typeof port): number | null {
  const text = env[name];
  if (text === undefined || text.trim() === '') return null;
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${name} is "${text}", but must be ${meanings.get(schema)}.`);
}

function readStore(env: Environment, folder: string): StoreConfig {
  const text = env['FREEWAY_STORE']?.trim() || 'sqlite';
  if (text === 'sqlite') return { kind: 'sqlite', folder };
  const table = text.match(/^dynamodb:([A-Za-z0-9_.-]{3,255})$/)?.[1];
  if (table !== undefined) return { kind: 'dynamodb', table };
  throw new ConfigError(
    `FREEWAY_STORE is "${text}", but must be "sqlite" or "dynamodb:<table>", a name of 3 to 255 letters, digits, "_", "." and "-".`,
  );
}

/** The shortest key that nobody guesses. */
export const OWNER_KEY_LENGTH = 32;

function readOwnerKey(env: Environment): string | null {
  const key = env['FREEWAY_OWNER_KEY'];
  if (key === undefined || key === '') return null;
  if (key.length >= OWNER_KEY_LENGTH && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new ConfigError(
    `FREEWAY_OWNER_KEY must be at least ${OWNER_KEY_LENGTH} printable characters without spaces. Make one with: openssl rand -hex 32`,
  );
}

/** Whoever sets these decides who is let in, so they are for tests alone. */
function readTestOnly(env: Environment, name: 'GOOGLE_CERTS_URL' | 'GOOGLE_ISSUER'): string | null {
  const text = env[name]?.trim();
  if (!text) return null;
  if (env['NODE_ENV'] !== 'production') return text;
  throw new ConfigError(`${name} is for tests only and must not be set when NODE_ENV is "production". Remove it.`);
}

function readGoogle(env: Environment): Config['google'] {
  const certsUrl = readTestOnly(env, 'GOOGLE_CERTS_URL');
  const issuer = readTestOnly(env, 'GOOGLE_ISSUER');
  const clientId = readFirst(env, ['GOOGLE_CLIENT_ID', 'GGL_CID']);
  if (clientId === undefined) return null;
  return {
    clientId,
    allowedEmails: list(readFirst(env, ['ALLOWED_EMAILS', 'ALLOW_EM'])),
    adminEmails: list(env['ADMIN_EMAILS']),
    certsUrl,
    issuer,
  };
}

/** `name=value` pairs, percent-encoded, separated by commas, as OpenTelemetry writes them. */
function readPairs(env: Environment, name: string): Record<string, string> {
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw new ConfigError(`${name} must be percent-encoded: a "%" itself is written as "%25".`);
    }
  };
  const pairs = list(env[name]).map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new ConfigError(`${name} must be pairs such as name=value, separated by commas.`);
    return [pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim())] as const;
  });
  return Object.fromEntries(pairs);
}

/** The standard variables of OpenTelemetry. */
function readTraces(env: Environment): Config['traces'] {
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim();
  if (!endpoint) return null;
  if (!/^https?:\/\//.test(endpoint))
    throw new ConfigError(`OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL, such as http://127.0.0.1:4318.`);
  const name = env['OTEL_SERVICE_NAME']?.trim();
  return {
    endpoint,
    headers: readPairs(env, 'OTEL_EXPORTER_OTLP_HEADERS'),
    resource: {
      'service.name': 'freeway',
      ...readPairs(env, 'OTEL_RESOURCE_ATTRIBUTES'),
      ...(name ? { 'service.name': name } : {}),
    },
  };
}

function readProxies(env: Environment): string[] {
  const addresses = list(env['FREEWAY_PROXIES']);
  const wrong = addresses.find((address) => !/^[\da-f]*[.:][\da-f.:]+$/i.test(address));
  if (wrong === undefined) return addresses;
  throw new ConfigError(`FREEWAY_PROXIES names "${wrong}", but must hold IP addresses, such as 127.0.0.1,::1.`);
}

/** Scheme, host and port as browsers tell them; those of browser extensions and of apps with a browser in them have schemes of their own. */
const originForm = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,*]+$/;

function readOrigins(env: Environment): string[] {
  const origins = list(env['FREEWAY_ORIGINS']);
  const isUsual = (origin: string): boolean => !/^https?:/.test(origin) || URL.parse(origin)?.origin === origin;
  const wrong = origins.find((origin) => origin !== '*' && !(originForm.test(origin) && isUsual(origin)));
  if (wrong === undefined) return origins;
  throw new ConfigError(
    `FREEWAY_ORIGINS names "${wrong}", but must hold origins as browsers tell them, such as https://chat.example.com or http://localhost:3000 (lower case, no path), or "*" for every page.`,
  );
}

function readMailEndpoint(env: Environment): string | null {
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  const usual = region === undefined ? null : `https://email.${region}.amazonaws.com`;
  return env['AWS_ENDPOINT_URL_SESV2']?.trim().replace(/\/+$/, '') || usual;
}

function readAppSyncTables(env: Environment): AppSyncTables | null {
  const text = env['FREEWAY_APPSYNC_TABLES']?.trim();
  if (!text) return null;
  try {
    return appSyncTablesSchema.parse(JSON.parse(text));
  } catch {
    throw new ConfigError(
      'FREEWAY_APPSYNC_TABLES must be a JSON object such as {"EndpointConfiguration": "EndpointConfiguration-abc123-prod"}. ' +
        `Known names: ${Object.keys(appSyncTablesSchema._zod.innerType.shape).join(', ')}.`,
    );
  }
}

/** All credentials. What an entry says of a key goes before a variable that holds nothing but the same key. */
function readEntries(input: ConfigInput): ProviderEntry[] {
  const listed = readProviderEntries(input);
  const isListed = ({ provider, apiKey, baseUrl }: ProviderEntry): boolean =>
    apiKey !== undefined &&
    listed.some((one) => one.provider === provider && one.apiKey === apiKey && one.baseUrl === baseUrl);
  const single = [...readCredentialVariables(input), ...input.older];
  return [...single.filter((entry) => !isListed(entry)), ...listed];
}

/** Reads the whole configuration. Throws ConfigError at the first thing that is wrong. */
export function readConfig(input: ConfigInput): Config {
  const { env } = input;
  const folder = env['FREEWAY_DATA']?.trim() || './.freeway';
  return {
    // An IPv6 address is told without the brackets that it has in URLs.
    host: env['HOST']?.trim().replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: readNumber(env, 'PORT', port) ?? 8787,
    folder,
    store: readStore(env, folder),
    ownerKey: readOwnerKey(env),
    google: readGoogle(env),
    auditDays: readNumber(env, 'FREEWAY_AUDIT_DAYS', days) ?? 365,
    strategyModule: env['FREEWAY_STRATEGY']?.trim() || null,
    paid: readChoice(env, 'FREEWAY_PAID', paidPolicies) ?? 'fallback',
    budgetUsdPerDay: readNumber(env, 'FREEWAY_BUDGET_USD_PER_DAY', usd),
    budgetUsdPerMonth: readNumber(env, 'FREEWAY_BUDGET_USD_PER_MONTH', usd),
    demo: readChoice(env, 'FREEWAY_DEMO', ['auto', 'on', 'off'] as const) ?? 'auto',
    guards: list(env['FREEWAY_GUARDS']),
    mailEndpoint: readMailEndpoint(env),
    healthChecks: readChoice(env, 'FREEWAY_HEALTH_CHECKS', ['on', 'off'] as const) !== 'off',
    http2: readChoice(env, 'FREEWAY_HTTP2', ['on', 'off'] as const) !== 'off',
    kmsKeyId: env['FREEWAY_KMS_KEY_ID']?.trim() || null,
    usageDays: readNumber(env, 'FREEWAY_USAGE_DAYS', days) ?? USAGE_DAYS,
    traces: readTraces(env),
    appSyncTables: readAppSyncTables(env),
    proxies: readProxies(env),
    origins: readOrigins(env),
    logLevel: readChoice(env, 'FREEWAY_LOG', logLevels) ?? 'info',
    modelAliases: readAliases(env),
    uploads: readUploads(env),
    entries: readEntries(input),
  };
}
