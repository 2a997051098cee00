// The AWS Lambda entry: the same app behind a Function URL with response streaming, and DynamoDB as its store.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { providers } from '#catalog/index.ts';
import { systemClock } from './clock.ts';
import { ConfigError, readConfig, type Config, type Environment } from './config.ts';
import { createFreeway, VERSION } from './deps.ts';
import type { Invoke } from './endpoints/invoke.ts';
import { createLambdaHandler, type LambdaHandler, type StreamingRuntime } from './http/lambda.ts';
import { createSite, withSite } from './http/site.ts';
import { createHttpsUpstream } from './http/upstream-https.ts';
import { createLazyWrapper, openKmsWrapper } from './main-keys.ts';
import { createLiveEnvironment } from './main-environment.ts';
import type { Exchange, Handler, SecretValues, Store, Traces } from './ports.ts';
import { createEmfMetrics } from './telemetry/emf.ts';
import { createLog, toErrorFields } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

declare const awslambda: StreamingRuntime & { streamifyResponse(handler: LambdaHandler): LambdaHandler };

const log = createLog({
  level: process.env['FREEWAY_LOG'] === 'debug' ? 'debug' : 'info',
  write: (line) => process.stdout.write(line),
  now: systemClock.now,
});

async function openStore({ store }: Config): Promise<Store> {
  if (store.kind === 'sqlite') {
    throw new ConfigError(
      'On Lambda FREEWAY_STORE must name a DynamoDB table ("dynamodb:<table>"): files of an instance are lost with it.',
    );
  }
  const { createDynamoStore } = await import('./store/dynamo.ts');
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

async function openSecrets(): Promise<SecretValues> {
  const { createSecretValues } = await import('./store/secret-values.ts');
  return createSecretValues({
    now: systemClock.now,
    onStale: (error) => log.warn('secret.stale', { error: error.message }),
  });
}

// Copied, because each look into the live environment is slow, and a thousand names are looked for.
const environment = createLiveEnvironment({ ...process.env }, openSecrets);
const upstream = createHttpsUpstream({ onFault: (error) => log.error('upstream.fault', toErrorFields(error)) });
let traces: Promise<Traces> | null = null;
async function openTraces({ traces: wanted }: Config): Promise<Traces | null> {
  if (wanted === null) return null;
  traces ??= import('./telemetry/trace.ts').then(({ createTraces }) => createTraces({ ...wanted, version: VERSION }));
  return traces;
}

/** What must leave before the instance is frozen. */
async function flush(app: App): Promise<void> {
  if (tellsMetrics) emf.flush();
  await Promise.all([app.flush(), traces?.then((open) => open?.flush())]);
}

const emf = createEmfMetrics(createMetrics(), {
  write: (line) => process.stdout.write(line),
  now: systemClock.now,
});
const tellsMetrics = process.env['FREEWAY_METRICS'] === 'emf';
let store: Promise<Store> | null = null;

/** What the function answers: HTTP requests, and payloads without HTTP around them. */
interface App {
  readonly handler: Handler;
  readonly invoke: Invoke;
  /** Writes what waits to be written. */
  readonly flush: () => Promise<void>;
}

async function open(env: Environment): Promise<App> {
  const config = readConfig({ env, providers, readText: (path) => readFileSync(path, 'utf8') });
  const ownerKey = readOwnerKey(config);
  store ??= openStore(config).catch((error: unknown) => {
    store = null;
    throw error;
  });
  const table = await store;
  const freeway = await createFreeway({
    config,
    providers,
    store: table,
    upstream,
    clock: systemClock,
    log,
    metrics: emf,
    traces: await openTraces(config),
    ownerKey,
    secure: true,
    freezes: true,
    keyWrapper: createLazyWrapper(() => openKmsWrapper(config.kmsKeyId)),
    allowPrivate: false,
  });
  const lazyInvoke = async (): Promise<Invoke> => {
    const { openInvoke } = await import('./main-invoke.ts');
    return openInvoke({
      freeway,
      providers,
      openSecrets,
      ownerKey,
      store: table,
      log,
      appSyncTables: config.appSyncTables,
      now: systemClock.now,
    });
  };
  let invoke: Promise<Invoke> | null = null;
  return {
    handler: freeway.handler,
    invoke: async (payload, deadlineAtMs) => (await (invoke ??= lazyInvoke()))(payload, deadlineAtMs),
    flush: freeway.flush,
  };
}

let opened: { readonly env: Environment; readonly app: App } | null = null;
let opening: Promise<App> | null = null;

/** Opens the app, or opens it anew when the secret has changed. An app that works stays until the new one does. */
async function reopen(): Promise<App> {
  const env = await environment.read();
  if (opened?.env === env) return opened.app;
  try {
    opened = { env, app: await open(env) };
  } catch (error) {
    if (opened === null) throw error;
    log.error('config.refused', { error: error instanceof ConfigError ? error.message : String(error) });
    opened = { env, app: opened.app };
  }
  return opened.app;
}

/** The app in force; after a failure it is tried again at the next request. */
function load(): Promise<App> {
  opening ??= reopen().finally(() => (opening = null));
  return opening;
}

function refuse(exchange: Exchange, error: unknown): void {
  log.error('start.failed', { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  const message = 'Freeway could not start. The log of the function says why.';
  exchange
    .reply(503, { 'content-type': 'application/json', 'retry-after': '5' })
    .end(JSON.stringify({ error: { message, type: 'server_error', code: 'internal', param: null } }));
}

async function serve(exchange: Exchange): Promise<void> {
  let app: App;
  try {
    app = await load();
  } catch (error) {
    return refuse(exchange, error);
  }
  await app.handler(exchange);
  await flush(app);
}

/** The web app lies beside the bundle. */
const site = createSite(fileURLToPath(new URL('./ui', import.meta.url)));

// Opened while the instance starts, when it has its full processor; a failure is told by the first request.
await load().catch(() => undefined);

export const handler = awslambda.streamifyResponse(
  createLambdaHandler({
    handler: withSite(site, serve),
    invoke: async (payload, deadlineAtMs) => {
      const app = await load();
      return app.invoke(payload, deadlineAtMs).finally(() => flush(app));
    },
    runtime: awslambda,
    now: systemClock.now,
  }),
);
