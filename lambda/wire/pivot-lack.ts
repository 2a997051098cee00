// Finds what of a question a format has no place for: pictures and files that its messages would leave out.
import type { ChatQuestion } from './types.ts';

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
