// Reads any source of older settings, by what it looks like.
import type { Provider } from '../catalog.ts';
import { migrateBrowser } from './browser.ts';
import { migrateEnv, parseEnv } from './env.ts';
import type { Migration } from './found.ts';
import { migrateKeyList, migrateLiteLlm } from './gateways.ts';
import { migrateOwn } from './own.ts';

/** What was found; null when the text is none of the kinds that are known. `parse` reads JSON or YAML, undefined when it is neither. */
export function migrate(
  text: string,
  providers: readonly Provider[],
  parse: (text: string) => unknown,
): Migration | null {
  const variables = parseEnv(text);
  if (variables !== null) return migrateEnv(variables, providers);
  const json = parse(text);
  if (typeof json !== 'object' || json === null) return null;
  const readers = [migrateOwn, migrateLiteLlm, migrateBrowser, migrateKeyList];
  for (const read of readers) {
    const found = read(json, providers);
    if (found !== null) return found;
  }
  const texts = Object.entries(json).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return texts.length === 0 ? null : migrateEnv(Object.fromEntries(texts), providers);
}
