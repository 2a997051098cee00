// Writes a Messages request: for callers of the same format inside their own text, for all others from the OpenAI chat format.
import { bendBody } from '../openai-chat/quirks.ts';
import { rewriteBody } from '../rewrite.ts';
import { areRefused } from '../signatures.ts';
import type { Field } from '../splice.ts';
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toAmount, toRecord, toText } from '../json.ts';
import { effortBudgets, toEffortBody } from '../pivot-effort.ts';
import { withJsonWords } from '../pivot-json.ts';
import { noteStrict, toOffer } from '../pivot-offer.ts';
import { fitForeign, isThoughtless, withoutForeignThoughts } from './foreign.ts';
import { retellMidway, takesMidway } from './midway.ts';
import { toMessages } from './request-messages.ts';
import { closeSchema, toChoice, toTools } from './request-tools.ts';

/** The format demands a bound on every answer; this one where neither caller nor catalog know any. */
const USUAL_MAX_TOKENS = 4_096;

/** The request for the target. */
export function renderRequest(
  question: ChatQuestion,
  fields: readonly Field[] | null,
  target: RequestTarget,
): RenderedRequest {
  if (question.wire !== 'anthropic') return fromPivot(question, target);
  const { body } = question;
  const { body: bent, dropped } = fitForeign(
    retellMidway(bendBody(body, target), takesMidway(target)),
    areRefused(target.stripped),
  );
  const bound = bent['max_tokens'] ?? target.maxOutputTokens ?? USUAL_MAX_TOKENS;
  const next = {
    ...bent,
    ...(bound === body['max_tokens'] ? {} : toRoom(bent, Number(bound))),
    model: target.model,
    max_tokens: bound,
  };
  const rendered = rewriteBody(body, fields, next);
  return dropped.length === 0 ? rendered : { text: rendered.text, dropped };
}

/** Thoughts count towards the bound: where it was lowered, they must leave room for an answer. */
function toRoom({ thinking }: Json, bound: number): Json {
  const budget = toAmount(toRecord(thinking)['budget_tokens']);
  const most = Math.max(SMALLEST_BUDGET, bound - SMALLEST_BUDGET);
  return budget === undefined || budget < bound || most >= bound
    ? {}
    : { thinking: { ...toRecord(thinking), budget_tokens: most } };
}

/** Fields of the OpenAI chat format that are told here in other words, or mean nothing to a provider. */
const told: ReadonlySet<string> = new Set([
  'model', 'models', 'freeway', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k',
  'stop', 'tools', 'functions', 'tool_choice', 'function_call', 'parallel_tool_calls', 'response_format', 'reasoning_effort', 'user', 'n',
]); // prettier-ignore

function fromPivot({ pivot, stream }: ChatQuestion, target: RequestTarget): RenderedRequest {
  const asked = toEffortBody(bendBody(pivot, target));
  const dropped = new Set(Object.keys(asked).filter((name) => !told.has(name) && isGiven(asked[name])));
  const bent = withJsonWords(toOffer(asked, dropped));
  const { system, messages: retold } = toMessages(bent['messages'], dropped);
  const messages = withoutForeignThoughts(retold, areRefused(target.stripped));
  const tools = toTools(bent);
  noteStrict(bent, dropped);
  const choice = tools.length === 0 ? null : toChoice(bent);
  const body: Record<string, unknown> = {
    model: target.model,
    max_tokens: toBound(bent, target),
    ...(system.length === 0 ? {} : { system }),
    messages,
    ...(stream ? { stream } : {}),
    ...toSampling(bent, dropped),
    ...(tools.length === 0 ? {} : { tools }),
    ...(choice === null ? {} : { tool_choice: choice }),
    ...(toText(bent['user']) === null ? {} : { metadata: { user_id: bent['user'] } }),
    ...toOutput(bent, { target, mayThink: mayThink(messages, choice), dropped }),
  };
  // Whoever thinks may not be told how to sample.
  if (body['thinking'] !== undefined)
    for (const name of ['temperature', 'top_p', 'top_k']) {
      if (body[name] !== undefined && body[name] !== 1) dropped.add(name);
      delete body[name];
    }
  for (const field of target.stripped) delete body[field];
  return { text: JSON.stringify(body), dropped: [...dropped] };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== false;

function toBound(body: Json, { maxOutputTokens }: RequestTarget): number {
  const asked = toAmount(body['max_completion_tokens']) ?? toAmount(body['max_tokens']);
  if (asked === undefined) return maxOutputTokens ?? USUAL_MAX_TOKENS;
  return Math.min(asked, maxOutputTokens ?? asked);
}

function toSampling(body: Json, dropped: Set<string>): Json {
  const temperature = toAmount(body['temperature']);
  const topP = toAmount(body['top_p']);
  const topK = toAmount(body['top_k']);
  if (topP !== undefined && topP !== 1 && temperature !== undefined) dropped.add('top_p');
  const stops = [body['stop']].flat().filter((stop) => typeof stop === 'string' && stop.trim() !== '');
  return {
    // Here 1 is the highest.
    ...(temperature === undefined ? {} : { temperature: Math.min(1, temperature) }),
    // The format takes one of the two.
    ...(topP === undefined || temperature !== undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(stops.length === 0 ? {} : { stop_sequences: stops }),
  };
}

/** Thinking goes neither with a forced tool nor behind tool calls of an answer whose thoughts are not known. */
function mayThink(messages: readonly unknown[], choice: Json | null): boolean {
  if (choice !== null && choice['type'] !== 'auto' && choice['type'] !== 'none') return false;
  const last = messages.findLastIndex((message) => toRecord(message)['role'] === 'assistant');
  if (last === messages.length - 1 && last >= 0) return false;
  return !isThoughtless(messages);
}

/** The bound of the answer must leave room for as much. */
const SMALLEST_BUDGET = 1_024;

function toOutput(
  body: Json,
  { target, mayThink: may, dropped }: { target: RequestTarget; mayThink: boolean; dropped: Set<string> },
): Json {
  const config: Record<string, unknown> = {};
  const thinking = toThinking(body, { target, may, config });
  const effort = toText(body['reasoning_effort']);
  const wantsThought = effort !== null && (effortBudgets[effort] ?? Infinity) >= SMALLEST_BUDGET;
  if (wantsThought && thinking === null && config['effort'] === undefined) dropped.add('reasoning_effort');
  const format = toRecord(body['response_format']);
  const schema = toRecord(format['json_schema'])['schema'];
  if (format['type'] === 'json_schema' && isRecord(schema))
    config['format'] = { type: 'json_schema', schema: closeSchema(schema) };
  // The format knows no JSON without a schema: it is asked for in words, which makes it likely, not certain.
  if (format['type'] === 'json_object') dropped.add('response_format');
  return {
    ...(thinking === null ? {} : { thinking }),
    ...(Object.keys(config).length === 0 ? {} : { output_config: config }),
  };
}

/** Models either take a budget of tokens, or an effort: where the first was refused, the second is told. */
function toThinking(
  body: Json,
  { target, may, config }: { target: RequestTarget; may: boolean; config: Record<string, unknown> },
): Json | null {
  const effort = toText(body['reasoning_effort']);
  const budget = effort === null ? undefined : effortBudgets[effort];
  // Less than the format takes is none.
  if (effort === null || budget === undefined || budget < SMALLEST_BUDGET || !may) return null;
  const isRefused = target.stripped.some((field) => field.startsWith('thinking'));
  if (isRefused) {
    config['effort'] = effort;
    return null;
  }
  const room = toBound(body, target) - SMALLEST_BUDGET;
  return room < SMALLEST_BUDGET ? null : { type: 'enabled', budget_tokens: Math.min(budget, room) };
}
