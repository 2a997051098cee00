// Loads the guards that the environment names: packages that are installed beside Freeway, or files.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from './config.ts';
import type { Guard, NamedGuard } from './gateway/guards.ts';

const isFile = (name: string): boolean => /^[./]|^[A-Za-z]:[\\/]/.test(name);

async function load(name: string): Promise<NamedGuard> {
  const from = isFile(name) ? pathToFileURL(resolve(name)).href : name;
  const loaded: unknown = await import(from).catch((error: unknown) => {
    throw new ConfigError(
      `FREEWAY_GUARDS names "${name}", which can't be loaded (${error instanceof Error ? error.message.split(/\n| imported from /)[0] : 'unknown'}). Install it beside Freeway, or correct the path.`,
    );
  });
  const { guard, default: usual } = loaded as { guard?: unknown; default?: unknown };
  const found = guard ?? usual;
  if (typeof found === 'function') return { name, guard: found as Guard };
  throw new ConfigError(`FREEWAY_GUARDS names "${name}", which exports no function "guard". docs/people.md shows one.`);
}

/** The guards in the order in which they are named. Rejects with ConfigError. */
export const loadGuards = (names: readonly string[]): Promise<NamedGuard[]> => Promise.all(names.map(load));
