// POST /v1/completions: one text, or several, each of which is a request of its own through the loop.
import { CallerError } from '#shared/failures.ts';
import type { UsageRecord } from '#shared/api/usage.ts';
import type { Gone, Headers } from '../ports.ts';
import { withMembers } from '../ports-exchange.ts';
import { completions } from '../wire/completions/index.ts';
import { isRecord, parseJson, toAmount, toList, toRecord, toText, type Json } from '../wire/json.ts';
import { createChatEndpoint } from './chat.ts';
import { replyError, type Endpoint, type EndpointDeps, type Visit } from './endpoint.ts';
import { collectReply, type OwnReply } from './own-request.ts';
import { mapSome } from './pieces.ts';
import { readJsonBody } from './read-body.ts';

/** Clients that gather texts send 20 at once. */
const MOST_TEXTS = 64;
const TEXTS_AT_ONCE = 4;

/** One of several was refused, or failed: that is what the caller is told. */
class OneFailed extends Error {
  readonly reply: OwnReply;
  constructor(reply: OwnReply) {
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

const encoder = new TextEncoder();

/** Asks for each text. Rejects with OneFailed. */
function askAll(
  one: Endpoint,
  visit: Visit,
  { json, texts }: { json: Json; texts: readonly string[] },
): Promise<OwnReply[]> {
  const gone = new Set<(why: Gone) => void>();
  visit.exchange.onGone((why) => gone.forEach((listener) => listener(why)));
  const ask = async ([index, prompt]: [number, string]): Promise<OwnReply> => {
    const own = { ...json, prompt };
    const document = { json: own, bytes: encoder.encode(JSON.stringify(own)), fields: null };
    const { reply, replied } = collectReply();
    const exchange = withMembers(visit.exchange, { reply, onGone: (listener) => void gone.add(listener) });
    await one({ ...visit, requestId: `${visit.requestId}-${index}`, document, exchange });
    const told = replied();
    if (told.status !== 200) throw new OneFailed(told);
    return told;
  };
  return mapSome([...texts.entries()], ask, TEXTS_AT_ONCE);
}

/** Asks for each text, and tells of all of them by one record: the first, if nothing was wrong with any. */
async function answerAll(
  one: Endpoint,
  visit: Visit,
  asked: { readonly json: Json; readonly texts: readonly string[] },
): Promise<void> {
  const records: UsageRecord[] = [];
  const replies = await askAll(one, { ...visit, onRecord: (record) => void records.push(record) }, asked);
  visit.exchange.reply(200, joinHeaders(replies, visit.requestId)).end(joinDocuments(replies));
  const told = records.find(({ outcome }) => outcome !== 'ok') ?? records[0];
  if (told !== undefined) visit.onRecord?.({ ...told, request_id: visit.requestId });
}

const countedNames = ['x-freeway-attempts', 'x-freeway-wait-ms', 'x-freeway-cost-usd'] as const;
const listedNames = ['x-freeway-trail', 'x-freeway-dropped'] as const;

/** The first one's head, with what all have taken together. What not all of them tell is not told. */
function joinHeaders(replies: readonly OwnReply[], requestId: string): Headers {
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
function joinDocuments(replies: readonly OwnReply[]): string {
  const documents = replies.map(({ body }) => toRecord(parseJson(body)));
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
      await answerAll(one, visit, { json, texts });
    } catch (error) {
      if (error instanceof OneFailed) {
        const { status, headers, body } = error.reply;
        return visit.exchange.reply(status, headers).end(body);
      }
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: completions, nowMs: deps.clock.now() });
    }
  };
}
