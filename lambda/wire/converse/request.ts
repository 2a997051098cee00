// Writes a Converse request from the OpenAI chat format.
import { closeSchema } from '../anthropic/request-tools.ts';
import { appliesTo, bendBody, takesMarks } from '../openai-chat/quirks.ts';
import type { Json } from '../json.ts';
import { isRecord, toAmount, toList, toRecord, toText } from '../json.ts';
import type { Field } from '../splice.ts';
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';
import { effortBudgets, toEffortBody } from '../pivot-effort.ts';
import { withJsonWords } from '../pivot-json.ts';
import { noteStrict, toOffer } from '../pivot-offer.ts';
import { toMessages } from './request-messages.ts';
import { toToolConfig } from './request-tools.ts';

/** Fields of the OpenAI chat format that are told here in other words, or mean nothing to a provider. */
const told: ReadonlySet<string> = new Set([
  'model', 'models', 'freeway', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p',
  'stop', 'tools', 'functions', 'tool_choice', 'function_call', 'parallel_tool_calls', 'response_format', 'reasoning_effort', 'n',
]); // prettier-ignore

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== false;

/** The request for the target. */
export function renderRequest(
  { pivot, marked }: ChatQuestion,
  _: readonly Field[] | null,
  target: RequestTarget,
): RenderedRequest {
  const asked = toEffortBody(bendBody(marked?.() ?? pivot, target));
  const dropped = new Set(Object.keys(asked).filter((name) => !told.has(name) && isGiven(asked[name])));
  const bent = withJsonWords(toOffer(asked, dropped));
  const { system, messages } = toMessages(bent['messages'], { dropped, takesMarks: takesMarks(target) });
  const tools = toToolConfig(bent, messages, dropped);
  noteStrict(bent, dropped);
  const effort = toEffort(bent, { target, messages, dropped });
  const inference = toInference(bent, { target, isThinking: effort !== null, dropped });
  const output = toOutput(bent, dropped);
  const body = {
    messages,
    ...(system.length === 0 ? {} : { system }),
    ...(Object.keys(inference).length === 0 ? {} : { inferenceConfig: inference }),
    ...(tools === null ? {} : { toolConfig: tools }),
    ...(effort === null ? {} : { additionalModelRequestFields: effort }),
    ...(output === null ? {} : { outputConfig: output }),
  };
  return { text: JSON.stringify(body), dropped: [...dropped] };
}

function toBound(body: Json, { maxOutputTokens }: RequestTarget): number | null {
  const asked = toAmount(body['max_completion_tokens']) ?? toAmount(body['max_tokens']);
  return asked === undefined ? null : Math.min(asked, maxOutputTokens ?? asked);
}

/** Whoever thinks may not be told how to sample. */
function toInference(
  body: Json,
  { target, isThinking, dropped }: { target: RequestTarget; isThinking: boolean; dropped: Set<string> },
): Json {
  const bound = toBound(body, target);
  const temperature = toAmount(body['temperature']);
  const topP = toAmount(body['top_p']);
  if (isThinking && temperature !== undefined && temperature !== 1) dropped.add('temperature');
  if ((isThinking || temperature !== undefined) && topP !== undefined && topP !== 1) dropped.add('top_p');
  const stops = [body['stop']].flat().filter((stop) => typeof stop === 'string' && stop.trim() !== '');
  return {
    ...(bound === null ? {} : { maxTokens: bound }),
    // Here 1 is the highest, and several models take one of the two.
    ...(isThinking || temperature === undefined ? {} : { temperature: Math.min(1, temperature) }),
    ...(isThinking || topP === undefined || temperature !== undefined ? {} : { topP }),
    ...(stops.length === 0 ? {} : { stopSequences: stops }),
  };
}

/** The format knows no JSON without a schema: it is asked for in words, which makes it likely, not certain. */
function toOutput(body: Json, dropped: Set<string>): Json | null {
  const format = toRecord(body['response_format']);
  const { schema, name, description } = toRecord(format['json_schema']);
  if (format['type'] === 'json_object') dropped.add('response_format');
  if (format['type'] !== 'json_schema' || !isRecord(schema)) return null;
  const jsonSchema = {
    schema: JSON.stringify(closeSchema(schema)),
    ...(toText(name) === null ? {} : { name }),
    ...(toText(description) === null ? {} : { description }),
  };
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } };
}

/** The bound of the answer must leave room for as much. */
const SMALLEST_BUDGET = 1_024;
/** What is taken off the answer's bound where neither caller nor catalog know any. */
const USUAL_MAX_TOKENS = 4_096;

interface EffortInput {
  readonly target: RequestTarget;
  readonly messages: readonly Json[];
  readonly dropped: Set<string>;
}

/** How hard to think, where the model is told so; null when it is not. */
function toEffort(body: Json, { target, messages, dropped }: EffortInput): Json | null {
  const effort = toText(body['reasoning_effort']);
  if (effort === null || effort === 'none' || effort === 'minimal') return null;
  const quirk = target.quirks.find((one) => one.kind === 'effort' && appliesTo(one, target.model));
  const as = quirk?.kind === 'effort' ? quirk.as : null;
  if (as === 'reasoning_effort') return { reasoning_effort: effort };
  if (as === 'reasoningConfig')
    return {
      reasoningConfig: { type: 'enabled', maxReasoningEffort: /^(?:xhigh|max)$/.test(effort) ? 'high' : effort },
    };
  const room = (toBound(body, target) ?? target.maxOutputTokens ?? USUAL_MAX_TOKENS) - SMALLEST_BUDGET;
  const budget = effortBudgets[effort];
  if (as === 'thinking' && budget !== undefined && mayThink(body, messages) && room >= SMALLEST_BUDGET)
    return { thinking: { type: 'enabled', budget_tokens: Math.min(budget, room) } };
  dropped.add('reasoning_effort');
  return null;
}

/** Thinking goes neither with a forced tool nor behind an answer whose thoughts are not known. */
function mayThink(body: Json, messages: readonly Json[]): boolean {
  const choice = body['tool_choice'] ?? body['function_call'];
  if (choice !== undefined && choice !== null && choice !== 'auto' && choice !== 'none') return false;
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  if (last >= 0 && last === messages.length - 1) return false;
  return !toList(messages[last]?.['content']).some((block) => toRecord(block)['toolUse'] !== undefined);
}
