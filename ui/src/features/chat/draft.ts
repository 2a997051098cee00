// What is being written in a chat, kept across reloads and sign-outs; of a temporary chat only as long as the page is there.
import { useEffect, useRef, useState } from 'react';
import type { Archive } from './archive.ts';
import { useArchive } from './chat-context.ts';
import { emptyDraft, isEmpty, type Draft } from './types.ts';

const KEEP_MS = 300;

interface DraftPort {
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  readonly clear: () => void;
}

/** Drafts of temporary chats, beside the archive that they are not written to. */
const passing = new WeakMap<Archive, Map<string, Draft>>();

function toPassing(archive: Archive): Map<string, Draft> {
  const known = passing.get(archive) ?? new Map<string, Draft>();
  passing.set(archive, known);
  return known;
}

interface Whose {
  /** A chat's, or the key of something else that is written in it. */
  readonly chatId: string;
  readonly temporary: boolean;
}

/** What is kept of it. */
export async function readDraft(archive: Archive, { chatId, temporary }: Whose): Promise<Draft> {
  if (temporary) return toPassing(archive).get(chatId) ?? emptyDraft;
  return archive.readDraft(chatId).catch(() => emptyDraft);
}

/** Answers whether it is kept now. */
async function writeDraft(
  archive: Archive,
  { chatId, temporary }: Whose,
  { draft, isParting = false }: { readonly draft: Draft; readonly isParting?: boolean },
): Promise<boolean> {
  if (temporary && !isEmpty(draft)) toPassing(archive).set(chatId, draft);
  else toPassing(archive).delete(chatId);
  // Without room on this device it is there as long as the page.
  const write = isParting && !temporary ? archive.leaveDraft : archive.writeDraft;
  return write(chatId, temporary ? emptyDraft : draft).then(
    () => true,
    () => false,
  );
}

/** The draft of a chat. */
export function useDraft(chatId: string, temporary: boolean): DraftPort {
  const archive = useArchive();
  const [draft, setDraft] = useState(emptyDraft);
  const touched = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef({ draft, temporary });
  /** Keeps at once what is not kept for certain. */
  const flush = useRef<(isParting?: boolean) => unknown>(() => undefined);
  useEffect(() => {
    const restore = async (): Promise<void> => {
      const kept = await readDraft(archive, { chatId, temporary: latest.current.temporary });
      if (!touched.current) setDraft(kept);
    };
    void restore();
  }, [archive, chatId]);
  useEffect(() => {
    const wasTemporary = latest.current.temporary;
    latest.current = { draft, temporary };
    // What was written before a chat was made temporary does not stay either, and what was written until it no longer was does.
    if (wasTemporary !== temporary) void writeDraft(archive, { chatId, temporary }, { draft });
  });
  useEffect(() => {
    const leave = (): void => void flush.current(true);
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      // Whoever goes to another page and comes back at once finds it as well.
      leave();
    };
  }, []);
  const keep = (next: Draft, ms: number): void => {
    touched.current = true;
    setDraft(next);
    clearTimeout(timer.current);
    const write = async (isParting = false): Promise<void> => {
      clearTimeout(timer.current);
      const whose = { chatId, temporary: latest.current.temporary };
      const isKept = await writeDraft(archive, whose, { draft: next, isParting });
      if (isKept && flush.current === write) flush.current = () => undefined;
    };
    flush.current = write;
    timer.current = setTimeout(() => flush.current(), ms);
  };
  return { draft, change: (next) => keep(next, KEEP_MS), clear: () => keep(emptyDraft, 0) };
}
