// Finds out which models an address serves, where only it can tell: programs on people's own hardware, asked again and again.
import type { Model, Provider } from '#shared/catalog.ts';
import type { EntryModel } from '#shared/credentials.ts';
import type { Clock, Upstream } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';
import { toCredential, type FleetEntry } from './credentials.ts';

/** Programs are started and models pulled while we run. */
const AGAIN_MS = 60_000;

export interface DiscoveryDeps {
  readonly providers: readonly Provider[];
  readonly upstream: Upstream;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** What is known of the models that addresses serve. */
export interface Discovery {
  /** The entries with the models that their addresses serve. Those not asked yet are asked at the next touch. */
  complete(entries: readonly FleetEntry[]): readonly FleetEntry[];
  /** Somebody is here: asks again when it is time. Cheap. */
  touch(): void;
  /** When everybody has been asked who is being asked now. Never rejects. */
  ready(): Promise<void>;
}

/** Models a person has named are only told what is not known of them; else all that are served are taken, and no others. */
function merge(entry: FleetEntry, served: readonly EntryModel[]): FleetEntry {
  const byId = new Map(served.map((model) => [model.id, model]));
  if (entry.models !== undefined && entry.models.length > 0)
    return { ...entry, models: entry.models.map((model) => ({ ...byId.get(model.id), ...model })) };
  return { ...entry, models: [...served], allowedModels: entry.allowedModels ?? served.map(({ id }) => id) };
}

interface Address {
  readonly entry: FleetEntry;
  readonly provider: Provider;
  /** Text of what it served when it was last asked; null before. */
  served: string | null;
}

/** A discovery that calls `changed` whenever an address serves other models than before. */
export function createDiscovery(
  { providers, upstream, clock, log }: DiscoveryDeps,
  changed: () => Promise<void>,
): Discovery {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const addresses = new Map<string, Address>();
  let running: Promise<void> | null = null;
  let dueAtMs = Infinity;

  const askOne = async (address: Address): Promise<boolean> => {
    const credential = toCredential(address.entry, address.provider);
    const { listModels, listTags } = await import('./discover-lists.ts');
    const list = address.provider.discovery === 'tags' ? listTags : listModels;
    const served = await list(credential, upstream).catch(() => null);
    // Who does not answer just now has not lost its models.
    const text = served === null ? address.served : JSON.stringify(served);
    if (text === address.served) return false;
    address.served = text;
    log.info('models.discovered', { credential: credential.name, candidates: served?.length ?? 0 });
    return true;
  };
  const askAll = async (): Promise<void> => {
    const due = [...addresses.values()].filter(
      ({ provider, served }) => provider.discovery !== 'once' || served === null,
    );
    const outcomes = await Promise.all(due.map(askOne));
    dueAtMs = clock.now() + AGAIN_MS;
    if (outcomes.includes(true)) await changed();
  };
  const start = (): Promise<void> =>
    (running ??= askAll()
      .catch((error: unknown) => log.error('models.discovery', { error: String(error) }))
      .finally(() => (running = null)));

  const addressOf = (entry: FleetEntry): Address | null => {
    const provider = byId.get(entry.provider);
    const isAsked = entry.discover ?? provider?.discovery !== undefined;
    if (!provider || !entry.enabled || !isAsked) return null;
    if (provider.discovery === 'once' && (entry.models ?? []).length > 0) return null;
    const { id } = toCredential(entry, provider);
    const known = addresses.get(id) ?? { entry, provider, served: null };
    addresses.set(id, known);
    return known;
  };
  return {
    complete: (entries) => {
      const before = addresses.size;
      const completed = entries.map((entry) => {
        const served = addressOf(entry)?.served ?? null;
        return served === null ? entry : merge(entry, JSON.parse(served) as Model[]);
      });
      if (addresses.size > before) dueAtMs = 0;
      return completed;
    },
    touch: () => {
      if (dueAtMs > clock.now()) return;
      dueAtMs = Infinity;
      void start();
    },
    ready: () => running ?? Promise.resolve(),
  };
}
