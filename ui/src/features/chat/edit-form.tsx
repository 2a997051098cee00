// A message of one's own while it is being changed. What is typed is kept like a draft.
import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { usePreferences } from '../../lib/preferences.ts';
import { editKey } from './archive.ts';
import { isSend, isTouch } from './composer.tsx';
import { useDraft } from './draft.ts';
import type { ChatEngine } from './engine.ts';
import { chatMessages } from './messages.ts';
import type { Chat, Message } from './types.ts';

interface EditFormProps {
  readonly message: Message;
  readonly chat: Chat;
  readonly engine: ChatEngine;
  readonly busy: boolean;
  readonly onEdit: (messageId: string | null) => void;
}

/** The form. */
export function EditForm({ message, chat, engine, busy, onEdit }: EditFormProps): ReactNode {
  const t = useMessages(chatMessages);
  const { preferences } = usePreferences();
  const { draft, change, clear } = useDraft(editKey(chat.id), chat.temporary);
  const text = draft.editing === message.id ? draft.text : message.text;
  const canSend = !busy && text.trim() !== '';
  const end = (): void => {
    clear();
    onEdit(null);
  };
  const send = (): void => {
    if (!canSend) return;
    end();
    void engine.send(message.chatId, { text, attachments: message.attachments }, message.parentId);
  };
  return (
    <form
      className="flex w-full flex-col gap-2 rounded-2xl border border-accent bg-raised p-3"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        autoFocus
        aria-label={t.startEdit}
        dir="auto"
        rows={Math.min(12, Math.max(3, text.split('\n').length))}
        value={text}
        onChange={({ target }) => change({ text: target.value, attachments: [], editing: message.id })}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !event.nativeEvent.isComposing) end();
          if (!isSend(event, preferences.sendKey, isTouch())) return;
          event.preventDefault();
          send();
        }}
        className="resize-y bg-transparent text-base leading-6 outline-none"
      />
      <div className="flex justify-end gap-2">
        <Button small onClick={end}>
          {t.cancel}
        </Button>
        <Button small look="primary" type="submit" disabled={!canSend}>
          {t.sendEdit}
        </Button>
      </div>
    </form>
  );
}
