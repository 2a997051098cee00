// Engine and archive of this page, for everything that shows or changes chats.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useApi, type Api } from '../../lib/api.ts';
import { newId } from '../../lib/ids.ts';
import { useSession } from '../../lib/session.tsx';
import { useSingleton } from '../../lib/singletons.ts';
import { createArchive, type Archive } from './archive.ts';
import { createElsewhere } from './elsewhere.ts';
import { ChatEngine } from './engine.ts';
import type { Chat } from './types.ts';
import type { ChatView } from './view.ts';

interface ChatWorld {
  readonly archive: Archive;
  readonly engineFor: (api: Api) => ChatEngine;
  /** Nothing more is sent. */
  readonly close: () => void;
}

/** So long arriving words are left to gather: a task for each of hundreds a second would cost the page its ease. */
const GATHER_MS = 40;

/** A pause before what has come is worked on; none in a page out of sight, whose clocks run slowly. */
const gather = (): Promise<void> =>
  document.hidden ? Promise.resolve() : new Promise((go) => setTimeout(go, GATHER_MS));

function createWorld(personId: string): ChatWorld {
  const archive = createArchive(personId);
  let engine: ChatEngine | null = null;
  return {
    archive,
    engineFor: (api) =>
      (engine ??= new ChatEngine({
        api,
        archive,
        elsewhere: createElsewhere(personId),
        now: () => Date.now(),
        newId,
        gather,
      })),
    close: () => engine?.close(),
  };
}

/** The archive of chats. */
export const useArchive = (): Archive => useSingleton(createWorld).archive;

/** The engine of all chats. */
export const useEngine = (): ChatEngine => useSingleton(createWorld).engineFor(useApi());

/** A chat as it is now; null when it was not opened. */
export function useChatView(chatId: string | null): ChatView | null {
  const engine = useEngine();
  return useSyncExternalStore(engine.subscribe, () => (chatId === null ? null : engine.view(chatId)));
}

const LIST_KEY = ['chats'];

/** All chats of the archive, the last used one first; undefined until they have been read. */
export function useChats(): readonly Chat[] | undefined {
  const archive = useArchive();
  const engine = useEngine();
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const stopListening = engine.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = null;
        void client.invalidateQueries({ queryKey: LIST_KEY });
      }, 300);
    });
    return () => {
      stopListening();
      if (timer) clearTimeout(timer);
    };
  }, [engine, client]);
  return useQuery({ queryKey: LIST_KEY, queryFn: () => archive.list(), staleTime: 0, networkMode: 'always' }).data;
}

/** Sends again what could not go out: when the network is back, also while the chat was closed, and when somebody has signed in again. */
export function useResending(): void {
  const engine = useEngine();
  const { onSignedIn } = useSession();
  useEffect(() => {
    if (navigator.onLine) void engine.retryAll();
    const online = (): void => void engine.retryAll('unreachable');
    window.addEventListener('online', online);
    const stopListening = onSignedIn(() => void engine.retryAll('unauthenticated'));
    return () => {
      window.removeEventListener('online', online);
      stopListening();
    };
  }, [engine, onSignedIn]);
}
