// Makes a conversation in which others have answered, too, fit for a provider that signs its thoughts.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { fromSeal } from '../seals.ts';

/** `isRefused`: the provider has not taken those that are signed either, since somebody else has signed them. */
function isForeign(block: unknown, isRefused: boolean): boolean {
  const { type, signature, data } = toRecord(block);
  if (type === 'thinking') return isRefused || toText(signature) === null;
  return type === 'redacted_thinking' && (isRefused || fromSeal(data) !== null);
}

/** Thoughts told by providers of other formats bear no signature, and are refused by those who sign theirs. */
export function withoutForeignThoughts(messages: readonly unknown[], isRefused: boolean): readonly unknown[] {
  const isTheirs = (block: unknown): boolean => isForeign(block, isRefused);
  if (!messages.some((message) => toList(toRecord(message)['content']).some(isTheirs))) return messages;
  return messages.flatMap((message) => {
    const { content } = toRecord(message);
    if (!Array.isArray(content) || !content.some(isTheirs)) return [message];
    const rest = content.filter((block) => !isTheirs(block));
    // A message may not be empty.
    return rest.length === 0 ? [] : [{ ...toRecord(message), content: rest }];
  });
}

/** Whether the last answer calls tools without a thought before. Nobody who signs thoughts may think on in a turn that so began. */
export function isThoughtless(messages: readonly unknown[]): boolean {
  const last = messages.findLast((message) => toRecord(message)['role'] === 'assistant');
  const [first, ...rest] = toList(toRecord(last)['content']).map((block) => toRecord(block)['type']);
  return first !== 'thinking' && first !== 'redacted_thinking' && [first, ...rest].includes('tool_use');
}

/** What may stand beside thinking only. */
function withoutThinking(body: Json): Json {
  const { thinking: _, context_management: given, ...rest } = body;
  if (!isRecord(given)) return given === undefined ? rest : { ...rest, context_management: given };
  const edits = toList(given['edits']).filter((edit) => !String(toRecord(edit)['type']).startsWith('clear_thinking'));
  return edits.length === 0 ? rest : { ...rest, context_management: { ...given, edits } };
}

/** The body as such a provider takes it, and the fields it loses by that. */
export function fitForeign(
  body: Json,
  isRefused: boolean,
): { readonly body: Json; readonly dropped: readonly string[] } {
  const given = body['messages'];
  const messages = withoutForeignThoughts(toList(given), isRefused);
  const fit = messages.length === 0 || messages === given ? body : { ...body, messages };
  if (toRecord(body['thinking'])['type'] !== 'enabled' || !isThoughtless(messages)) return { body: fit, dropped: [] };
  return { body: withoutThinking(fit), dropped: ['thinking'] };
}
