// Finds out which models an address serves, where only it can tell: programs on people's own hardware, asked again and again.
import type { Capability, Model, Provider } from '#shared/catalog.ts';
import type { EntryModel } from '#shared/credentials.ts';
import type { Clock, Log, Upstream, UpstreamCall } from '../ports.ts';
import { isRecord, parseJson, toAmount, toList, toRecord, toText, type Json } from '../wire/json.ts';
import { askWhole } from './ask-whole.ts';
import { toCredential, type Credential, type FleetEntry } from './credentials.ts';

const PATIENCE_MS = 3_000;
/** Programs are started and models pulled while we run. */
const AGAIN_MS = 60_000;
const MAX_MODELS = 200;
/** Models of more parameters than this count as large. */
const SMALL_PARAMETERS = 32e9;

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

async function ask(credential: Credential, path: string, { upstream, body }: { upstream: Upstream; body?: Json }) {
  const call: UpstreamCall = {
    method: body === undefined ? 'GET' : 'POST',
    url: new URL(`${credential.baseUrl}${path}`).href,
    headers: { accept: 'application/json', 'content-type': 'application/json', ...credential.authorize() },
    body: body === undefined ? null : JSON.stringify(body),
    headTimeoutMs: PATIENCE_MS,
    idleTimeoutMs: PATIENCE_MS,
    publicOnly: credential.publicOnly,
  };
  const reply = await askWhole(upstream, call).catch(() => null);
  const json = reply !== null && reply.status === 200 ? parseJson(reply.body) : undefined;
  return isRecord(json) ? json : null;
}

/** `8.2B` as a number; null when it is none. */
function toParameters(text: string | null): number | null {
  const [, count, unit] = /^([\d.]+)\s*([MBT])/i.exec(text ?? '') ?? [];
  const factor = { M: 1e6, B: 1e9, T: 1e12 }[unit?.toUpperCase() ?? ''];
  return count === undefined || factor === undefined ? null : Number(count) * factor;
}

const abilities: Readonly<Record<string, Capability>> = { tools: 'tools', vision: 'vision', thinking: 'reasoning' };

/** How much the model takes in: what it was set up with, or else what it was made for. */
function toContext(shown: Json): number | undefined {
  const set = /^num_ctx\s+(\d+)/m.exec(toText(shown['parameters']) ?? '')?.[1];
  if (set !== undefined) return Number(set);
  const info = toRecord(shown['model_info']);
  const name = Object.keys(info).find((key) => key.endsWith('.context_length'));
  return name === undefined ? undefined : toAmount(info[name]);
}

/** A pulled model, as the list and the model's own page tell it. */
function fromTag(tag: Json, shown: Json): EntryModel | null {
  const id = toText(tag['name'])?.replace(/:latest$/, '') ?? null;
  if (id === null) return null;
  const told = toList(shown['capabilities']).map(String);
  const context = toContext(shown);
  const parameters = toParameters(toText(toRecord(tag['details'])['parameter_size']));
  const isEmbedding = told.includes('embedding');
  const known = told.flatMap((name) => abilities[name] ?? []);
  return {
    id,
    kind: isEmbedding ? 'embedding' : 'chat',
    ...(context === undefined ? {} : { context }),
    ...(parameters === null ? {} : { size: parameters > SMALL_PARAMETERS ? 'large' : 'small' }),
    capabilities: isEmbedding ? [] : [...known, 'json'],
  };
}

async function listTags(credential: Credential, upstream: Upstream): Promise<EntryModel[] | null> {
  const list = await ask(credential, '/../api/tags', { upstream });
  if (list === null || !Array.isArray(list['models'])) return null;
  const tags = list['models'].filter(isRecord).slice(0, MAX_MODELS);
  const found = await Promise.all(
    tags.map(async (tag) => {
      const shown = await ask(credential, '/../api/show', { upstream, body: { model: tag['name'] } });
      return fromTag(tag, shown ?? {});
    }),
  );
  return found.filter((model) => model !== null);
}

const contexts = ['max_model_len', 'context_window', 'context_length', 'max_context_length'] as const;

async function listModels(credential: Credential, upstream: Upstream): Promise<EntryModel[] | null> {
  const list = await ask(credential, '/models', { upstream });
  if (list === null || !Array.isArray(list['data'])) return null;
  return list['data'].slice(0, MAX_MODELS).flatMap((item): EntryModel[] => {
    const told = toRecord(item);
    const id = toText(told['id']);
    const context = contexts.map((name) => toAmount(told[name])).find((value) => value !== undefined);
    return id === null ? [] : [{ id, ...(context === undefined ? {} : { context }) }];
  });
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
    const outcomes = await Promise.all([...addresses.values()].map(askOne));
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
