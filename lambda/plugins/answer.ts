// Tells what models of the Vercel AI SDK answer in the OpenAI chat format: whole, part by part of a stream, and as errors. Pure.
import { toAmount, toRecord, toText, toTokens, type Json } from '../wire/json.ts';
import type { Generated, Part } from './sdk.ts';

/** What every chunk of an answer repeats. */
export interface Head {
  readonly id: string;
  readonly model: string;
  readonly created: number;
}

const finishes: Readonly<Record<string, string>> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content_filter',
  'tool-calls': 'tool_calls',
  other: 'stop',
  unknown: 'stop',
};

/** Why it ended; `error`, where it broke off. Version 2 tells a word, later ones a word of their own and the provider's. */
const toFinish = (reason: unknown): string =>
  finishes[toText(reason) ?? toText(toRecord(reason)['unified']) ?? 'other'] ?? 'error';

/** Version 2 tells numbers, later ones their parts. */
const totalOf = (count: unknown): number | undefined => toTokens(count) ?? toTokens(toRecord(count)['total']);

function toUsage(given: unknown): Json | undefined {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = toRecord(given);
  const prompt = totalOf(inputTokens);
  const completion = totalOf(outputTokens);
  if (prompt === undefined && completion === undefined) return undefined;
  const cached = toTokens(cachedInputTokens) ?? toTokens(toRecord(inputTokens)['cacheRead']);
  const written = toTokens(toRecord(inputTokens)['cacheWrite']);
  const reasoning = toTokens(reasoningTokens) ?? toTokens(toRecord(outputTokens)['reasoning']);
  return {
    prompt_tokens: prompt ?? 0,
    completion_tokens: completion ?? 0,
    total_tokens: (prompt ?? 0) + (completion ?? 0),
    ...(cached === undefined && written === undefined
      ? {}
      : { prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

const toArguments = (input: unknown): string => (typeof input === 'string' ? input : JSON.stringify(input ?? {}));

/** A whole answer as JSON text. */
export function renderWhole({ content, finishReason, usage }: Generated, head: Head): string {
  const textOf = (type: string): string =>
    content.map((part) => (part.type === type ? (toText(part['text']) ?? '') : '')).join('');
  const calls = content
    .filter(({ type, providerExecuted }) => type === 'tool-call' && providerExecuted !== true)
    .map(({ toolCallId, toolName, input }) => ({
      id: toolCallId,
      type: 'function',
      function: { name: toolName, arguments: toArguments(input) },
    }));
  const text = textOf('text');
  const thoughts = textOf('reasoning');
  const message = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: toFinish(finishReason) };
  return JSON.stringify({ ...head, object: 'chat.completion', choices: [choice], usage: toUsage(usage) });
}

/** Writes a stream part by part. */
export interface PartWriter {
  /** The first event, before any content. */
  start(): string;
  /** The events of a part; none for parts that mean nothing here. */
  write(part: Part): string;
}

const toEvent = (document: Json): string => `data: ${JSON.stringify(document)}\n\n`;

/** Begins to write a stream. */
export function createPartWriter(head: Head): PartWriter {
  const calls = new Map<unknown, number>();
  const chunk = (delta: Json, finish: string | null = null, more: Json = {}): string => {
    const choice = { index: 0, delta, logprobs: null, finish_reason: finish };
    return toEvent({ ...head, object: 'chat.completion.chunk', choices: [choice], ...more });
  };
  const begin = (id: unknown, name: unknown, given: string): string => {
    const index = calls.size;
    calls.set(id, index);
    return chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: given } }] });
  };
  return {
    start: () => chunk({ role: 'assistant', content: '' }),
    write: (part) => {
      switch (part.type) {
        case 'text-delta':
          return chunk({ content: part['delta'] });
        case 'reasoning-delta':
          return chunk({ reasoning_content: part['delta'] });
        case 'tool-input-start':
          return part['providerExecuted'] === true ? '' : begin(part['id'], part['toolName'], '');
        case 'tool-input-delta': {
          const index = calls.get(part['id']);
          return index === undefined ? '' : chunk({ tool_calls: [{ index, function: { arguments: part['delta'] } }] });
        }
        // It repeats what has come in pieces.
        case 'tool-call':
          if (calls.has(part['toolCallId']) || part['providerExecuted'] === true) return '';
          return begin(part['toolCallId'], part['toolName'], toArguments(part['input']));
        case 'error':
          return toEvent(toErrorBody(part['error']).body);
        case 'finish':
          return (
            chunk({}, toFinish(part['finishReason']), { usage: toUsage(part['usage']) ?? null }) + 'data: [DONE]\n\n'
          );
        default:
          return '';
      }
    },
  };
}

/** Errors of the SDK by name, as the replies they stand for. */
const statuses: Readonly<Record<string, number>> = {
  AI_LoadAPIKeyError: 401,
  AI_NoSuchModelError: 404,
  AI_InvalidPromptError: 400,
  AI_InvalidArgumentError: 400,
  AI_UnsupportedFunctionalityError: 400,
  AI_TypeValidationError: 502,
  AI_InvalidResponseDataError: 502,
  AI_JSONParseError: 502,
  AI_EmptyResponseBodyError: 502,
};

/** An error as the reply a provider would have sent; `status` null: there was no reply at all. */
export function toErrorBody(error: unknown): {
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
} {
  const { name, statusCode, responseHeaders, message, data, type } = toRecord(error);
  const status = toAmount(statusCode) ?? statuses[toText(name) ?? ''] ?? null;
  const inner = toRecord(toRecord(data)['error']);
  const code = toText(inner['code']) ?? toText(inner['type']) ?? toText(type);
  const said = toText(inner['message']) ?? toText(message) ?? toText(error) ?? 'the package failed';
  return {
    status,
    headers: toRecord(responseHeaders) as Readonly<Record<string, string>>,
    body: { error: { message: said, ...(code === null ? {} : { code }), ...(status === null ? {} : { status }) } },
  };
}
