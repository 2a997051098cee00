// The Gemini surface: what is asked stands in the URL, behind the model. Streams go out as events or as one growing JSON array.
import { CallerError } from '#shared/failures.ts';
import type { Exchange, ReplyBody } from '../ports.ts';
import { toVectorsErrand } from '../gateway/embed.ts';
import { embedMethods, parseEmbed, toEmbedWriter, type EmbedMethod } from '../wire/gemini/embed.ts';
import { isRecord } from '../wire/json.ts';
import { createSse, feedSse } from '../wire/sse.ts';
import type { ChatWire } from '../wire/types.ts';
import { createCaller, type ExchangeCaller } from './caller.ts';
import { createChatEndpoint } from './chat.ts';
import { countInput } from './count-tokens.ts';
import {
  principalOf,
  replyError,
  replyJson,
  type Endpoint,
  type EndpointDeps,
  type JsonBody,
  type Visit,
} from './endpoint.ts';
import { findModel, listModels, servedTo, type ListedModel } from './model-list.ts';
import { createPlainEndpoint } from './plain.ts';
import { readJsonBody } from './read-body.ts';

const chatMethods = ['generateContent', 'streamGenerateContent', 'countTokens'] as const;
const methods = [...chatMethods, ...embedMethods] as const;
type Method = (typeof methods)[number];

interface Call {
  readonly model: string;
  readonly method: Method;
}

/** `{model}:{method}`. Throws CallerError `not_found`. */
function parseCall({ params }: Visit): Call {
  const call = params['call'] ?? '';
  const at = call.lastIndexOf(':');
  const method = methods.find((known) => known === call.slice(at + 1));
  if (at > 0 && method !== undefined) return { model: call.slice(0, at).replace(/^models\//, ''), method };
  throw new CallerError(
    'not_found',
    `There is nothing at this URL. After the model comes ":" and one of ${methods.join(', ')}.`,
  );
}

/** The body with what stands in the URL laid beside it. */
async function readQuestion(visit: Visit, { model, method }: Call): Promise<JsonBody> {
  const { json, bytes, fields } = await readJsonBody(visit);
  const question = isRecord(json) ? { ...json, model, stream: method === 'streamGenerateContent' } : json;
  return { json: question, bytes, fields };
}

const wantsEvents = ({ query }: Exchange): boolean => new URLSearchParams(query).get('alt') === 'sse';

/** Turns the events of a stream into the elements of an array. */
function toArrayBody(body: ReplyBody): ReplyBody {
  const decoder = new TextDecoder();
  let sse = createSse();
  let count = 0;
  const toElements = (chunk: Uint8Array | string): string => {
    const step = feedSse(sse, typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    sse = step.state;
    const data = step.frames.flatMap((frame) => (frame.data === null ? [] : [frame.data]));
    return data.map((one) => `${count++ === 0 ? '[' : ',\r\n'}${one}`).join('');
  };
  return {
    write: (chunk) => body.write(toElements(chunk)),
    drained: () => body.drained(),
    end: (last) => {
      const rest = last === undefined ? '' : toElements(last);
      body.end(`${rest}${count === 0 ? '[' : ''}]`);
    },
  };
}

function createArrayCaller(visit: Visit): ExchangeCaller {
  const caller = createCaller(visit);
  let body: ReplyBody | null = null;
  return {
    ...caller,
    get gone() {
      return caller.gone;
    },
    commit: (receipt) => (body = toArrayBody(caller.commit(receipt, 'application/json'))),
    body: () => body,
  };
}

const isEmbed = (method: Method): method is EmbedMethod => embedMethods.some((known) => known === method);

/** Vectors for one model. */
const toEmbedEndpoint = (deps: EndpointDeps, wire: ChatWire, asked: { model: string; method: EmbedMethod }): Endpoint =>
  createPlainEndpoint(deps, 'embedding', {
    toErrand: (json) => toVectorsErrand(parseEmbed(json, asked), toEmbedWriter(asked.method)),
    renderer: wire,
  });

/** POST {model}:generateContent, :streamGenerateContent, :countTokens, :embedContent and :batchEmbedContents. */
export function createGeminiEndpoint(deps: EndpointDeps, wire: ChatWire): Endpoint {
  const over = (call: Call, isArray: boolean): Endpoint =>
    createChatEndpoint(deps, {
      wire,
      read: (visit) => readQuestion(visit, call),
      createCaller: isArray ? createArrayCaller : createCaller,
    });
  return async (visit) => {
    const call = parseCall(visit);
    const { model, method } = call;
    if (isEmbed(method)) return toEmbedEndpoint(deps, wire, { model, method })(visit);
    if (method === 'countTokens') return count(deps, visit, { wire, call });
    const isArray = method === 'streamGenerateContent' && !wantsEvents(visit.exchange);
    await over(call, isArray)(visit);
  };
}

async function count(deps: EndpointDeps, visit: Visit, { wire, call }: { wire: ChatWire; call: Call }): Promise<void> {
  try {
    const { json } = await readQuestion(visit, call);
    const inner = isRecord(json) ? json['generateContentRequest'] : undefined;
    const question = wire.parseQuestion(isRecord(inner) ? { ...inner, model: call.model } : json);
    replyJson(visit, 200, { totalTokens: await countInput(deps, question) });
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    replyError(visit, error, { renderer: wire, nowMs: deps.clock.now() });
  }
}

const largest = (amounts: readonly (number | null)[]): number => Math.max(0, ...amounts.map((amount) => amount ?? 0));

function toModel({ id, candidates }: ListedModel): Record<string, unknown> {
  const context = largest(candidates.map((one) => one.context));
  const maxOutput = largest(candidates.map((one) => one.maxOutput));
  return {
    name: `models/${id}`,
    baseModelId: id,
    displayName: id,
    ...(context === 0 ? {} : { inputTokenLimit: context }),
    ...(maxOutput === 0 ? {} : { outputTokenLimit: maxOutput }),
    supportedGenerationMethods: [
      ...(candidates.some(({ kind }) => kind === 'chat') ? chatMethods : []),
      ...(candidates.some(({ kind }) => kind === 'embedding') ? embedMethods : []),
    ],
  };
}

/** GET models, all in one page, and GET models/{id}, by any name a request may use. */
export function createGeminiModelsEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    const principal = principalOf(visit);
    const { fleet } = await deps.current(principal);
    const served = servedTo(principal, fleet, deps.clock.now());
    const permitted = served.filter(({ kind }) => kind === 'chat' || kind === 'embedding');
    const { id } = visit.params;
    if (id === undefined) return replyJson(visit, 200, { models: listModels(permitted).map(toModel) });
    replyJson(visit, 200, toModel(await findModel(id, { fleet, aliases: deps.modelAliases, permitted })));
  };
}
