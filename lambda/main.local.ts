// The one-machine entry: the app on node:http with the embedded store, until it is told to stop.
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { providers } from '#catalog/index.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import type { ItemKey } from '#shared/items.ts';
import { systemClock } from './clock.ts';
import { ConfigError, OWNER_KEY_LENGTH, readConfig, type Config, type Environment } from './config.ts';
import { readOlderVariables } from './config-older.ts';
import { createFreeway, VERSION, type Freeway, type Platform } from './deps.ts';
import { createKeyCheck } from './http/auth-headers.ts';
import { createLocalSignIn } from './http/auth-local.ts';
import { readFileLimit, toMostConnections } from './http/connections.ts';
import { isLoopback } from './http/loopback.ts';
import { createNodeServer, type NodeLimits } from './http/node.ts';
import { withProxies } from './http/forwarded.ts';
import { withSite, type Site } from './http/pages.ts';
import { countRunning } from './http/running.ts';
import { stopServer, type StopTimes } from './http/stop.ts';
import { createUpstream } from './http/upstream.ts';
import { createLazyWrapper, openKmsWrapper } from './main-keys.ts';
import { openOwn } from './main-plugins.ts';
import { toLocalRecordings } from './main-recordings.ts';
import { pluginProvider } from './plugins/provider.ts';
import type { Clock, KeyWrapper, Store } from './ports.ts';
import type { Log, Traces } from './ports-telemetry.ts';
import { makeOnce } from './store/new-file.ts';
import { createDiskSpool } from './store/spool.ts';
import { createSqliteStore } from './store/sqlite.ts';
import { createLog, toErrorFields } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { loadRetelling } from './gateway/retelling.ts';
import { createSlices } from './gateway/slices.ts';

export interface LocalOptions {
  readonly env: Environment;
  /** Credentials in force instead of the environment's, until people give real ones (the simulated providers of the demo). */
  readonly entries?: readonly ProviderEntry[];
  readonly writeLog: (line: string) => void;
  /** Other times for stopping than the usual ones. */
  readonly stop?: Partial<StopTimes>;
  /** Another clock than the system's: a faster one shortens every wait of the gateway. */
  readonly clock?: Clock;
  /** The folder of the built web app; absent: none is served. */
  readonly siteFolder?: string;
  /** How long idle connections are kept, of callers and to providers, where not as long as is usual. */
  readonly connections?: { readonly keepAliveMs?: number };
}

export interface LocalServer {
  readonly url: string;
  readonly config: Config;
  /** Where the owner's key lies; null when it came by FREEWAY_OWNER_KEY. */
  readonly ownerKeyPath: string | null;
  /** Signs the owner in, once; null where people sign in otherwise. */
  readonly signInUrl: string | null;
  readonly freeway: Freeway;
  /** Stops accepting, lets streams in flight finish for a while or end with an error, and closes the store. */
  readonly close: () => Promise<void>;
}

/** The largest upload that is taken in one request: what the largest provider takes. Longer recordings are jobs. */
const MAX_UPLOAD_BYTES = 2 * 1024 ** 3;
/** How long it may take to arrive: some 20 Mbit/s. Bodies of strangers are not kept. */
const UPLOAD_MS = 15 * 60_000;
/** How long streams in flight may go on after we were told to stop, and how long they then have to say so. */
const STOP = { graceMs: 20_000, farewellMs: 2_000 } as const;
/** What was left unfinished goes on so long after the start, which it must not slow down. */
const RESUME_AFTER_MS = 2_000;
/** And is looked for so much later again: another server that worked on it may have been killed. */
const RESUME_AGAIN_MS = 30_000;

/** Refuses an address that is none, and to be reachable from outside while everybody who reaches us would be the owner. */
function checkBinding({ host, google, ownerKey }: Config): void {
  if (host.includes('/'))
    throw new ConfigError(
      `HOST is "${host}", but must be an address or a name alone, such as 127.0.0.1; the port is said by PORT.`,
    );
  if (isLoopback(host) || google !== null || ownerKey !== null) return;
  throw new ConfigError(
    `HOST is "${host}", which other machines can reach, but nothing says who may use this server. ` +
      'Set FREEWAY_OWNER_KEY (32 or more characters) or GOOGLE_CLIENT_ID with ALLOWED_EMAILS, or leave HOST at 127.0.0.1.',
  );
}

/** Reads or makes a file of the data folder. Throws ConfigError where the folder can't be used. */
function readDataFile(folder: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new ConfigError(
      `The data folder "${resolve(folder)}" can't be used: ${reason}. Make room and let this user write there, or set FREEWAY_DATA to another folder.`,
    );
  }
}

/** The owner's key: from the environment, or from the data folder, where it is made on first start. */
function readOwnerKey({ ownerKey, folder }: Config): { key: string; path: string | null } {
  if (ownerKey !== null) return { key: ownerKey, path: null };
  const path = resolve(join(folder, 'owner-key'));
  const key = readDataFile(folder, () => {
    makeOnce(path, `fwy_${randomBytes(32).toString('base64url')}\n`);
    chmodSync(path, 0o600);
    return readFileSync(path, 'utf8').trim();
  });
  if (key.length >= OWNER_KEY_LENGTH) return { key, path };
  throw new ConfigError(
    `The file "${path}" holds no key of ${OWNER_KEY_LENGTH} or more characters. Delete it, and the next start makes one.`,
  );
}

/** Where only this machine reaches us and nobody signs in with Google, whoever reads what the start prints is the owner. */
const opensToLocal = ({ google, host }: Config): boolean => google === null && isLoopback(host);

function toKeyTest(key: string): (presented: string) => boolean {
  const check = createKeyCheck(key);
  return (presented) => check({ 'x-api-key': presented });
}

/** On an engine of one's own nobody but us makes the table. What stands in the way is told by the store, as for any other. */
async function makeTable(table: string, env: Environment): Promise<void> {
  if (!env['AWS_ENDPOINT_URL_DYNAMODB'] && !env['AWS_ENDPOINT_URL']) return;
  const { ensureOwnTable } = await import('./store/dynamo-table.ts');
  await ensureOwnTable(table, env).catch(() => undefined);
}

/** Opens the configured store. The DynamoDB client is loaded only when it is asked for. */
async function openStore({ store }: Config, env: Environment, log: Log): Promise<Store> {
  if (store.kind === 'sqlite') {
    const onDamaged = ({ pk, sk }: ItemKey): void => log.error('store.damaged', { what: `${pk} ${sk}` });
    return createSqliteStore({ path: join(store.folder, 'freeway.sqlite'), onDamaged });
  }
  await makeTable(store.table, env);
  const { createDynamoStore } = await import('./store/dynamo.ts');
  return createDynamoStore({ table: store.table });
}

const notOurs = (host: string): string =>
  `HOST is "${host}", which is no address of this machine. Set it to one that is, or to 0.0.0.0 for all of them.`;

/** What keeps a server from listening, in words. */
const listenFaults: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (_, port) => `Port ${port} is in use already: stop what uses it, or set PORT to another number.`,
  EACCES: (_, port) => `Port ${port} may not be used by this user: set PORT to a number above 1023.`,
  EADDRNOTAVAIL: notOurs,
  ENOTFOUND: notOurs,
  EAI_AGAIN: notOurs,
};

function listen(server: ReturnType<typeof createNodeServer>, { host, port }: Config): Promise<AddressInfo> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      fail(
        new ConfigError(
          listenFaults[error.code ?? '']?.(host, port) ?? `Can't listen on ${host}:${port}: ${error.message}.`,
        ),
      );
    });
    server.listen(port, host, () => done(server.address() as AddressInfo));
  });
}

/** The master key of people's secrets: in KMS, or in a file that is made when it is first needed. */
async function openWrapper({ kmsKeyId, folder }: Config): Promise<KeyWrapper> {
  if (kmsKeyId !== null) return openKmsWrapper(kmsKeyId);
  const { createKeyFileWrapper, readMasterKeys } = await import('./store/master-key.ts');
  const path = resolve(join(folder, 'master-key'));
  return createKeyFileWrapper(readMasterKeys(path), () => readMasterKeys(path));
}

/** The tracer is loaded only when traces are asked for. */
async function openTraces({ traces }: Config, { clock, log }: { clock: Clock; log: Log }): Promise<Traces | null> {
  if (traces === null) return null;
  const { createTraces } = await import('./telemetry/trace.ts');
  const onFault = (error: string): void => log.warn('traces.unsent', { error });
  return createTraces({ ...traces, version: VERSION, now: clock.now, onFault });
}

const configs = new WeakMap<Environment, Config>();

/** Reads the configuration of an environment, files included; once for each, since several ask. Throws ConfigError. */
export function readLocalConfig(env: Environment): Config {
  const before = configs.get(env);
  if (before) return before;
  const known = [...providers, pluginProvider];
  const older = readOlderVariables({ env, providers: known });
  const config = readConfig({ env, providers: known, readText: (path) => readFileSync(path, 'utf8'), older });
  configs.set(env, config);
  return config;
}

const openLog = ({ logLevel: level }: Config, write: (line: string) => void): Log =>
  createLog({ level, write, now: systemClock.now });

const toUrl = ({ host }: Config, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Where recordings lie: for jobs, and while a request uses them. */
const toPlaces = (config: Config, ownerKey: string): Pick<Platform, 'recordings' | 'spool'> => ({
  recordings: toLocalRecordings(config, ownerKey),
  spool: createDiskSpool(join(config.folder, 'spool'), MAX_UPLOAD_BYTES),
});

const toFaultLog =
  (log: Log) =>
  (error: unknown): void =>
    log.error('upstream.fault', toErrorFields(error));

const openSite = async (folder: string): Promise<Site> => (await import('./http/site.ts')).createSite(folder);

/** Loads what follows a failure while all is well: whoever fails over needs no file then, though too many are open or an update has replaced them. */
async function prepareForFailures(): Promise<void> {
  await Promise.all([
    import('./app-failure.ts'),
    import('./gateway/after-failure.ts'),
    import('./gateway/waiting.ts'),
    import('./gateway/refused-calls.ts'),
    loadRetelling(),
  ]);
}

/** Is ready for failures, and goes on with what was left unfinished, again and again, until the answered function is called. */
function keepResuming({ resume }: Freeway, { clock, log }: { clock: Clock; log: Log }): () => void {
  let stop = (): void => undefined;
  const next = (inMs: number): void => {
    stop = clock.after(inMs, () => {
      next(RESUME_AGAIN_MS);
      Promise.all([resume(), prepareForFailures()]).catch((error: unknown) =>
        log.error('resume.failed', toErrorFields(error)),
      );
    });
  };
  next(RESUME_AFTER_MS);
  return () => stop();
}

const toServerLimits = (log: Log): NodeLimits => ({
  requestMs: UPLOAD_MS,
  mostConnections: toMostConnections(readFileLimit()),
  onFull: (most) => log.warn('server.full', { what: `${most} connections` }),
});

/** Starts the server. Throws ConfigError when the configuration can't be used. */
export async function startLocal({
  env,
  entries,
  writeLog,
  stop,
  clock = systemClock,
  siteFolder,
  connections = {},
}: LocalOptions): Promise<LocalServer> {
  const config = readLocalConfig(env);
  checkBinding(config);
  const log = openLog(config, writeLog);
  const owner = readOwnerKey(config);
  const store = await openStore(config, env, log);
  const direct = createUpstream({ ...connections, http2: config.http2, onFault: toFaultLog(log) });
  const platform = {
    config: entries === undefined ? config : { ...config, entries: [] },
    standIn: entries ?? [],
    providers,
    ...(await openOwn(config, log, direct)),
    store,
    clock,
    log,
    metrics: createMetrics(),
    traces: await openTraces(config, { clock, log }),
    ownerKey: owner.key,
    ...toPlaces(config, owner.key),
    keyWrapper: createLazyWrapper(() => openWrapper(config)),
    allowPrivate: config.google === null && isLoopback(config.host),
  };
  const localSignIn = opensToLocal(config) ? createLocalSignIn(toKeyTest(owner.key)) : null;
  const freeway = await createFreeway({ ...platform, localSignIn, openSlices: createSlices });
  const interrupt = new AbortController();
  const app = siteFolder === undefined ? freeway.handler : withSite(() => openSite(siteFolder), freeway.handler);
  const { handler, settled } = countRunning(withProxies(config.proxies, app));
  const server = createNodeServer(handler, { ...connections, interrupt: interrupt.signal, ...toServerLimits(log) });
  const url = toUrl(config, (await listen(server, config)).port);
  const candidates = freeway.fleet().candidates.length;
  log.info('server.listening', { url, store: store.kind, version: VERSION, candidates });
  const stopResuming = keepResuming(freeway, { clock, log });
  return {
    url,
    config,
    ownerKeyPath: owner.path,
    signInUrl: localSignIn === null ? null : `${url}/#token=${localSignIn.token}`,
    freeway,
    close: async () => {
      stopResuming();
      const outcome = await stopServer(server, () => interrupt.abort(), { ...STOP, ...stop });
      log.info('server.stopped', { outcome });
      await Promise.all([settled(), freeway.stop()]);
      await freeway.flush();
      await platform.traces?.flush();
      await direct.close();
      await store.close();
    },
  };
}
