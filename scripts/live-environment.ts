// Variables that may change while a server on one machine runs: its own, and beneath them those of the secret that FREEWAY_SECRET_ID names.
import type { Environment } from '#lambda/config.ts';
import { createLiveEnvironment, type LiveEnvironment } from '#lambda/main-environment.ts';
import type { SecretValues } from '#lambda/ports.ts';
import type { Log } from '#lambda/ports-telemetry.ts';

export interface LiveOptions {
  /** The process's own variables. */
  readonly variables: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** The environment; what reads secrets is loaded only where one is named. The log says when an older value stands in for one that can't be read. */
export function openEnvironment({ variables, now, log }: LiveOptions): LiveEnvironment {
  let secrets: Promise<SecretValues> | null = null;
  const load = async (): Promise<SecretValues> => {
    const { createSecretValues } = await import('#lambda/store/secret-values.ts');
    return createSecretValues({ now, onStale: ({ message }) => log.warn('secret.stale', { error: message }) });
  };
  return createLiveEnvironment(variables, { read: async (id) => (await (secrets ??= load())).read(id) });
}

/**
 * A look at an environment: `use` is called when it is another one than at the last look, `first` to begin with. What can't be used is left
 * alone, and the log says why, once.
 */
export function createLook(
  { environment, log, first }: { environment: LiveEnvironment; log: Log; first: Environment },
  use: (env: Environment) => Promise<void>,
): () => Promise<void> {
  let known = first;
  return async () => {
    try {
      const env = await environment.read();
      if (env === known) return;
      known = env;
      await use(env);
    } catch (error) {
      log.error('config.refused', { error: error instanceof Error ? error.message : String(error) });
    }
  };
}
