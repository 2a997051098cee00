// Writes whole replies in the Anthropic format.
import type { Answer, ChatQuestion, ReplyHead } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson } from '../json.ts';
import { toSeal } from '../seals.ts';
import { stopReasons, toUsageJson } from './words.ts';

/** A whole reply as JSON text. */
export function renderReply(
  answer: Answer,
  question: ChatQuestion,
  freeway?: Readonly<Record<string, unknown>>,
): string {
  const { content, reasoning, refusal, toolCalls, finish, usage } = answer;
  const text = content + refusal;
  const blocks = [
    ...(reasoning === '' ? [] : [{ type: 'thinking', thinking: reasoning, signature: '' }]),
    ...(text === '' ? [] : [{ type: 'text', text, citations: null }]),
    ...toolCalls.flatMap(({ id, name, arguments: given, signature }) => [
      ...toSealed(signature, question),
      { type: 'tool_use', id: toCallId(id), name, input: toInput(given) },
    ]),
  ];
  return JSON.stringify({
    ...toMessage(answer),
    content: blocks,
    stop_reason: refusal === '' ? stopReasons[finish ?? 'other'] : 'refusal',
    usage: toUsageJson(usage),
    ...(freeway === undefined ? {} : { freeway }),
  });
}

/** What the next call is signed with, as a thought that nobody reads. Only who asked for thoughts hands them back, and expects any. */
export const toSealed = (signature: string | undefined, { needs }: ChatQuestion): readonly SealedThought[] =>
  signature === undefined || !needs.reasoning ? [] : [{ type: 'redacted_thinking', data: toSeal(signature) }];

interface SealedThought {
  readonly type: 'redacted_thinking';
  readonly data: string;
}

/** A message without content, as a stream begins with it. */
export function toMessage({ id, model }: ReplyHead): Json {
  return {
    id: id.startsWith('msg_') ? id : `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

/** The format allows fewer characters in an id than some providers use. */
export function toCallId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_');
}

/** Arguments as an object; what is none is kept under a name of its own. */
export function toInput(text: string): Json {
  if (text.trim() === '') return {};
  const json = parseJson(text);
  return isRecord(json) ? json : { input: json ?? text };
}
