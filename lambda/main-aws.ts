// What the entries on AWS have in common: the app over DynamoDB and secrets, opened anew when a secret has changed.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { providers } from '#catalog/index.ts';
import { logLevels } from '#shared/log-levels.ts';
import { systemClock } from './clock.ts';
import { ConfigError, readConfig, type Config, type Environment } from './config.ts';
import { mayHoldOlder } from './config-input.ts';
import { createFreeway, VERSION, type Platform } from './deps.ts';
import type { UpstreamOptions } from './http/relay.ts';
import type { Invoke } from './endpoints/invoke.ts';
import { createLazyWrapper, openKmsWrapper } from './main-keys.ts';
import { createLiveEnvironment } from './main-environment.ts';
import { toBucketRecordings } from './main-recordings.ts';
import type { Exchange, Handler, SecretValues, Store, Upstream } from './ports.ts';
import type { Log, Traces } from './ports-telemetry.ts';
import { createDynamoStore } from './store/dynamo.ts';
import { createSecretValues } from './store/secret-values.ts';
import { createEmfMetrics } from './telemetry/emf.ts';
import { createLog, toErrorFields } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

function openStore({ store }: Config): Store {
  if (store.kind === 'sqlite') {
    throw new ConfigError(
      'On Lambda FREEWAY_STORE must name a DynamoDB table ("dynamodb:<table>"): files of an instance are lost with it.',
    );
  }
  return createDynamoStore({ table: store.table });
}

/** The owner's key. Where people sign in with Google it may be missing; then nobody has it. */
function readOwnerKey({ ownerKey, google }: Config): string {
  if (ownerKey !== null) return ownerKey;
  if (google !== null) return randomBytes(32).toString('hex');
  throw new ConfigError(
    'Nothing says who may use this function. Set FREEWAY_OWNER_KEY (32 or more characters) or GOOGLE_CLIENT_ID with ALLOWED_EMAILS.',
  );
}

/** What the function answers: HTTP requests, and payloads without HTTP around them. */
interface App {
  readonly handler: Handler;
  readonly invoke: Invoke;
  /** Sets the gauges, before metrics are told. */
  readonly updateGauges: () => void;
  /** Writes what waits to be written. */
  readonly flush: () => Promise<void>;
}

export interface AwsOptions {
  readonly openUpstream: (options: Pick<UpstreamOptions, 'onFault' | 'http2'>) => Upstream;
  /** Nothing goes on once a request is answered: what waits to be written is written before. */
  readonly freezes: boolean;
  /** What reserves quota ahead, where it does not freeze. */
  readonly openSlices?: NonNullable<Platform['openSlices']>;
}

export interface AwsApp {
  readonly log: Log;
  /** Opens the app now rather than with the first request, which tells of a failure. */
  readonly warm: () => Promise<void>;
  readonly handler: Handler;
  readonly invoke: Invoke;
  /** Writes all that waits, when the instance is about to end. */
  readonly flush: () => Promise<void>;
}

/** What lives as long as the instance, whatever secrets say. */
interface Instance extends AwsOptions {
  readonly log: Log;
  readonly upstream: Upstream;
  readonly metrics: ReturnType<typeof createEmfMetrics>;
  readonly secrets: SecretValues;
  readonly openTable: (config: Config) => Store;
  readonly openTraces: (config: Config) => Promise<Traces | null>;
}

function createInstance(options: AwsOptions): Instance {
  const write = (line: string): void => void process.stdout.write(line);
  // What is wrong there is told with the configuration.
  const level = logLevels.find((known) => known === process.env['FREEWAY_LOG']) ?? 'info';
  const log = createLog({ level, write, now: systemClock.now });
  let store: Store | null = null;
  let traces: Promise<Traces> | null = null;
  return {
    ...options,
    log,
    upstream: options.openUpstream({
      onFault: (error) => log.error('upstream.fault', toErrorFields(error)),
      // Connections outlive a change of the secret: only the function's own variables are asked.
      http2: process.env['FREEWAY_HTTP2']?.trim().toLowerCase() !== 'off',
    }),
    metrics: createEmfMetrics(createMetrics(), {
      write,
      now: systemClock.now,
      functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? null,
    }),
    secrets: createSecretValues({ now: systemClock.now, log }),
    openTable: (config) => (store ??= openStore(config)),
    openTraces: async ({ traces: wanted }) => {
      if (wanted === null) return null;
      traces ??= import('./telemetry/trace.ts').then(({ createTraces }) =>
        createTraces({
          ...wanted,
          version: VERSION,
          now: systemClock.now,
          onFault: (error) => log.warn('traces.unsent', { error }),
        }),
      );
      return traces;
    },
  };
}

async function open(instance: Instance, env: Environment): Promise<App> {
  const { log, upstream, metrics, freezes, openSlices, secrets } = instance;
  const older = mayHoldOlder(env) ? (await import('./config-older.ts')).readOlderVariables({ env, providers }) : [];
  const config = readConfig({ env, providers, readText: (path) => readFileSync(path, 'utf8'), older });
  const ownerKey = readOwnerKey(config);
  const store = instance.openTable(config);
  const traces = await instance.openTraces(config);
  const freeway = await createFreeway({
    config,
    providers,
    store,
    upstream,
    clock: systemClock,
    log,
    metrics,
    traces,
    ownerKey,
    secure: true,
    freezes,
    ...(openSlices === undefined ? {} : { openSlices }),
    keyWrapper: createLazyWrapper(() => openKmsWrapper(config.kmsKeyId)),
    allowPrivate: false,
    recordings: config.uploads === null ? null : toBucketRecordings(config.uploads),
  });
  const lazyInvoke = async (): Promise<Invoke> => {
    const { openInvoke } = await import('./main-invoke.ts');
    const { appSyncTables } = config;
    const { now } = systemClock;
    return openInvoke({ freeway, providers, secrets, ownerKey, store, log, metrics, appSyncTables, now });
  };
  let invoke: Promise<Invoke> | null = null;
  return {
    handler: freeway.handler,
    invoke: async (payload, deadlineAtMs) => (await (invoke ??= lazyInvoke()))(payload, deadlineAtMs),
    updateGauges: freeway.updateGauges,
    flush: async () => {
      await Promise.all([freeway.flush(), traces?.flush()]);
    },
  };
}

/** Logs why the app could not be opened, and answers what callers are told. */
function tellFailedStart({ log }: Instance, error: unknown): string {
  log.error('start.failed', { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  return 'Freeway could not start. The log of the function says why.';
}

function refuse(exchange: Exchange, message: string): void {
  exchange
    .reply(503, { 'content-type': 'application/json', 'retry-after': '5' })
    .end(JSON.stringify({ error: { message, type: 'server_error', code: 'internal', param: null } }));
}

/** Answers the app in force. An app that works stays until the one with the new secret does; after a failure the next request tries again. */
function createLoader(instance: Instance): () => Promise<App> {
  // Copied, because each look into the live environment is slow, and a thousand names are looked for.
  const environment = createLiveEnvironment({ ...process.env }, instance.secrets);
  let opened: { readonly env: Environment; readonly app: App } | null = null;
  let opening: Promise<App> | null = null;
  let isRefused = false;
  const reopen = async (): Promise<App> => {
    const env = await environment.read();
    if (opened?.env === env) return opened.app;
    try {
      opened = { env, app: await open(instance, env) };
      if (isRefused) instance.log.info('config.accepted');
      isRefused = false;
    } catch (error) {
      if (opened === null) throw error;
      instance.log.error('config.refused', { error: error instanceof ConfigError ? error.message : String(error) });
      isRefused = true;
      opened = { env, app: opened.app };
    }
    return opened.app;
  };
  return () => (opening ??= reopen().finally(() => (opening = null)));
}

/** The app of one instance. */
export function createAwsApp(options: AwsOptions): AwsApp {
  const instance = createInstance(options);
  const { log, metrics, freezes } = instance;
  const load = createLoader(instance);
  const tellsMetrics = process.env['FREEWAY_METRICS'] === 'emf';
  const tellMetrics = (app: App, atMs?: number): void => {
    if (!tellsMetrics) return;
    app.updateGauges();
    metrics.flush(atMs);
  };
  const flush = async (app: App, atMs?: number): Promise<void> => {
    tellMetrics(app, atMs);
    await app.flush();
  };
  /** Alarms hold our counts against Lambda's, which are those of the moment at which an invocation began. */
  const after = async (app: App, startedAtMs: number): Promise<void> => {
    if (freezes) await flush(app, startedAtMs);
    else tellMetrics(app);
  };
  return {
    log,
    warm: () =>
      load().then(
        () => undefined,
        () => undefined,
      ),
    handler: async (exchange) => {
      const startedAtMs = systemClock.now();
      let app: App;
      try {
        app = await load();
      } catch (error) {
        return refuse(exchange, tellFailedStart(instance, error));
      }
      await app.handler(exchange);
      await after(app, startedAtMs);
    },
    invoke: async (payload, deadlineAtMs) => {
      const startedAtMs = systemClock.now();
      const app = await load().catch((error: unknown) => {
        throw Object.assign(new Error(tellFailedStart(instance, error)), { name: 'Internal' });
      });
      return app.invoke(payload, deadlineAtMs).finally(() => after(app, startedAtMs));
    },
    flush: async () => {
      const app = await load().catch(() => null);
      if (app !== null) await flush(app);
    },
  };
}
