// Who is to answer, what it may cost, and what every answer keeps to: of the present chat, and of the next new one.
import { useEffect, useState } from 'react';
import { beginningKey } from '../../lib/own-database.ts';
import { usePerson } from '../../lib/session.tsx';
import { afterBeginning, readBeginning, writeBeginning, type Beginning } from './beginning.ts';
import { useChatView, useEngine } from './chat-context.ts';
import { useModels } from './models.ts';
import type { Wish } from './request.ts';

/** A wish, and how it is changed. */
export interface WishPort {
  readonly wish: Wish;
  readonly onWish: (changes: Partial<Wish>) => void;
  /** Whether new chats begin with the instructions of this one. */
  readonly always: boolean;
  /** Sets the instructions of this chat; with `always` those of new ones, too. */
  readonly instruct: (instructions: string, always: boolean) => void;
  /** A chat has begun with this wish. */
  readonly onBegun: () => void;
}

function useBeginning(): [Beginning, (next: Beginning) => void] {
  const personId = usePerson()?.id ?? '';
  const [chosen, setChosen] = useState(() => ({ personId, beginning: readBeginning(localStorage, personId) }));
  useEffect(() => {
    // Another window may have chosen, or deleted what was kept: to write what this one knew before would undo it.
    const follow = ({ key }: StorageEvent): void => {
      if (key === beginningKey(personId) || key === null)
        setChosen({ personId, beginning: readBeginning(localStorage, personId) });
    };
    window.addEventListener('storage', follow);
    return () => window.removeEventListener('storage', follow);
  }, [personId]);
  const keep = (beginning: Beginning): void => {
    setChosen({ personId, beginning });
    writeBeginning(localStorage, personId, beginning);
  };
  // Somebody else may have signed in on the same page.
  return [chosen.personId === personId ? chosen.beginning : readBeginning(localStorage, personId), keep];
}

/** The wish of a chat; without a chat that of the next. */
export function useWish(chatId: string | null): WishPort {
  const engine = useEngine();
  const view = useChatView(chatId);
  const [beginning, keep] = useBeginning();
  const { models } = useModels();
  const onBegun = (): void => keep(afterBeginning(beginning));
  if (view === null) {
    const { always, ...kept } = beginning;
    // Its provider may be gone since, for a while or for good.
    const isGone = models?.every(({ id }) => id !== kept.model) ?? false;
    return {
      wish: isGone ? { ...kept, model: 'auto' } : kept,
      onWish: (changes) => keep({ ...beginning, ...changes }),
      always,
      instruct: (instructions, forAll) => keep({ ...beginning, instructions, always: forAll }),
      onBegun,
    };
  }
  const { id, model, policy, maxCostUsd = null, instructions = '' } = view.chat;
  const isForAll = beginning.always && beginning.instructions === instructions;
  return {
    wish: { model, policy, maxCostUsd, instructions },
    onWish: (changes) => void engine.change(id, changes),
    always: isForAll,
    instruct: (next, forAll) => {
      void engine.change(id, { instructions: next });
      // Those of new chats stay as they are unless they are these.
      if (forAll || isForAll) keep({ ...beginning, instructions: forAll ? next : '', always: forAll });
    },
    onBegun,
  };
}
