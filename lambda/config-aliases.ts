// Reads FREEWAY_MODEL_ALIASES: names of models that stand for others.
import * as z from 'zod/mini';
import { ConfigError, type Environment } from './config-input.ts';
import type { ModelAlias } from './routing/aliases.ts';

const aliasesSchema = z.lazy(() =>
  z.record(z.string().check(z.minLength(1)), z.nullable(z.string().check(z.minLength(1)))),
);

/** The aliases given, in their order; they go before those of the catalog. Throws ConfigError. */
export function readAliases(env: Environment): readonly ModelAlias[] {
  const text = env['FREEWAY_MODEL_ALIASES']?.trim();
  if (!text) return [];
  const expected =
    'FREEWAY_MODEL_ALIASES must be a JSON object such as {"claude-*opus*": "auto:reasoning", "claude-*": null}; null turns a name off.';
  try {
    return Object.entries(aliasesSchema.parse(JSON.parse(text)));
  } catch {
    throw new ConfigError(expected);
  }
}
