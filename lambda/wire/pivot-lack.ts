// Finds what of a question a format has no place for: pictures and files that its messages would leave out.
import { toList, toRecord, toText } from './json.ts';
import type { ChatQuestion } from './types.ts';

/** What of the pivot is no word of OpenAI's chat format, and is not told to those who are asked in it: files that are only addresses. */
export function lackOfPivot({ pivot }: ChatQuestion): string | null {
  const parts = toList(pivot['messages']).flatMap((message) => toList(toRecord(message)['content']));
  const isAddress = (part: unknown): boolean => toText(toRecord(toRecord(part)['file'])['file_url']) !== null;
  return parts.some(isAddress) ? 'messages.content.file' : null;
}

/** The first part of a message that is left out by `tell`, which tells messages and notes what it leaves out; null: none is. */
export function lackOf(
  tell: (messages: unknown, dropped: Set<string>) => unknown,
): (question: ChatQuestion) => string | null {
  return ({ pivot }) => {
    const dropped = new Set<string>();
    tell(pivot['messages'], dropped);
    return [...dropped].find((name) => name.startsWith('messages.content.')) ?? null;
  };
}
