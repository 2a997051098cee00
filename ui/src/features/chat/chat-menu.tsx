// What can be done with a chat as a whole, from its header and from the list: name it, take it along, delete it.
import { useNavigate, useParams } from '@tanstack/react-router';
import { Copy, Download, FileJson, NotebookPen, Pencil, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { ActionsMenu } from '../../components/actions-menu.tsx';
import type { MenuItem } from '../../components/menu.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import type { StoredChat } from './archive.ts';
import { useEngine } from './chat-context.ts';
import { saveFile, useCopy } from './clipboard.ts';
import { toExport, toMarkdown } from './export-chat.ts';
import { chatMessages } from './messages.ts';
import type { Chat } from './types.ts';

const toFileName = (title: string): string => title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60) || 'chat';

function useRemoving({ id, title, temporary }: Chat, onRemove?: () => void): () => Promise<void> {
  const t = useMessages(chatMessages);
  const engine = useEngine();
  const navigate = useNavigate();
  const { chatId: shownId } = useParams({ strict: false });
  const { show } = useToasts();
  return async () => {
    onRemove?.();
    if (shownId === id) await navigate({ to: '/' });
    const removed = await engine.remove(id);
    if (removed === null || temporary) return;
    show(t.removed(title || t.untitled), { label: t.undo, run: () => void engine.restore([removed]) });
  };
}

interface ChatMenuProps {
  readonly chat: Chat;
  /** What the button is called. */
  readonly label: string;
  readonly onRename: () => void;
  /** Absent where the chat is not before the person's eyes. */
  readonly onInstruct?: () => void;
  /** It is about to be deleted, and its button with it. */
  readonly onRemove?: () => void;
}

/** The button with three dots, and its menu. */
export function ChatMenu({ chat, label, onRename, onInstruct, onRemove }: ChatMenuProps): ReactNode {
  const t = useMessages(chatMessages);
  const engine = useEngine();
  const remove = useRemoving(chat, onRemove);
  const { copy } = useCopy({ noted: true });
  const take = async (use: (stored: StoredChat) => void): Promise<void> => {
    const view = await engine.open(chat.id);
    if (view !== null) use(view);
  };
  const save = (ending: string, toText: (stored: StoredChat) => string): void =>
    void take((stored) => saveFile(`${toFileName(chat.title)}.${ending}`, toText(stored), 'text/plain'));
  const rename: MenuItem = { id: 'rename', label: t.rename, icon: <Pencil size={16} aria-hidden />, run: onRename };
  const instruct = { id: 'instructions', label: t.instructions, icon: <NotebookPen size={16} aria-hidden /> };
  const items: MenuItem[] = [
    rename,
    ...(onInstruct === undefined ? [] : [{ ...instruct, run: onInstruct }]),
    {
      id: 'copy',
      label: t.copyMarkdown,
      icon: <Copy size={16} aria-hidden />,
      run: () => void take((stored) => void copy(toMarkdown(stored))),
    },
    {
      id: 'markdown',
      label: t.exportMarkdown,
      icon: <Download size={16} aria-hidden />,
      run: () => save('md', toMarkdown),
    },
    {
      id: 'json',
      label: t.exportJson,
      icon: <FileJson size={16} aria-hidden />,
      run: () => save('json', (stored) => toExport([stored])),
    },
    {
      id: 'remove',
      label: t.remove,
      danger: true,
      icon: <Trash2 size={16} aria-hidden />,
      run: () => void remove(),
    },
  ];
  return <ActionsMenu label={label} items={items} width="w-60" />;
}
