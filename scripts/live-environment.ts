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
    return createSecretValues({ now, log });
  };
  return createLiveEnvironment(variables, { read: async (id) => (await (secrets ??= load())).read(id) });
}

const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * A look at an environment: `use` is called when it is another one than at the last look, `first` to begin with. What can't be used is left
 * alone, and the log says why, once, and when it is over.
 */
export function createLook(
  { environment, log, first }: { environment: LiveEnvironment; log: Log; first: Environment },
  use: (env: Environment) => Promise<void>,
): () => Promise<void> {
  let known = first;
  /** Why what was read last can't be used; null: it can. */
  let refusal: string | null = null;
  let told: string | null = null;
  const tell = (now: string | null): void => {
    if (now === told) return;
    told = now;
    if (now === null) log.info('config.accepted');
    else log.error('config.refused', { error: now });
  };
  return async () => {
    try {
      const env = await environment.read();
      if (env !== known) {
        known = env;
        refusal = await use(env).then(() => null, toMessage);
      }
      tell(refusal);
    } catch (error) {
      tell(toMessage(error));
    }
  };
}
