// Serves on this machine, with simulated providers when there is no key yet: what `npm start` and `npm run demo` run, packed or from its sources.
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { providers } from '#catalog/index.ts';
import { ConfigError, type Environment } from '#lambda/config.ts';
import { createLog, toErrorFields } from '#lambda/telemetry/log.ts';
import { readLocalConfig, startLocal, type LocalServer } from '#lambda/main.local.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createLineWriter } from './line-writer.ts';
import { createLook, openEnvironment } from './live-environment.ts';
import { isUiStale, uiDist } from './ui/folders.ts';

interface Demo {
  readonly entries: readonly ProviderEntry[];
  /** How many credentials of the environment they stand before. */
  readonly hidden: number;
  readonly close: () => Promise<void>;
}

/** The first answers go before the look at the web app. */
const UI_AFTER_MS = 50;
/** How long after its beginning a start is over. */
const TUNE_AFTER_MS = 1_000;
const wantsDemo = process.argv.includes('--demo');

/** Settings are variables. Throws ConfigError, so that nobody takes what was passed over for what holds. */
function checkArguments(): void {
  const wrong = process.argv.slice(2).find((argument) => argument !== '--demo');
  if (wrong !== undefined)
    throw new ConfigError(
      `"${wrong}" is no option of a start. Settings are variables, such as in: PORT=8080 npm start. docs/configuration.md lists them.`,
    );
}

async function openDemo(env: Environment): Promise<Demo | null> {
  const { demo, entries } = readLocalConfig(env);
  const needed = wantsDemo || demo === 'on' || (demo === 'auto' && entries.length === 0);
  if (!needed) return null;
  const { startDemoProviders } = await import('../tests/fakes/demo/providers.ts');
  return { ...(await startDemoProviders()), hidden: entries.length };
}

/** Builds the web app when it is missing or older than its sources. The API serves meanwhile, and also when that fails. */
async function prepareUi(): Promise<void> {
  // To look through hundreds of files holds up whoever asks first.
  await sleep(UI_AFTER_MS);
  if (!isUiStale()) return;
  console.log('Building the web app, which takes a few seconds ...');
  const { ensureUiApart } = await import('./ui/apart.ts');
  try {
    await ensureUiApart();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`The web app could not be built; what was built before, if anything, is served. ${reason}`);
  }
}

/** How real providers come to answer. */
const toWayOut = ({ hidden }: Demo): string =>
  hidden === 0
    ? 'To use real ones, add a provider key in the web app (Providers), or start with one in the environment (for example GROQ_API_KEY).'
    : `npm run demo or FREEWAY_DEMO=on asked for them, so ${hidden === 1 ? 'the credential' : `the ${hidden} credentials`} of the environment will not be used. To use real ones, start without it, or add a key in the web app (Providers).`;

/** What stands for all addresses of the machine is none that a browser elsewhere could open. */
const everyAddress = /^http:\/\/(?:0\.0\.0\.0|\[::\]):/;

/** Where others on the network find it. Addresses that hold for one link alone are left out: nobody can type them without the name of their link. */
function toOthers(url: string): readonly string[] {
  if (!everyAddress.test(url)) return [];
  const family = url.includes('[::]') ? ['IPv4', 'IPv6'] : ['IPv4'];
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family: its, scopeid }) => !internal && family.includes(its) && !scopeid)
    .map(({ address, family: its }) =>
      url.replace(everyAddress, `http://${its === 'IPv6' ? `[${address}]` : address}:`),
    );
}

/** Who answers: what the environment names, what people have saved, or simulated providers as long as there is neither. */
function tellProviders(
  { url, freeway }: Pick<LocalServer, 'url' | 'freeway'>,
  demo: Demo | null,
  saved: number,
): string {
  const { length } = freeway.fleet().candidates;
  if (saved > 0 && (demo !== null || length === 0))
    return `${saved === 1 ? '1 saved credential' : `${saved} saved credentials`}: GET ${url}/v1/models lists the models each person can use.`;
  if (demo) return `Simulated providers are in use: answers are made up. ${toWayOut(demo)}`;
  if (length === 0)
    return 'No provider key is configured: requests are refused until you add one in the web app (Providers) or in the environment.';
  return `${length === 1 ? '1 model is' : `${length} models are`} available: GET ${url}/v1/models`;
}

async function greet(server: LocalServer, demo: Demo | null): Promise<void> {
  const { url: bound, ownerKeyPath, signInUrl, freeway } = server;
  // Whoever can't read them finds it in the log, and in each request.
  const saved = await freeway.countSaved().catch(() => 0);
  const key = ownerKeyPath === null ? '$FREEWAY_OWNER_KEY' : `$(cat ${ownerKeyPath})`;
  const url = bound.replace(everyAddress, 'http://127.0.0.1:');
  console.log(`Freeway is listening on ${url}`);
  const others = toOthers(bound);
  if (others.length > 0) console.log(`From other machines on the network: ${others.join(' and ')}`);
  if (signInUrl !== null) console.log(`Open this link to sign in as the owner (it works once): ${signInUrl}`);
  console.log(tellProviders({ url, freeway }, demo, saved));
  console.log(
    ownerKeyPath === null
      ? "The owner's API key is the value of FREEWAY_OWNER_KEY."
      : `The owner's API key is in ${ownerKeyPath}`,
  );
  console.log(
    `Try it:\n  curl ${url}/v1/chat/completions -H "authorization: Bearer ${key}" -H 'content-type: application/json' \\\n    -d '{"model": "auto", "messages": [{"role": "user", "content": "Hello!"}]}'`,
  );
}

/** Tells of what is set and does nothing. */
async function tellDoubts(env: Environment, { config }: LocalServer): Promise<void> {
  const { findDoubts } = await import('#lambda/config-doubts.ts');
  const readText = (path: string): string => readFileSync(path, 'utf8');
  for (const doubt of findDoubts(config, { env, providers, readText })) console.log(`Mind: ${doubt}`);
}

/** How often a secret that holds settings is looked at again. */
const LOOK_MS = 60_000;

/** So soon after the first a second signal is the same one: told to a whole group of processes, it is also passed on by our parent. */
const ECHO_MS = 1_000;

async function main(): Promise<void> {
  checkArguments();
  const log = createLineWriter(process.stderr);
  process.on('exit', log.flush);
  const faults = createLog({ level: 'info', write: log.write, now: Date.now });
  // What one request has left behind must not end all others.
  process.on('unhandledRejection', (error) => faults.error('process.unheard', toErrorFields(error)));
  process.on('uncaughtException', (error) => {
    faults.error('process.crashed', toErrorFields(error));
    process.exit(1);
  });
  // Who reads the log may go away; nobody else is to notice.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const environment = openEnvironment({ variables: { ...process.env }, now: Date.now, log: faults });
  const env = await environment.read();
  const demo = await openDemo(env);
  const server = await startLocal({
    env,
    siteFolder: uiDist,
    ...(demo ? { entries: demo.entries } : {}),
    writeLog: log.write,
  });
  let stoppingSince = Infinity;
  const stop = async (): Promise<void> => {
    if (stoppingSince < Infinity) return Date.now() - stoppingSince < ECHO_MS ? undefined : process.exit(1);
    stoppingSince = Date.now();
    await server.close();
    await demo?.close();
    process.exit(0);
  };
  // A terminal that is closed says SIGHUP.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop());
  await prepareUi();
  const look = createLook({ environment, log: faults, first: env }, async (changed) =>
    server.freeway.useEntries(readLocalConfig(changed).entries),
  );
  if (!demo) setInterval(() => void look(), LOOK_MS).unref();
  await greet(server, demo);
  await tellDoubts(env, server);
}

setTimeout(() => void import('./tune.ts').then(({ tune }) => tune()), TUNE_AFTER_MS).unref();
main().catch((error: unknown) => {
  if (
    error instanceof ConfigError ||
    (error instanceof Error && (error.name === 'StoreUnavailable' || error.name === 'SecretUnavailable'))
  )
    console.error(`Freeway did not start. ${error.message}`);
  else console.error('Freeway did not start.', error);
  process.exit(1);
});
