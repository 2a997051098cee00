// POST /v1/completions: one text, or several, each of which is a request of its own through the loop.
import { CallerError } from '#shared/failures.ts';
import type { Exchange, Gone, Headers } from '../ports.ts';
import { completions } from '../wire/completions/index.ts';
import { isRecord, parseJson, toAmount, toList, toRecord, toText, type Json } from '../wire/json.ts';
import { createChatEndpoint } from './chat.ts';
import { replyError, type Endpoint, type EndpointDeps, type Visit } from './endpoint.ts';
import { mapSome } from './pieces.ts';
import { readJsonBody } from './read-body.ts';

/** Clients that gather texts send 20 at once. */
const MOST_TEXTS = 64;
const TEXTS_AT_ONCE = 4;

interface Replied {
  status: number;
  headers: Headers;
  text: string;
}

/** One of several was refused, or failed: that is what the caller is told. */
class OneFailed extends Error {
  readonly reply: Replied;
  constructor(reply: Replied) {
    super('one of several texts failed');
    this.reply = reply;
  }
}

/** The texts of a body that holds several and can be answered in one piece; null of any other. Throws CallerError where they are too many. */
function readTexts(json: unknown): readonly string[] | null {
  const { prompt, stream } = toRecord(json);
  const texts = toList(prompt).filter((one) => typeof one === 'string');
  if (texts.length < 2 || texts.length < toList(prompt).length || stream === true) return null;
  if (texts.length <= MOST_TEXTS) return texts;
  const message = `prompt: expected at most ${MOST_TEXTS} texts; received ${texts.length}.`;
  throw new CallerError('invalid_request', message, { param: 'prompt' });
}

/** The caller's exchange for one of the texts, whose reply is kept. */
function toOwnExchange(exchange: Exchange, replied: Replied, gone: Set<(why: Gone) => void>): Exchange {
  const { method, path, query, headers, remoteAddress, deadlineAtMs, waitsForHandler = false } = exchange;
  const decoder = new TextDecoder();
  const add = (chunk: Uint8Array | string): void => {
    replied.text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  };
  return {
    method,
    path,
    query,
    headers,
    remoteAddress,
    deadlineAtMs,
    waitsForHandler,
    body: (limitBytes) => exchange.body(limitBytes),
    onGone: (listener) => void gone.add(listener),
    reply: (status, given) => {
      Object.assign(replied, { status, headers: given });
      return {
        write: (chunk) => (add(chunk), true),
        drained: () => Promise.resolve(),
        end: (last) => void (last !== undefined && add(last)),
      };
    },
  };
}

const encoder = new TextEncoder();

/** Asks for each text. Rejects with OneFailed. */
function askAll(
  one: Endpoint,
  visit: Visit,
  { json, texts }: { json: Json; texts: readonly string[] },
): Promise<Replied[]> {
  const gone = new Set<(why: Gone) => void>();
  visit.exchange.onGone((why) => gone.forEach((listener) => listener(why)));
  const ask = async ([index, prompt]: [number, string]): Promise<Replied> => {
    const replied: Replied = { status: 0, headers: {}, text: '' };
    const own = { ...json, prompt };
    const document = { json: own, bytes: encoder.encode(JSON.stringify(own)), fields: null };
    const exchange = toOwnExchange(visit.exchange, replied, gone);
    await one({ ...visit, requestId: `${visit.requestId}-${index}`, document, exchange });
    if (replied.status !== 200) throw new OneFailed(replied);
    return replied;
  };
  return mapSome([...texts.entries()], ask, TEXTS_AT_ONCE);
}

const countedNames = ['x-freeway-attempts', 'x-freeway-wait-ms', 'x-freeway-cost-usd'] as const;
const listedNames = ['x-freeway-trail', 'x-freeway-dropped'] as const;

/** The first one's head, with what all have taken together. What not all of them tell is not told. */
function joinHeaders(replies: readonly Replied[], requestId: string): Headers {
  const headers: Record<string, string> = { ...replies[0]?.headers, 'x-freeway-request-id': requestId };
  headers['x-request-id'] = requestId;
  for (const name of countedNames) {
    const counts = replies.map((one) => Number(one.headers[name] ?? Number.NaN));
    const sum = counts.reduce((total, count) => total + count, 0);
    if (Number.isNaN(sum)) delete headers[name];
    else headers[name] = String(Number(sum.toFixed(10)));
  }
  for (const name of listedNames) {
    const told = [...new Set(replies.flatMap((one) => one.headers[name] ?? []))];
    if (told.length > 0) headers[name] = told.join(', ').slice(0, 2_000);
  }
  return headers;
}

function joinUsage(documents: readonly Json[]): Json {
  const sumOf = (name: string): number =>
    documents.reduce((sum, { usage }) => sum + (toAmount(toRecord(usage)[name]) ?? Number.NaN), 0);
  const usage = { prompt_tokens: sumOf('prompt_tokens'), completion_tokens: sumOf('completion_tokens') };
  const total = usage.prompt_tokens + usage.completion_tokens;
  return Number.isNaN(total) ? {} : { usage: { ...usage, total_tokens: total } };
}

/** One document with a choice for each text, in their order. */
function joinDocuments(replies: readonly Replied[]): string {
  const documents = replies.map(({ text }) => toRecord(parseJson(text)));
  const [first = {}] = documents;
  const choices = documents.map((document, index) => ({ ...toRecord(toList(document['choices'])[0]), index }));
  const { usage: _, ...rest } = first;
  return JSON.stringify({ ...rest, model: toText(first['model']), choices, ...joinUsage(documents) });
}

/** The endpoint over its services. */
export function createCompletionsEndpoint(deps: EndpointDeps): Endpoint {
  const one = createChatEndpoint(deps, completions);
  return async (visit) => {
    try {
      const document = await readJsonBody(visit);
      const { json } = document;
      const texts = readTexts(json);
      if (texts === null || !isRecord(json)) return await one({ ...visit, document });
      const replies = await askAll(one, visit, { json, texts });
      visit.exchange.reply(200, joinHeaders(replies, visit.requestId)).end(joinDocuments(replies));
    } catch (error) {
      if (error instanceof OneFailed) {
        const { status, headers, text } = error.reply;
        return visit.exchange.reply(status, headers).end(text);
      }
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: completions, nowMs: deps.clock.now() });
    }
  };
}
