// Reads what a request says in words of OpenRouter and LiteLLM: into our own controls, into the format's own words, or among what is told to be left out.
import { CallerError } from '#shared/failures.ts';
import type { Json } from './json.ts';
import { isRecord, toAmount, toList, toRecord, toText } from './json.ts';
import { variant } from './foreign-names.ts';
import { fail } from './openai-chat/fields.ts';
import { effortOfReasoning } from './pivot-effort.ts';
import type { ChatQuestion } from './types.ts';

/** Providers that a request names, as it names them. */
export interface NamedProviders {
  /** To be asked first, in this order. */
  readonly order: readonly string[];
  /** The only ones to be asked; null: any. */
  readonly only: readonly string[] | null;
  readonly ignore: readonly string[];
  /** Nobody else may stand in. */
  readonly closed: boolean;
}

/** What was read. */
export interface ForeignRead {
  /** The question without those words. */
  readonly question: ChatQuestion;
  /** What they ask in words of our own controls, but for providers. */
  readonly controls: Json;
  readonly providers: NamedProviders;
  /** Whether the cost is to be told among what was used. */
  readonly tellsCost: boolean;
}

/** What is found while a body is read. */
interface Draft {
  readonly controls: Record<string, unknown>;
  readonly body: Record<string, unknown>;
  readonly models: string[];
  readonly routers: string[];
  readonly nobody: string[];
  providers: NamedProviders;
  tellsCost: boolean;
  /** How hard to think, and the word that says so; null: none does. */
  effort: { readonly by: string; readonly value: string } | null;
}

type Read = (value: unknown, draft: Draft) => void;

const anyProvider: NamedProviders = { order: [], only: null, ignore: [], closed: false };

const namesOf = (holder: Json, name: string): readonly string[] => {
  const value = holder[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return fail(`provider.${name}`, 'an array of names', value);
  return value.map((one, at) => toText(one) ?? fail(`provider.${name}[${at}]`, 'a non-empty string', one));
};

/** Some write prices as text. */
const toUsd = (value: unknown): number | undefined =>
  typeof value === 'string' && value.trim() !== '' ? toAmount(Number(value)) : toAmount(value);

const strategies: Readonly<Record<string, string>> = { price: 'cost', throughput: 'latency', latency: 'latency' };

function readOrder(sort: unknown, { controls, nobody }: Draft): void {
  const by = toText(isRecord(sort) ? sort['by'] : sort);
  if (by === null) return;
  if (strategies[by] === undefined) nobody.push('provider.sort');
  else controls['strategy'] = strategies[by];
}

/** What of `provider` we have no word for. */
const unknownWishes = [
  'require_parameters',
  'quantizations',
  'enforce_distillable_text',
  'preferred_min_throughput',
  'preferred_max_latency',
];

const readProvider: Read = (value, draft) => {
  if (!isRecord(value)) return void draft.nobody.push('provider');
  const { controls } = draft;
  const only = namesOf(value, 'only');
  draft.providers = {
    order: namesOf(value, 'order'),
    only: only.length === 0 ? null : only,
    ignore: namesOf(value, 'ignore'),
    closed: value['allow_fallbacks'] === false,
  };
  if (value['data_collection'] === 'deny') controls['privacy'] = 'no_training';
  if (value['zdr'] === true) controls['max_retention_days'] = 0;
  readOrder(value['sort'], draft);
  const { prompt, completion, ...others } = toRecord(value['max_price']);
  const price = { input: toUsd(prompt), output: toUsd(completion) };
  if (price.input !== undefined || price.output !== undefined) controls['max_price'] = price;
  for (const name of Object.keys(others)) draft.routers.push(`provider.max_price.${name}`);
  for (const name of unknownWishes) if (isGiven(value[name])) draft.routers.push(`provider.${name}`);
};

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);

const readReasoning: Read = (value, draft) => {
  if (!isRecord(value)) return fail('reasoning', 'an object', value);
  const effort = effortOfReasoning(value);
  if (effort !== null) draft.effort = { by: 'reasoning', value: effort };
  if (value['exclude'] === true) draft.routers.push('reasoning.exclude');
};

/** LiteLLM takes names, requests for a model, and lists by the model that they stand in for. */
function toFallbacks(entry: unknown, model: string): readonly string[] {
  if (typeof entry === 'string') return entry === '' ? [] : [entry];
  const named = toText(toRecord(entry)['model']);
  return named === null ? toList(toRecord(entry)[model]).filter((name) => typeof name === 'string') : [named];
}

const refuse =
  (param: string, message: string): Read =>
  () => {
    throw new CallerError('invalid_request', message, { param });
  };

const toRouters =
  (name: string): Read =>
  (value, { routers }) => {
    if (isGiven(value)) routers.push(name);
  };

const toNobody =
  (name: string): Read =>
  (value, { nobody }) => {
    if (isGiven(value)) nobody.push(name);
  };

/** What is done anyway, or is only the caller's own mark. */
const needless: Read = () => undefined;

const readers: Readonly<Record<string, Read>> = {
  provider: readProvider,
  route: needless,
  transforms: toRouters('transforms'),
  plugins: toRouters('plugins'),
  preset: toRouters('preset'),
  reasoning: readReasoning,
  usage: (value, draft) => void (draft.tellsCost ||= toRecord(value)['include'] === true),
  fallbacks: (value, draft) => {
    if (!Array.isArray(value)) return fail('fallbacks', 'an array of model names', value);
    const model = toText(draft.body['model']) ?? 'auto';
    draft.models.push(...value.flatMap((entry) => toFallbacks(entry, model)));
  },
  timeout: (value, { controls, nobody }) => {
    const seconds = toUsd(value);
    if (seconds === undefined || seconds === 0) nobody.push('timeout');
    else controls['timeout_ms'] = Math.min(600_000, seconds * 1000);
  },
  disable_fallbacks: (value, { controls }) => {
    if (value === true) controls['failover'] = false;
  },
  num_retries: toNobody('num_retries'),
  max_retries: toNobody('max_retries'),
  drop_params: needless,
  allowed_openai_params: needless,
  additional_drop_params: toNobody('additional_drop_params'),
  tags: toNobody('tags'),
  caching: toNobody('caching'),
  mock_response: refuse(
    'mock_response',
    'Freeway makes no answers up: leave "mock_response" out, or try it with simulated providers (npm run demo).',
  ),
  guardrails: refuse(
    'guardrails',
    'Guards are chosen by whoever runs Freeway (FREEWAY_GUARDS) and look at every prompt: leave "guardrails" out.',
  ),
  api_key: refuse(
    'api_key',
    'Keys of providers are not taken from requests: save this one as a credential of yours, and leave "api_key" out.',
  ),
  api_base: refuse(
    'api_base',
    'Addresses of providers are not taken from requests: save this one as a credential of yours, and leave "api_base" out.',
  ),
};

/** What a model's name says more, each once; `:free` is read with the model. */
export function variantsOf(model: string): readonly string[] {
  const [, ...parts] = model.toLowerCase().split(':');
  if (parts.at(-1) === 'free') parts.pop();
  const isVariant = (part: string): boolean => variant.test(`:${part}`);
  return [...new Set(parts.slice(parts.findLastIndex((part) => !isVariant(part)) + 1))];
}

/** What variants behind a model's name ask for, as far as they are not the model itself. */
function readVariants(variants: readonly string[], draft: Draft): void {
  const { controls, nobody } = draft;
  for (const one of variants) {
    if (one === 'nitro') controls['strategy'] ??= 'latency';
    else if (one === 'floor') controls['strategy'] ??= 'cost';
    else if (one === 'thinking') draft.effort ??= { by: 'model:thinking', value: 'medium' };
    else nobody.push(`model:${one}`);
  }
}

/** The body with fields that routers take. Thoughts are told in the caller's own words, and not in two at once. */
function withRouted(body: Json, routed: Json): Json {
  if (routed['reasoning'] === undefined) return { ...body, ...routed };
  const { reasoning_effort: _, ...rest } = body;
  return { ...rest, ...routed };
}

/** The fields of these names that routers take; their own names say nothing there. */
function readRouted(given: Json, { names, isRouter }: Reading): Json {
  const routed: Record<string, unknown> = {};
  for (const name of ['route', 'transforms', 'plugins', 'preset', 'reasoning', 'usage'])
    if (names.includes(name) && given[name] !== null) routed[name] = given[name];
  const provider = toRecord(given['provider']);
  const kept = Object.entries(provider).flatMap(([name, value]): [string, unknown][] => {
    if (!['order', 'only', 'ignore'].includes(name) || !Array.isArray(value)) return [[name, value]];
    const others = value.filter((one) => !isRouter(String(one).toLowerCase()));
    return others.length === 0 ? [] : [[name, others]];
  });
  if (kept.length > 0) routed['provider'] = Object.fromEntries(kept);
  return routed;
}

type Thoughts = Pick<ChatQuestion, 'body' | 'pivot' | 'marked' | 'needs'> & { readonly unsaid: readonly string[] };

/** The question told how hard to think, in the pivot and in the words of its format, as far as that has some. What the caller says in those words wins. */
function withEffort({ wire, body, pivot, marked, needs }: ChatQuestion, effort: Draft['effort']): Thoughts {
  const asked = marked === undefined ? {} : { marked };
  if (effort === null || toText(pivot['reasoning_effort']) !== null)
    return { body, pivot, needs, unsaid: [], ...asked };
  const { by, value } = effort;
  const told = { ...pivot, reasoning_effort: value };
  const thoughts = {
    pivot: told,
    needs: { ...needs, reasoning: value !== 'none' && value !== 'minimal' },
    ...(marked === undefined ? {} : { marked: () => ({ ...marked(), reasoning_effort: value }) }),
  };
  if (wire === 'openai-chat') return { ...thoughts, body: told, unsaid: [] };
  if (wire !== 'openai-responses') return { ...thoughts, body, unsaid: [by] };
  const reasoning = { ...toRecord(body['reasoning']), effort: value };
  return { ...thoughts, body: { ...body, reasoning }, unsaid: [] };
}

interface Reading {
  readonly names: readonly string[];
  /** What stands behind the model's name and is no part of it. */
  readonly variants: readonly string[];
  /** The cost is told whether it is asked for or not. */
  readonly tellsCost: boolean;
  /** Whether a name is that of a provider who is a router. */
  readonly isRouter: (name: string) => boolean;
}

/** Reads the fields of these names, and the variants. Throws CallerError `invalid_request`. */
export function readForeign(question: ChatQuestion, reading: Reading): ForeignRead {
  const { names } = reading;
  const isChat = question.wire === 'openai-chat';
  const draft: Draft = {
    controls: {},
    body: { ...question.body },
    models: [],
    routers: [],
    nobody: [],
    providers: anyProvider,
    tellsCost: reading.tellsCost,
    effort: null,
  };
  for (const name of names) delete draft.body[name];
  for (const name of names)
    if (question.body[name] !== null) (readers[name] ?? toNobody(name))(question.body[name], draft);
  readVariants(reading.variants, draft);
  const { body, controls, models, routers, nobody } = draft;
  const tellsCost = draft.tellsCost && isChat;
  if (tellsCost && question.stream)
    body['stream_options'] = { ...toRecord(body['stream_options']), include_usage: true };
  const wanted = question.models.length > 0 ? question.models : [question.model];
  const routed = readRouted(question.body, reading);
  const { unsaid, ...thoughts } = withEffort(
    { ...question, body, pivot: isChat ? body : question.pivot },
    draft.effort,
  );
  return {
    question: {
      ...question,
      ...thoughts,
      models: models.length === 0 ? question.models : [...wanted, ...models],
      includeUsage: question.includeUsage || tellsCost,
      dropped: question.dropped.filter((name) => !names.includes(name)),
      foreign: { toRouted: (asked) => withRouted(asked, routed), routers, nobody, unsaid },
    },
    controls,
    providers: draft.providers,
    tellsCost,
  };
}
