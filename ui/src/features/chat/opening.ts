// A chat as it is found in the archive when it is opened, or when another window has changed it.
import type { EngineDeps } from './engine.ts';
import type { ChatView } from './view.ts';

/** The chat; null when there is none. Answers under way that no window holds any more have broken off. */
export async function readView(
  { archive, elsewhere }: Pick<EngineDeps, 'archive' | 'elsewhere'>,
  chatId: string,
): Promise<ChatView | null> {
  const stored = await archive.read(chatId);
  if (stored === null) return null;
  const { chat, messages } = stored;
  const going = messages.find(({ state }) => state === 'streaming');
  if (going && (await elsewhere.isHeld(chatId))) return { chat, messages, busyId: going.id, next: null, kept: true };
  const settled = messages.map((message) =>
    message.state === 'streaming' ? { ...message, state: 'broken' as const, route: null } : message,
  );
  return { chat, messages: settled, busyId: null, next: null, kept: true };
}
