// Thoughts of earlier answers: told to those who demand them back, and to nobody else where the caller's format is another.
import type { ChatQuestion, RequestTarget } from '../types.ts';
import type { Json } from '../json.ts';
import { toList, toRecord, toText } from '../json.ts';
import { appliesTo, editMessages } from './quirks.ts';

/** Stands for thoughts that are not known. DeepSeek refuses a text of no length: NousResearch/hermes-agent#17341 */
const UNKNOWN = ' ';

/** What parsers of other formats note of thoughts as left out. */
const noted: readonly string[] = ['messages.content.thinking', 'input.reasoning', 'contents.parts.thought'];
const none: readonly string[] = [];

/** The body with thoughts as the target takes them, and what of the question's `dropped` it tells all the same. */
export function fitThoughts(
  body: Json,
  { wire }: Pick<ChatQuestion, 'wire'>,
  { quirks, model }: Pick<RequestTarget, 'quirks' | 'model'>,
): { readonly body: Json; readonly told: readonly string[] } {
  const isDemanded = quirks.some((quirk) => quirk.kind === 'thoughts' && appliesTo(quirk, model));
  if (!isDemanded && wire === 'openai-chat') return { body, told: none };
  const draft: Record<string, unknown> = { ...body };
  const isAgent = toList(body['tools']).length > 0 || toList(body['messages']).some(isCalling);
  if (isDemanded && isAgent) editMessages(draft, withThoughts);
  else if (!isDemanded) editMessages(draft, withoutThoughts);
  return {
    body: draft['messages'] === body['messages'] ? body : draft,
    told: isDemanded && wire !== 'openai-chat' ? noted : none,
  };
}

const isCalling = (message: unknown): boolean => toList(toRecord(message)['tool_calls']).length > 0;

function withThoughts(message: Json): Json {
  const { role, reasoning_content: given, reasoning } = message;
  if (role !== 'assistant' || toText(given) !== null) return message;
  // Clients of OpenRouter's have another name for it.
  return { ...message, reasoning_content: toText(reasoning) ?? UNKNOWN };
}

function withoutThoughts(message: Json): Json {
  if (message['reasoning_content'] === undefined) return message;
  const { reasoning_content: _, ...rest } = message;
  return rest;
}
