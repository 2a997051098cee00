// What every part of the configuration reads from, and how it refuses.
import type { Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';

/** A configuration that can't be used. The message names the variable (and entry and field), and what was expected; never a value that may be secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Of which all parts of the configuration are read. */
export interface ConfigSource {
  readonly env: Environment;
  readonly providers: readonly Provider[];
  /** Reads a text file; used for `@path` values. Throws when it can't. */
  readonly readText: (path: string) => string;
}

export interface ConfigInput extends ConfigSource {
  /** Credentials in older spellings (config-older.ts), whose reader few starts need; none unless `mayHoldOlder`. */
  readonly older: readonly ProviderEntry[];
}

/** Whether the environment names any credential in an older spelling. */
export const mayHoldOlder = (env: Environment): boolean =>
  Object.keys(env).some((name) => /^(?:LLAMDA_LLM_PROXY_PROVIDER_TYPE_|P_T|LP_TYPE_)\d/.test(name));

/** What a variable chooses among these; null when it says nothing. Throws ConfigError. */
export function readChoice<T extends string>(env: Environment, name: string, choices: readonly T[]): T | null {
  const text = env[name]?.trim().toLowerCase();
  if (text === undefined || text === '') return null;
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new ConfigError(`${name} is "${text}", but must be one of ${choices.join(', ')}.`);
}

/** What a header takes: https://www.rfc-editor.org/rfc/rfc9110#section-5.5. Documents, such as Google's service accounts, are none. */
const SENDABLE = /^(?:[\t\x20-\x7E\x80-\xFF]*|\s*\{[^]*)$/;

/** Throws ConfigError where a key can't be sent: each call would fail, and nothing would say why. `what` names where it stands. */
export function checkKey(key: string | undefined, what: string): void {
  if (key !== undefined && !SENDABLE.test(key))
    throw new ConfigError(
      `${what} holds a line break or another character that no header can carry; expected a key as the provider shows it. Copy it anew.`,
    );
}
