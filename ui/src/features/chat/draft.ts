// What is being written in a chat, kept across reloads and sign-outs.
import { useEffect, useRef, useState } from 'react';
import { useArchive } from './chat-context.ts';
import { emptyDraft, type Draft } from './types.ts';

const KEEP_MS = 300;

interface DraftPort {
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  readonly clear: () => void;
}

/** The draft of a chat. */
export function useDraft(chatId: string): DraftPort {
  const archive = useArchive();
  const [draft, setDraft] = useState(emptyDraft);
  const touched = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    const restore = async (): Promise<void> => {
      const kept = await archive.readDraft(chatId);
      if (!touched.current) setDraft(kept);
    };
    void restore();
  }, [archive, chatId]);
  const keep = (next: Draft, ms: number): void => {
    touched.current = true;
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void archive.writeDraft(chatId, next), ms);
  };
  return { draft, change: (next) => keep(next, KEEP_MS), clear: () => keep(emptyDraft, 0) };
}
