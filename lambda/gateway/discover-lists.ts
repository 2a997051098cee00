// Asks an address for the models it serves: by OpenAI's list, or by Ollama's of pulled ones.
import type { Capability } from '#shared/catalog.ts';
import type { EntryModel } from '#shared/credentials.ts';
import type { Upstream, UpstreamCall } from '../ports.ts';
import { isRecord, parseJson, toAmount, toList, toRecord, toText, type Json } from '../wire/json.ts';
import { askWhole } from './ask-whole.ts';
import type { Credential } from './credentials.ts';

const PATIENCE_MS = 3_000;
const MAX_MODELS = 200;
/** Models of more parameters than this count as large. */
const SMALL_PARAMETERS = 32e9;

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

/** By Ollama's list of pulled models; null where there is none. */
export async function listTags(credential: Credential, upstream: Upstream): Promise<EntryModel[] | null> {
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

/** By OpenAI's list; null where there is none. */
export async function listModels(credential: Credential, upstream: Upstream): Promise<EntryModel[] | null> {
  const list = await ask(credential, '/models', { upstream });
  if (list === null || !Array.isArray(list['data'])) return null;
  return list['data'].slice(0, MAX_MODELS).flatMap((item): EntryModel[] => {
    const told = toRecord(item);
    const id = toText(told['id']);
    const context = contexts.map((name) => toAmount(told[name])).find((value) => value !== undefined);
    return id === null ? [] : [{ id, ...(context === undefined ? {} : { context }) }];
  });
}
