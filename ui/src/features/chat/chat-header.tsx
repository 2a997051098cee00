// Above a conversation: its title, who answers, what it may spend, and what can be done with it.
import { Ghost, NotebookPen, PanelLeft } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { IconButton } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { ChatMenu } from './chat-menu.tsx';
import type { ChatEngine } from './engine.ts';
import { InstructionsDialog } from './instructions.tsx';
import { chatMessages } from './messages.ts';
import { ModelPicker } from './model-picker.tsx';
import { PolicyMenu } from './policy-menu.tsx';
import { RenameForm } from './rename-form.tsx';
import type { ChatView } from './view.ts';
import type { WishPort } from './wish.ts';

interface ChatHeaderProps {
  /** null: a chat that has not begun. */
  readonly view: ChatView | null;
  readonly engine: ChatEngine;
  readonly wish: WishPort;
  readonly onToggleList: () => void;
  readonly listShown: boolean;
  readonly temporary: boolean;
  readonly onTemporary: (temporary: boolean) => void;
  /** Also when the title stays as it is. */
  readonly onRenamed: () => void;
}

interface InstructionsButtonProps extends Pick<ChatHeaderProps, 'view' | 'wish'> {
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
}

/** What is written for every answer of the chat: a button where there is no menu yet, and where they are in force. */
function Instructions({ view, wish: port, open, onOpen }: InstructionsButtonProps): ReactNode {
  const t = useMessages(chatMessages);
  const { instructions = '' } = port.wish;
  const inForce = instructions !== '';
  return (
    <>
      {(view === null || inForce) && (
        <IconButton
          label={inForce ? t.instructionsOn : t.instructions}
          compact
          className={inForce ? 'bg-accent-tint text-accent' : ''}
          onClick={() => onOpen(true)}
        >
          <NotebookPen size={18} aria-hidden />
        </IconButton>
      )}
      <InstructionsDialog
        open={open}
        text={instructions}
        always={port.always}
        onSave={port.instruct}
        onClose={() => onOpen(false)}
      />
    </>
  );
}

function TemporaryButton({ temporary, onTemporary }: Pick<ChatHeaderProps, 'temporary' | 'onTemporary'>): ReactNode {
  const t = useMessages(chatMessages);
  return (
    <IconButton
      label={t.temporary}
      compact
      aria-pressed={temporary}
      className={temporary ? 'bg-accent-tint text-accent' : ''}
      onClick={() => onTemporary(!temporary)}
    >
      <Ghost size={18} aria-hidden />
    </IconButton>
  );
}

/** The header. */
export function ChatHeader(props: ChatHeaderProps): ReactNode {
  const { view, engine, wish: port, onToggleList, listShown, temporary, onTemporary, onRenamed } = props;
  const t = useMessages(chatMessages);
  const { wish, onWish } = port;
  const [renaming, setRenaming] = useState(false);
  const [instructing, setInstructing] = useState(false);
  const finishRename = (title: string | null): void => {
    setRenaming(false);
    onRenamed();
    if (title !== null && view) void engine.change(view.chat.id, { title, named: true });
  };
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-1 border-b border-line px-2 md:px-3">
      <IconButton
        label={listShown ? t.hideChats : t.showChats}
        aria-expanded={listShown}
        compact
        onClick={onToggleList}
      >
        <PanelLeft size={18} aria-hidden className="rtl:-scale-x-100" />
      </IconButton>
      <h1 className={renaming ? 'sr-only' : 'min-w-0 flex-1 px-1.5 text-sm font-semibold max-sm:sr-only'}>
        <span dir="auto" className="inline-block max-w-full truncate align-bottom">
          {view?.chat.title || t.untitled}
        </span>
      </h1>
      {renaming && <RenameForm title={view?.chat.title ?? ''} onDone={finishRename} className="flex-1" />}
      <div className="flex min-w-0 flex-1 items-center justify-end sm:max-w-full sm:flex-none sm:flex-wrap">
        <ModelPicker chosen={wish.model} onChoose={(model) => onWish({ model })} />
        <PolicyMenu wish={wish} onWish={onWish} />
        <Instructions view={view} wish={port} open={instructing} onOpen={setInstructing} />
        {view ? (
          <ChatMenu
            chat={view.chat}
            label={t.chatActions}
            onRename={() => setRenaming(true)}
            onInstruct={() => setInstructing(true)}
          />
        ) : (
          <TemporaryButton temporary={temporary} onTemporary={onTemporary} />
        )}
      </div>
    </header>
  );
}
