// Writes whole replies in the Responses format, and the items both whole replies and streams are made of.
import type { Usage } from '#shared/usage.ts';
import type { Answer, ChatQuestion, Finish, ReplyHead, ToolCall } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';
import { toSeal } from '../seals.ts';
import { toForeignId } from './foreign.ts';
import { toCallNames, toToolNames, type ToolNames } from './tool-names.ts';

/** A whole reply as JSON text. */
export function renderReply(
  answer: Answer,
  question: ChatQuestion,
  freeway?: Readonly<Record<string, unknown>>,
): string {
  const { content, reasoning, refusal, toolCalls, finish, usage } = answer;
  const tools = toToolNames(question.body);
  const parts = [
    ...(content === '' ? [] : [toTextPart(content)]),
    ...(refusal === '' ? [] : [{ type: 'refusal', refusal }]),
  ];
  const output = [
    ...(reasoning === '' ? [] : [toThoughtItem(toForeignId(answer.id), reasoning)]),
    ...(parts.length === 0 ? [] : [toMessageItem(`msg_${answer.id}`, parts, 'completed')]),
    ...toolCalls.flatMap((call, index) => [
      ...toSealedItems(`${answer.id}_${index}`, call.signature, question),
      toCallItem(`${answer.id}_${index}`, call, tools),
    ]),
  ];
  const response = { ...toResponse(answer, question), ...toEnd(finish ?? 'stop'), output, usage: toUsageJson(usage) };
  return JSON.stringify(freeway === undefined ? response : { ...response, freeway });
}

const given = (value: unknown, otherwise: unknown): unknown => (value === undefined ? otherwise : value);

/** A response without output, as a stream begins with it: what was asked for is repeated in it. */
export function toResponse({ id, model, created }: ReplyHead, { body }: ChatQuestion): Json {
  const { effort = null, summary = null } = toRecord(body['reasoning']);
  return {
    id: id.startsWith('resp_') ? id : `resp_${id}`,
    object: 'response',
    created_at: created,
    completed_at: null,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: given(body['instructions'], null),
    max_output_tokens: given(body['max_output_tokens'], null),
    max_tool_calls: given(body['max_tool_calls'], null),
    metadata: body['metadata'] ?? {},
    model,
    output: [],
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    presence_penalty: 0,
    frequency_penalty: 0,
    previous_response_id: null,
    prompt_cache_key: given(body['prompt_cache_key'], null),
    reasoning: { effort, summary },
    safety_identifier: given(body['safety_identifier'], null),
    service_tier: 'default',
    store: false,
    temperature: body['temperature'] ?? 1,
    text: { format: { type: 'text' }, ...toRecord(body['text']) },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: toList(body['tools']).map(toTool),
    top_logprobs: body['top_logprobs'] ?? 0,
    top_p: body['top_p'] ?? 1,
    truncation: body['truncation'] ?? 'disabled',
    usage: null,
    user: given(body['user'], null),
  };
}

function toTool(tool: unknown): Json {
  const record = toRecord(tool);
  if (record['type'] !== 'function') return record;
  return {
    ...record,
    description: record['description'] ?? null,
    parameters: record['parameters'] ?? null,
    strict: record['strict'] ?? true,
  };
}

/** How a response ended. */
export function toEnd(finish: Finish): Json {
  const reason = finish === 'length' ? 'max_output_tokens' : finish === 'content_filter' ? 'content_filter' : null;
  return reason === null ? { status: 'completed' } : { status: 'incomplete', incomplete_details: { reason } };
}

/** A part of a message; the format demands its lists. */
export const toTextPart = (text: string): Json => ({ type: 'output_text', text, annotations: [], logprobs: [] });

/** The item of what was said. */
export function toMessageItem(id: string, content: readonly Json[], status: 'in_progress' | 'completed'): Json {
  return { id, type: 'message', status, role: 'assistant', content };
}

/** The item of what was thought. */
export function toThoughtItem(id: string, text: string): Json {
  return { id, type: 'reasoning', summary: text === '' ? [] : [{ type: 'summary_text', text }] };
}

/** What the next call is signed with, as a thought that nobody reads, for callers who keep such. */
export const toSealedItems = (id: string, signature: string | undefined, { body }: ChatQuestion): readonly Json[] =>
  signature === undefined || !toList(body['include']).includes('reasoning.encrypted_content')
    ? []
    : [{ id: toForeignId(id), type: 'reasoning', summary: [], encrypted_content: toSeal(signature) }];

/** The item of a call, complete. Tools that take plain text get it out of the one argument they have elsewhere. */
export function toCallItem(id: string, call: ToolCall, tools: ToolNames): Json {
  const { id: callId, arguments: text } = call;
  const names = toCallNames(tools, call.name);
  if (tools.get(call.name)?.takesText === true)
    return {
      id: `ctc_${id}`,
      type: 'custom_tool_call',
      call_id: callId,
      ...names,
      input: toInputText(text),
      status: 'completed',
    };
  return {
    id: `fc_${id}`,
    type: 'function_call',
    call_id: callId,
    ...names,
    arguments: text === '' ? '{}' : text,
    status: 'completed',
  };
}

/** The plain text a call was made with. */
function toInputText(text: string): string {
  const json = parseJson(text);
  return isRecord(json) ? (toText(json['input']) ?? '') : text;
}

/** The use in the format's words, which demand numbers: what is not known is told as 0. */
export function toUsageJson(usage: Usage | null): Json | null {
  if (usage === null) return null;
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens = 0, cacheWriteTokens = 0, reasoningTokens = 0 } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens, cache_write_tokens: cacheWriteTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  };
}
