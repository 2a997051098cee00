// Which message is being changed. Like drafts it is there again after another page, and after a reload.
import { useCallback, useEffect, useRef, useState } from 'react';
import { editKey } from './archive.ts';
import { useArchive } from './chat-context.ts';
import { readDraft } from './draft.ts';
import type { Chat } from './types.ts';

/** The id of the message that is being changed in a chat, and how another one, or none, becomes it. Afterwards `onEnd` is called. */
export function useEditing(
  chat: Pick<Chat, 'id' | 'temporary'> | null,
  onEnd: () => void,
): [string | null, (messageId: string | null) => void] {
  const archive = useArchive();
  const [editingId, setEditingId] = useState<string | null>(null);
  const touched = useRef(false);
  const { id = null, temporary = false } = chat ?? {};
  useEffect(() => {
    if (id === null) return;
    const restore = async (): Promise<void> => {
      const { editing = null } = await readDraft(archive, { chatId: editKey(id), temporary });
      if (!touched.current) setEditingId(editing);
    };
    void restore();
  }, [archive, id, temporary]);
  const edit = useCallback(
    (messageId: string | null): void => {
      touched.current = true;
      setEditingId(messageId);
      if (messageId === null) onEnd();
    },
    [onEnd],
  );
  return [editingId, edit];
}
