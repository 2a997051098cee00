// The only place that picks implementations: puts store, upstream, gateway and endpoints together into one app.
import { modelAliases } from '#catalog/aliases.ts';
import type { Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createApp, type AppDeps } from './app.ts';
import type { Config } from './config.ts';
import { updateGauges } from './endpoints/gauges.ts';
import type { Tracing } from './endpoints/tell-traces.ts';
import type { Fleet } from './gateway/fleet.ts';
import type { KeyLimitsDeps, KeyLimitsKeeper } from './gateway/key-limits.ts';
import type { Slices, SlicesDeps } from './gateway/slices.ts';
import { createExactCounter } from './gateway/tokenizer.ts';
import type { Rank } from './routing/decide.ts';
import type { LocalSignIn } from './http/auth-local.ts';
import { createRequestIds } from './http/request-id.ts';
import { openBatches } from './deps-batches.ts';
import { openJobs } from './deps-jobs.ts';
import { openIdentity } from './deps-identity.ts';
import { toLater } from './deps-later.ts';
import { openServing, toServices } from './deps-services.ts';
import { openSettings, openUsage } from './deps-settings.ts';
import type { Clock, Handler, KeyWrapper, Spool, Store, Upstream } from './ports.ts';
import type { Log, Metrics, Traces } from './ports-telemetry.ts';
import type { Recordings } from './ports-transcription.ts';
import { createDecisions } from './store/decisions.ts';
import { createInvokeSettings } from './store/invoke-settings.ts';
import { createRollout } from './store/rollout.ts';
import { createMemorySpool } from './store/spool.ts';
import { createTemplates } from './store/templates.ts';
import { toErrorFields } from './telemetry/log.ts';
import { dialects, openaiChat } from './wire/index.ts';

export const VERSION = '0.1.0';

/** The largest upload where there is nowhere to lay it down: what a function's own URL lets through. */
const MEMORY_UPLOAD_BYTES = 6 * 1024 * 1024;

/** What the entries (one machine, Lambda) choose for themselves. */
export interface Platform {
  readonly config: Config;
  readonly providers: readonly Provider[];
  /** Further ones that only the configuration can name. */
  readonly ownProviders?: readonly Provider[];
  readonly store: Store;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent when nothing is traced. */
  readonly traces?: Traces | null;
  /** The order of the strategy `custom`; absent: there is none. */
  readonly rank?: Rank | null;
  /** The owner's API key. */
  readonly ownerKey: string;
  /** Signing in by the link that the start prints; absent where people are not at the machine itself. */
  readonly localSignIn?: LocalSignIn | null;
  /** Whether we are only ever reached by HTTPS. */
  readonly secure?: boolean;
  /** Where large uploads are laid down; absent: in memory, and none that are large. */
  readonly spool?: Spool;
  /** Wraps the keys under which people's secrets are kept; absent: none can be kept. */
  readonly keyWrapper?: KeyWrapper;
  /** Whether the process is frozen between requests, so that nothing may be left for later. */
  readonly freezes?: boolean;
  /** Opens what reserves quota ahead of calls; absent: nothing is, as where the process is frozen. */
  readonly openSlices?: (deps: SlicesDeps) => Slices;
  /** Flushes of all who have something to give back to the store. */
  readonly holders?: Set<() => Promise<void>>;
  /** Whether people may give URLs that lead to private addresses: where Freeway serves only the machine it runs on. */
  readonly allowPrivate?: boolean;
  /** Where recordings for transcription jobs are uploaded to; absent: nowhere. */
  readonly recordings?: Recordings | null;
  /** Aborted by `stop`: what runs by timers ends then. */
  readonly closing?: AbortSignal;
  /** In force as long as there are no credentials at all, saved ones among them, such as simulated providers. */
  readonly standIn?: readonly ProviderEntry[];
}

export interface Freeway {
  readonly handler: Handler;
  /** Puts other credentials in force, for all requests that begin from now on. */
  readonly useEntries: (entries: readonly ProviderEntry[]) => Promise<void>;
  readonly fleet: () => Fleet;
  /** How many credentials people have given. Rejects with StoreUnavailable. */
  readonly countSaved: () => Promise<number>;
  /** Sets the gauges of the shared candidates, before metrics are told. */
  readonly updateGauges: () => void;
  /** Writes what waits to be written: before the process ends, or is frozen. Never rejects. */
  readonly flush: () => Promise<void>;
  /** Goes on with what was left unfinished when the process before this one ended. */
  readonly resume: () => Promise<void>;
  /** Ends what goes on in the background: puts down what does not come to its end soon. */
  readonly stop: () => Promise<void>;
  /** The same app over one credential alone, for calls that bring their own endpoint with them. */
  readonly appOver: (provider: Provider, entry: ProviderEntry) => Promise<Handler>;
}

/** What goes on between requests, and what ends it. */
function openBackground(platform: Platform) {
  const closing = new AbortController();
  const holders = new Set<() => Promise<void>>();
  const { stop, ...jobs } = openJobs(platform);
  const stopAll = (): Promise<void> => {
    closing.abort();
    return stop();
  };
  return { jobs, holders, closing: closing.signal, stop: stopAll };
}

/** What is kept of named endpoints, of rollouts and of decisions. */
const openBooks = ({ store, clock, log }: Platform): Pick<AppDeps, 'invokeSettings' | 'rollout' | 'decisions'> => ({
  invokeSettings: createInvokeSettings(store, () => clock.now()),
  rollout: createRollout(store, () => clock.now()),
  decisions: createDecisions(store, clock, log),
});

/** Limits of keys, people and all, loaded when somebody who has some first asks. */
const openKeyLimits = (deps: KeyLimitsDeps): KeyLimitsKeeper =>
  toLater(async () => (await import('./gateway/key-limits.ts')).createKeyLimits(deps), {
    admit: true,
    remaining: true,
    ofPeople: true,
    ofAll: true,
  });

/** What tells traces of requests, loaded where there are any. */
async function openTracing({ traces, clock }: Platform): Promise<Tracing | null> {
  return traces ? (await import('./endpoints/tell-traces.ts')).createTracing(traces, clock) : null;
}

/** Lets pages of other sites call where some are named. */
const openToPages = async ({ origins }: Config, handler: Handler): Promise<Handler> =>
  origins.length === 0 ? handler : (await import('./http/origins.ts')).withOrigins(origins, handler);

/** Builds the app over the platform's implementations. */
export async function createFreeway(platform: Platform): Promise<Freeway> {
  const { config, clock, log, metrics, store } = platform;
  const { jobs, closing, holders, stop } = openBackground(platform);
  const { settings, vault, webhookSecret, alerts, means } = openSettings({ ...platform, holders, closing });
  const templates = createTemplates(store, () => clock.now());
  const serving = await openServing(means, { vault, templates });
  const auditDays = (): number => settings.installation().audit_days ?? config.auditDays;
  const { identity, authenticate } = openIdentity(platform, auditDays);
  const { usage, flush } = openUsage({ platform, settings, alerts, people: identity.people });
  const guards = config.guards.length === 0 ? [] : await (await import('./deps-guards.ts')).loadGuards(config.guards);
  const { appDeps, resume } = openBatches({
    ...serving,
    clock,
    log,
    metrics,
    store,
    chatWire: openaiChat,
    chatWires: means.wires.loaded,
    dialectOf: (fleet, index) => dialects[fleet.credentials[index]?.provider.dialect ?? 'generic'],
    exactTokens: createExactCounter(),
    paid: config.paid,
    guards,
    modelAliases: [...config.modelAliases, ...modelAliases],
    version: VERSION,
    traces: await openTracing(platform),
    identity,
    usage,
    settings,
    alerts,
    webhookSecret,
    environmentBudget: { usdPerDay: config.budgetUsdPerDay, usdPerMonth: config.budgetUsdPerMonth },
    spool: platform.spool ?? createMemorySpool(MEMORY_UPLOAD_BYTES),
    ...openBooks(platform),
    templates,
    keyLimits: openKeyLimits({ ...platform, alerts }),
    authenticate,
    newRequestId: createRequestIds(),
    describe: toErrorFields,
    metricHelp: async () => (await import('./telemetry/metric-help.ts')).metricHelp,
    ...jobs,
  });
  return {
    handler: await openToPages(config, createApp(appDeps)),
    resume,
    flush: async () => {
      await Promise.all([flush(), ...[...holders].map((giveBack) => giveBack())]);
    },
    stop,
    useEntries: serving.useEntries,
    fleet: () => serving.shared().fleet,
    countSaved: serving.countSaved,
    updateGauges: () => updateGauges(serving.shared(), appDeps),
    appOver: async (provider, entry) => {
      const alone = await toServices({ ...means, providers: [provider] }, [entry]);
      return createApp({ ...appDeps, current: () => alone });
    },
  };
}
