// Reads a whole reply of the Responses format: what the gateway must know of it, or why it is none.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { findFault, finishAfter } from '../facts.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { Answer, Finish, ParsedReply, ReplyContext } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toAmount, toKnown, toList, toRecord, toText, toTokens } from '../json.ts';
import { toTerms } from '../billed.ts';
import { toFlatName } from './tool-names.ts';
import { reportedCostUsd } from '../openai-chat/usage.ts';

/** Reads the body of a reply of status 200. */
export function parseReply(text: string, context: ReplyContext): ParsedReply {
  const json = parseJson(text);
  if (json === undefined) return refuse('The provider answered with a body that is not valid JSON.');
  if (isErrorBody(json)) return { facts: null, failure: toInnerFailure(json, text, context) };
  const answer = readResponse(json);
  if (answer === null || !isRecord(json)) return refuse('The provider answered with JSON that is no response.');
  if (json['status'] === 'failed') return refuse('The provider broke the answer off with an error of its own.');
  // What hosted tools did makes an answer, too.
  const others = toList(json['output']).filter((item) => !told.has(String(toRecord(item)['type']))).length;
  const fault = others > 0 ? null : findFault(answer);
  if (fault !== null) return { facts: null, failure: { ...fault, status: 200 } };
  const { usage, finish, content, reasoning, refusal, toolCalls } = answer;
  const length = content.length + reasoning.length + refusal.length;
  return {
    facts: {
      usage,
      finish,
      model: toText(json['model']),
      contentLength: toolCalls.reduce((sum, call) => sum + call.arguments.length, length) + others,
      toolCalls: toolCalls.length,
      normalise: null,
    },
    failure: null,
  };
}

const told: ReadonlySet<string> = new Set(['message', 'reasoning', 'function_call']);

function refuse(message: string): ParsedReply {
  const failure: ProviderFailure = { kind: 'bad_reply', message, status: 200 };
  return { facts: null, failure };
}

/** A whole reply as an answer; null when the text is no response. */
export function toAnswer(text: string): Answer | null {
  return readResponse(parseJson(text));
}

function readResponse(json: unknown): Answer | null {
  if (!isRecord(json) || !Array.isArray(json['output'])) return null;
  const items = json['output'].filter(isRecord);
  const parts = items.filter(({ type }) => type === 'message').flatMap(({ content }) => toList(content).map(toRecord));
  const toolCalls = items
    .filter(({ type }) => type === 'function_call')
    .map((call) => ({
      id: toText(call['call_id']) ?? toText(call['id']) ?? '',
      name: toFlatName(toText(call['namespace']), toText(call['name']) ?? ''),
      arguments: toText(call['arguments']) ?? '',
    }));
  return {
    id: toText(json['id']) ?? '',
    model: toText(json['model']) ?? '',
    created: toAmount(json['created_at']) ?? 0,
    content: join(parts, 'text'),
    reasoning: items.map(toThoughts).join(''),
    refusal: join(parts, 'refusal'),
    toolCalls,
    finish: finishAfter(toFinish(json), toolCalls.length),
    usage: toUsage(json),
  };
}

function join(parts: readonly Json[], field: 'text' | 'refusal'): string {
  return parts.map((part) => toText(part[field]) ?? '').join('');
}

/** Thoughts as they are told: summaries where there are any, else the thoughts themselves. */
function toThoughts(item: Json): string {
  if (item['type'] !== 'reasoning') return '';
  const textsOf = (list: unknown): string[] => toList(list).map((part) => toText(toRecord(part)['text']) ?? '');
  const summary = textsOf(item['summary']);
  return (summary.length > 0 ? summary : textsOf(item['content'])).join('\n\n');
}

/** Why a response ended; null while it goes on. */
export function toFinish({ status, incomplete_details: details }: Json): Finish | null {
  if (status === 'completed') return 'stop';
  if (status === 'failed' || status === 'cancelled') return 'error';
  if (status !== 'incomplete') return null;
  return toRecord(details)['reason'] === 'content_filter' ? 'content_filter' : 'length';
}

/** Searches of the web among what a response holds; the opening of a page that was found is none. */
function toSearches(output: unknown): number | undefined {
  const calls = toList(output)
    .map(toRecord)
    .filter(({ type }) => type === 'web_search_call');
  return calls.filter(({ action }) => (toText(toRecord(action)['type']) ?? 'search') === 'search').length || undefined;
}

/** The use of a response; null when nothing is known. */
export function toUsage(response: Json): Usage | null {
  const usage = toRecord(response['usage']);
  const input = toRecord(usage['input_tokens_details']);
  return toKnown<Usage>({
    inputTokens: toTokens(usage['input_tokens']),
    outputTokens: toTokens(usage['output_tokens']),
    cachedInputTokens: toTokens(input['cached_tokens']),
    cacheWriteTokens: toTokens(input['cache_write_tokens']),
    reasoningTokens: toTokens(toRecord(usage['output_tokens_details'])['reasoning_tokens']),
    searches: toSearches(response['output']),
    reportedCostUsd: reportedCostUsd(usage),
    billedAs: toTerms(response['service_tier']),
  });
}
