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
  /** Keeps at once what is to be kept. */
  const flush = useRef<() => void>(() => undefined);
  useEffect(() => {
    const restore = async (): Promise<void> => {
      const kept = await archive.readDraft(chatId).catch(() => emptyDraft);
      if (!touched.current) setDraft(kept);
    };
    void restore();
  }, [archive, chatId]);
  useEffect(() => {
    const leave = (): void => flush.current();
    window.addEventListener('pagehide', leave);
    return () => window.removeEventListener('pagehide', leave);
  }, []);
  const keep = (next: Draft, ms: number): void => {
    touched.current = true;
    setDraft(next);
    clearTimeout(timer.current);
    flush.current = () => {
      flush.current = () => undefined;
      clearTimeout(timer.current);
      // Without room on this device it is there as long as the page.
      void archive.writeDraft(chatId, next).catch(() => undefined);
    };
    timer.current = setTimeout(() => flush.current(), ms);
  };
  return { draft, change: (next) => keep(next, KEEP_MS), clear: () => keep(emptyDraft, 0) };
}
