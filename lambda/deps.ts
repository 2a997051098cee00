// The only place that picks implementations: puts store, upstream, gateway and endpoints together into one app.
import type { Model, Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { ownerByKey } from '#shared/people.ts';
import { createApp, type AppDeps } from './app.ts';
import type { Config } from './config.ts';
import { createFleet, type Fleet } from './gateway/fleet.ts';
import type { Services } from './endpoints/endpoint.ts';
import { createLedger } from './gateway/ledger.ts';
import { createGateway } from './gateway/run.ts';
import { createExactCounter } from './gateway/tokenizer.ts';
import { createKeyCheck } from './http/auth-headers.ts';
import { createRequestIds } from './http/request-id.ts';
import type { Clock, Handler, Log, Metrics, Store, Traces, Upstream } from './ports.ts';
import { toErrorFields } from './telemetry/log.ts';
import { chatWires, dialects } from './wire/index.ts';

export const VERSION = '0.1.0';

/** What the entries (one machine, Lambda) choose for themselves. */
export interface Platform {
  readonly config: Config;
  readonly providers: readonly Provider[];
  readonly store: Store;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent when nothing is traced. */
  readonly traces?: Traces | null;
  /** The owner's API key. */
  readonly ownerKey: string;
}

export interface Freeway {
  readonly handler: Handler;
  /** Puts other credentials in force, for all requests that begin from now on. */
  readonly useEntries: (entries: readonly ProviderEntry[]) => Promise<void>;
  readonly fleet: () => Fleet;
  /** The same app over one credential alone, for calls that bring their own endpoint with them. */
  readonly appOver: (provider: Provider, entry: ProviderEntry) => Handler;
}

/** What Freeway can call today: chat over the wires it speaks, with the ways of authorising it knows. */
function serves(model: Model, provider: Provider): boolean {
  const scheme = provider.auth.scheme;
  return (
    model.kind === 'chat' &&
    chatWires[model.wire ?? provider.wire] !== undefined &&
    (scheme === 'bearer' || scheme === 'header' || scheme === 'none')
  );
}

function toServices(platform: Platform, entries: readonly ProviderEntry[]): Services {
  const fleet = createFleet({ entries, providers: platform.providers, serves });
  const ledger = createLedger({ ...platform, fleet, budgetUsdPerDay: platform.config.budgetUsdPerDay });
  return { fleet, ledger, gateway: createGateway({ ...platform, fleet, ledger }) };
}

/** Builds the app over the platform's implementations. */
export async function createFreeway(platform: Platform): Promise<Freeway> {
  const { config, clock, log, metrics, store } = platform;
  let services = toServices(platform, config.entries);
  await services.ledger.stripped.load();
  const chatWire = chatWires['openai-chat'];
  if (chatWire === undefined) throw new Error('the OpenAI chat wire is missing');
  const isOwner = createKeyCheck(platform.ownerKey);
  const appDeps: AppDeps = {
    current: () => services,
    clock,
    log,
    metrics,
    store,
    chatWire,
    chatWires,
    dialectOf: (fleet, index) => dialects[fleet.credentials[index]?.provider.dialect ?? 'generic'],
    exactTokens: createExactCounter(),
    paid: config.paid,
    version: VERSION,
    traces: platform.traces ?? null,
    authenticate: ({ headers }) => (isOwner(headers) ? ownerByKey : null),
    newRequestId: createRequestIds(),
    describe: toErrorFields,
  };
  return {
    handler: createApp(appDeps),
    useEntries: async (entries) => {
      const next = toServices(platform, entries);
      await next.ledger.stripped.load();
      services = next;
    },
    fleet: () => services.fleet,
    appOver: (provider, entry) => {
      const alone = toServices({ ...platform, providers: [provider] }, [entry]);
      return createApp({ ...appDeps, current: () => alone });
    },
  };
}
