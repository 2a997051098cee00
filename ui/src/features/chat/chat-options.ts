// Chats as options of the command palette.
import type { Option } from '../../components/chooser.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useChats } from './chat-context.ts';
import { chatMessages } from './messages.ts';

/** The chats by title, for a list to choose from. */
export function useChatOptions(): Option[] {
  const t = useMessages(chatMessages);
  return (useChats() ?? []).map(({ id, title }) => ({ id: `chat:${id}`, label: title || t.untitled, group: t.chats }));
}
