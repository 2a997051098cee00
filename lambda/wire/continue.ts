// Puts a chat question again so that an answer which broke off goes on where it stopped.
import type { ChatQuestion, Continuation } from './types.ts';
import type { Json } from './json.ts';
import { isRecord, toAmount, toList } from './json.ts';

const bounds = ['max_tokens', 'max_completion_tokens'] as const;

/**
 * The question with further messages behind the caller's, and its bound less what is already written. It is put by its pivot, whatever
 * wire the caller speaks: a new question may be asked of anybody.
 */
export function continueQuestion(question: ChatQuestion, { messages, writtenTokens }: Continuation): ChatQuestion {
  const body: Record<string, unknown> = { ...question.pivot, messages: toMessages(question.pivot, messages) };
  for (const name of bounds) {
    const bound = toAmount(body[name]);
    if (bound !== undefined) body[name] = Math.max(1, bound - writtenTokens);
  }
  const { marked: _, ...rest } = question;
  return { ...rest, wire: 'openai-chat', body, pivot: body };
}

function toMessages(body: Json, added: Continuation['messages']): readonly unknown[] {
  const given = toList(body['messages']);
  const last = given.at(-1);
  const [first, ...rest] = added;
  // A caller who began the answer itself gets one message that goes on, not two in a row.
  if (!isRecord(last) || last['role'] !== 'assistant' || first?.role !== 'assistant') return [...given, ...added];
  if (typeof last['content'] !== 'string') return [...given, ...added];
  return [...given.slice(0, -1), { ...last, content: last['content'] + first.content }, ...rest];
}
