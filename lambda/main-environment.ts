// The environment as the entries see it: the process's own variables, and beneath them those of the secret that FREEWAY_SECRET_ID names.
import type { Environment } from './config.ts';
import type { SecretValues } from './ports.ts';

/** Variables that may change while we run. */
export interface LiveEnvironment {
  /** The same object as long as nothing has changed. Rejects with SecretUnavailable when the secret was never read. */
  read(): Promise<Environment>;
}

const isEqual = (a: Environment, b: Environment): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

/**
 * Joins variables and secret. A variable that says something stands above the secret's value of that name, so that one can
 * be changed without touching the secret. `secrets` are asked only when one is named.
 */
export function createLiveEnvironment(variables: Environment, secrets: SecretValues): LiveEnvironment {
  const id = variables['FREEWAY_SECRET_ID']?.trim();
  if (!id) return { read: () => Promise.resolve(variables) };
  const saying = Object.fromEntries(Object.entries(variables).filter(([, value]) => value?.trim()));
  let source: Environment | null = null;
  let joined: Environment = variables;
  return {
    read: async () => {
      const values = await secrets.read(id);
      if (values === source) return joined;
      source = values;
      const next = { ...variables, ...values, ...saying };
      if (!isEqual(next, joined)) joined = next;
      return joined;
    },
  };
}
