// Above a conversation: its title, who answers, what it may spend, and what can be done with it.
import { useNavigate } from '@tanstack/react-router';
import { Download, EllipsisVertical, FileJson, Ghost, PanelLeft, Pencil, Trash2 } from 'lucide-react';
import { useState, type FormEvent, type ReactNode } from 'react';
import { Button, IconButton } from '../../components/button.tsx';
import { Menu } from '../../components/menu.tsx';
import { Popover } from '../../components/popover.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { saveFile } from './clipboard.ts';
import type { ChatEngine } from './engine.ts';
import { toExport, toMarkdown } from './export-chat.ts';
import { chatMessages } from './messages.ts';
import { ModelPicker } from './model-picker.tsx';
import { PolicyMenu } from './policy-menu.tsx';
import type { Wish } from './request.ts';
import type { ChatView } from './view.ts';

interface ChatHeaderProps {
  /** null: a chat that has not begun. */
  readonly view: ChatView | null;
  readonly engine: ChatEngine;
  readonly wish: Wish;
  readonly onWish: (changes: Partial<Wish>) => void;
  readonly onToggleList: () => void;
  readonly listShown: boolean;
  readonly temporary: boolean;
  readonly onTemporary: (temporary: boolean) => void;
  /** Also when the title stays as it is. */
  readonly onRenamed: () => void;
}

const toFileName = (title: string): string => title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60) || 'chat';

function RenameForm({
  title,
  onDone,
}: {
  readonly title: string;
  readonly onDone: (title: string | null) => void;
}): ReactNode {
  const t = useMessages(chatMessages);
  const [text, setText] = useState(title);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onDone(text.trim() === '' ? null : text.trim());
  };
  return (
    <form className="flex min-w-0 flex-1 gap-2" onSubmit={submit}>
      <input
        autoFocus
        aria-label={t.title}
        value={text}
        maxLength={120}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onDone(null);
        }}
        className="min-w-0 flex-1 rounded-xl border border-line-strong bg-page px-3 text-base"
      />
      <Button small type="submit" look="primary">
        {t.save}
      </Button>
    </form>
  );
}

function useRemoving({ chat }: ChatView, engine: ChatEngine): () => Promise<void> {
  const t = useMessages(chatMessages);
  const navigate = useNavigate();
  const { show } = useToasts();
  return async () => {
    await navigate({ to: '/' });
    const removed = await engine.remove(chat.id);
    if (removed === null || chat.temporary) return;
    show(t.removed(chat.title || t.untitled), { label: t.undo, run: () => void engine.restore([removed]) });
  };
}

function ChatMenu({
  view,
  engine,
  onRename,
}: {
  readonly view: ChatView;
  readonly engine: ChatEngine;
  readonly onRename: () => void;
}): ReactNode {
  const t = useMessages(chatMessages);
  const { chat } = view;
  const remove = useRemoving(view, engine);
  const save = (ending: string, text: string): void =>
    saveFile(`${toFileName(chat.title)}.${ending}`, text, 'text/plain');
  return (
    <Popover
      label={t.chatActions}
      align="end"
      className="w-60"
      trigger={(props) => (
        <IconButton {...props} label={t.chatActions} compact>
          <EllipsisVertical size={18} aria-hidden />
        </IconButton>
      )}
    >
      {(close) => (
        <Menu
          label={t.chatActions}
          close={close}
          items={[
            { id: 'rename', label: t.rename, icon: <Pencil size={16} aria-hidden />, run: onRename },
            {
              id: 'markdown',
              label: t.exportMarkdown,
              icon: <Download size={16} aria-hidden />,
              run: () => save('md', toMarkdown(view)),
            },
            {
              id: 'json',
              label: t.exportJson,
              icon: <FileJson size={16} aria-hidden />,
              run: () => save('json', toExport([view])),
            },
            {
              id: 'remove',
              label: t.remove,
              danger: true,
              icon: <Trash2 size={16} aria-hidden />,
              run: () => void remove(),
            },
          ]}
        />
      )}
    </Popover>
  );
}

/** The header. */
export function ChatHeader(props: ChatHeaderProps): ReactNode {
  const { view, engine, wish, onWish, onToggleList, listShown, temporary, onTemporary, onRenamed } = props;
  const t = useMessages(chatMessages);
  const [renaming, setRenaming] = useState(false);
  const finishRename = (title: string | null): void => {
    setRenaming(false);
    onRenamed();
    if (title !== null && view) void engine.change(view.chat.id, { title, named: true });
  };
  return (
    <header className="flex min-h-14 items-center gap-1 border-b border-line px-2 md:px-3">
      <IconButton
        label={listShown ? t.hideChats : t.showChats}
        aria-expanded={listShown}
        compact
        onClick={onToggleList}
      >
        <PanelLeft size={18} aria-hidden className="rtl:-scale-x-100" />
      </IconButton>
      <h1
        dir="auto"
        className={renaming ? 'sr-only' : 'min-w-0 flex-1 truncate px-1.5 text-sm font-semibold max-sm:sr-only'}
      >
        {view?.chat.title || t.untitled}
      </h1>
      {renaming && <RenameForm title={view?.chat.title ?? ''} onDone={finishRename} />}
      <div className="flex min-w-0 flex-1 items-center justify-end sm:flex-none">
        <ModelPicker chosen={wish.model} onChoose={(model) => onWish({ model })} />
        <PolicyMenu wish={wish} onWish={onWish} />
        {view ? (
          <ChatMenu view={view} engine={engine} onRename={() => setRenaming(true)} />
        ) : (
          <IconButton
            label={t.temporary}
            compact
            aria-pressed={temporary}
            className={temporary ? 'bg-accent-tint text-accent' : ''}
            onClick={() => onTemporary(!temporary)}
          >
            <Ghost size={18} aria-hidden />
          </IconButton>
        )}
      </div>
    </header>
  );
}
