// Opens the app over the one endpoint that a direct invoke brings with it: a provider made from its words, with a key from a secret.
import { createHash } from 'node:crypto';
import type { Auth, ModelKind, Provider } from '#shared/catalog.ts';
import { providerEntrySchema, type ProviderEntry } from '#shared/credentials.ts';
import { CallerError } from '#shared/failures.ts';
import type { AppSyncTables } from '#shared/appsync-tables.ts';
import type { InvokeSettings, ProviderConfig } from '#shared/invoke.ts';
import type { Freeway } from './deps.ts';
import { createInvoke, type Invoke, type InvokeDeps } from './endpoints/invoke.ts';
import type { Handler, SecretValues, Store } from './ports.ts';
import type { Log, Metrics } from './ports-telemetry.ts';
import { createInvokeSettings } from './store/invoke-settings.ts';
import { redact, toErrorFields } from './telemetry/log.ts';
import { invokeWires } from './wire/invoke/formats.ts';

export interface PinOptions {
  readonly freeway: Pick<Freeway, 'appOver'>;
  readonly providers: readonly Provider[];
  readonly secrets: SecretValues;
}

/** So many endpoints stay open for the next call. */
const MAX_OPEN = 50;

function toAuth({ auth_header_name: header, auth_header_prefix: prefix }: ProviderConfig): Auth {
  return { scheme: 'header', header, ...(prefix === '' ? {} : { prefix }) };
}

/** What the catalog knows of the provider stays; address, key and format are the caller's. */
function toProvider(config: ProviderConfig, known: Provider | undefined): Provider {
  const headers = Object.entries(config.custom_headers ?? {}).map(([header, value]) => ({
    kind: 'requireHeader' as const,
    header,
    value,
  }));
  return {
    name: config.provider_id,
    dialect: 'generic',
    terms: {
      commercial: 'unknown',
      serveOthers: 'unknown',
      trainsOnPrompts: 'unknown',
      hardStopsBeforePaid: 'unknown',
    },
    defaultPlan: 'paid',
    cardRequired: 'unknown',
    asOf: '',
    notes: [],
    sources: [],
    ...known,
    id: config.provider_id,
    status: 'active',
    wire: invokeWires[config.request_transformer],
    baseUrl: new URL(config.endpoint).origin,
    paths: {},
    auth: toAuth(config),
    fields: [],
    quirks: [...(known?.quirks ?? []), ...headers],
    models: [],
    retiredModels: [],
    pools: [],
  };
}

function toEntry(
  config: ProviderConfig,
  kind: ModelKind,
  { provider, known }: { provider: Provider; known: Provider | undefined },
): ProviderEntry {
  const { pathname, search } = new URL(config.endpoint);
  const model = known?.models.find(({ id }) => id === config.model_id);
  return providerEntrySchema.parse({
    provider: provider.id,
    name: config.provider_id,
    tier: known?.defaultPlan ?? 'paid',
    models: [
      {
        capabilities: ['tools', 'vision', 'json', 'reasoning'],
        ...model,
        id: config.model_id,
        kind,
        path: `${pathname}${search}`,
      },
    ],
  });
}

async function readKey(config: ProviderConfig, secrets: SecretValues): Promise<string> {
  const { secret_path: path, secret_key_name: name } = config;
  const values = await secrets.read(path).catch((error: unknown) => {
    throw new CallerError(
      'no_candidate',
      error instanceof Error ? error.message : `The secret "${path}" can't be read.`,
    );
  });
  const key = values[name];
  if (key !== undefined && key !== '') return key;
  throw new CallerError(
    'no_candidate',
    `The secret "${path}" has no key "${name}". Add it, or correct secret_key_name.`,
    {
      param: 'provider_config.secret_key_name',
    },
  );
}

/** Answers the app for a provider_config. Apps stay open as long as endpoint, kind of work and key are the same. */
export function createPin({ freeway, providers, secrets }: PinOptions): InvokeDeps['pin'] {
  const opened = new Map<string, Handler>();
  return async (config, kind) => {
    const apiKey = await readKey(config, secrets);
    const id = createHash('sha256')
      .update(JSON.stringify([config, kind, apiKey]))
      .digest('base64url');
    const known = opened.get(id);
    if (known !== undefined) return known;
    const inCatalog = providers.find((provider) => provider.id === config.provider_id);
    const provider = toProvider(config, inCatalog);
    const handler = await freeway.appOver(provider, {
      ...toEntry(config, kind, { provider, known: inCatalog }),
      apiKey,
    });
    const oldest = opened.keys().next();
    if (opened.size >= MAX_OPEN && oldest.done !== true) opened.delete(oldest.value);
    opened.set(id, handler);
    return handler;
  };
}

export interface InvokeOptions extends PinOptions {
  readonly freeway: Pick<Freeway, 'appOver' | 'handler'>;
  readonly ownerKey: string;
  readonly store: Store;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'count'>;
  readonly appSyncTables: AppSyncTables | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Settings of our own store and, where such tables are named, of an AppSync app. */
async function openSettings({ store, appSyncTables, log, now }: InvokeOptions): Promise<() => Promise<InvokeSettings>> {
  const own = createInvokeSettings(store, now);
  if (appSyncTables === null) return own.read;
  const { createAppSyncSettings } = await import('./store/appsync-tables.ts');
  const onRefused = (what: string): void => log.warn('invoke.setting_refused', { what });
  const others = createAppSyncSettings({ tables: appSyncTables, now, onRefused });
  return async () => {
    const [ours, theirs] = await Promise.all([own.read(), others()]);
    return {
      endpoints: [...ours.endpoints, ...theirs.endpoints],
      assignments: [...ours.assignments, ...theirs.assignments],
    };
  };
}

/** The runtime logs an error as it is, past our log: keys and people that a caller wrote in the wrong place are masked here. */
function toMasked(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = redact(error.message);
  // Where it was made tells nothing here, and its first line repeats the message.
  return Object.assign(error, { message, stack: `${error.name}: ${message}` });
}

/** Direct invoke over the app: loaded when the first payload comes. */
export async function openInvoke(options: InvokeOptions): Promise<Invoke> {
  const { freeway, ownerKey, log, metrics, now } = options;
  const settings = await openSettings(options);
  const invoke = createInvoke({
    handler: freeway.handler,
    ownerKey,
    pin: createPin(options),
    settings,
    now,
    onRefused: () => metrics.count('freeway_invoke_refusals_total'),
    onFault: (error) => log.error('invoke.fault', toErrorFields(error)),
  });
  return (payload, deadlineAtMs) =>
    invoke(payload, deadlineAtMs).catch((error: unknown) => {
      throw toMasked(error);
    });
}
