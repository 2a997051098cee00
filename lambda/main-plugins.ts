// What an installation brings of its own on one machine: packages that answer calls, and an order among candidates.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from './clock.ts';
import { ConfigError, type Config } from './config.ts';
import type { Platform } from './deps.ts';
import { pluginProvider } from './plugins/provider.ts';
import type { Upstream } from './ports.ts';
import type { Log } from './ports-telemetry.ts';
import type { Rank } from './routing/decide.ts';

/** Files are named from the folder we are started in; packages are those installed with Freeway. */
const addressOf = (name: string): string => (/^[./]/.test(name) ? pathToFileURL(resolve(name)).href : name);

function checkModule(name: string): void {
  try {
    import.meta.resolve(addressOf(name));
  } catch {
    throw new ConfigError(
      `FREEWAY_PROVIDERS names the package "${name}", which is not installed. Run: npm install ${name}`,
    );
  }
}

/** Packages that answer calls are known only where the configuration names some. Throws ConfigError for those that are not installed. */
async function withPlugins(upstream: Upstream, { entries }: Config): Promise<Upstream> {
  const named = entries.filter(({ provider }) => provider === pluginProvider.id).map(({ plugin }) => String(plugin));
  if (named.length === 0) return upstream;
  for (const name of named) checkModule(decodeURIComponent(name));
  const { createPluginUpstream } = await import('./plugins/upstream.ts');
  const load = (name: string) => import(addressOf(name)) as Promise<Readonly<Record<string, unknown>>>;
  return createPluginUpstream({ upstream, load, nowMs: systemClock.now });
}

/** The order that the configuration names a module for. */
async function openRank({ strategyModule: name }: Config, log: Log): Promise<Rank | null> {
  if (name === null) return null;
  const fail = (what: string): never => {
    throw new ConfigError(`FREEWAY_STRATEGY names "${name}", ${what}`);
  };
  const loaded = (await import(addressOf(name)).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message.split(/\n| imported from /)[0] : String(error);
    return fail(`which can't be loaded (${reason}). Correct its path, which begins with ./ or /, or the module.`);
  })) as Readonly<Record<string, unknown>>;
  const { toRank } = await import('./plugins/strategy.ts');
  return (
    toRank(loaded, log) ??
    fail('whose default export is no function. Export one: export default (candidate, standing, request) => number')
  );
}

/** The way out that knows packages, the provider that stands for them, and the order of the strategy `custom`. Throws ConfigError. */
export async function openOwn(
  config: Config,
  log: Log,
  direct: Upstream,
): Promise<Pick<Platform, 'ownProviders' | 'rank' | 'upstream'>> {
  const upstream = await withPlugins(direct, config);
  return { ownProviders: [pluginProvider], rank: await openRank(config, log), upstream };
}
