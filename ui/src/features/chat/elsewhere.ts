// What the windows of one browser tell each other about its chats, so that none of them shows or writes what is over.

/** What one window tells: a chat (null: any) changed or was removed, or the answer in it is to stop. */
export interface Word {
  readonly about: 'changed' | 'removed' | 'stop';
  readonly chatId: string | null;
}

/** The other windows. */
export interface Elsewhere {
  readonly tell: (about: Word['about'], chatId: string | null) => void;
  /** Calls the listener with what the others tell. */
  readonly listen: (listener: (word: Word) => void) => void;
  /** Holds a chat while an answer comes, which the others can see. Answers what lets go of it; closing the window does, too. */
  readonly hold: (chatId: string) => () => void;
  readonly isHeld: (chatId: string) => Promise<boolean>;
  /** Resolves when nobody holds it any more. */
  readonly whenFree: (chatId: string) => Promise<void>;
  /** One window after the other. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
}

const toLock = (chatId: string): string => `freeway.chat.${chatId}`;

/** The other windows of this person's browser. Without locks (plain http) nobody knows of answers elsewhere, only of what they left. */
export function createElsewhere(personId: string): Elsewhere {
  const channel = new BroadcastChannel(`freeway.chats.${personId}`);
  const { locks } = navigator as { readonly locks?: LockManager };
  return {
    tell: (about, chatId) => channel.postMessage({ about, chatId } satisfies Word),
    listen: (listener) => channel.addEventListener('message', ({ data }: MessageEvent<Word>) => listener(data)),
    hold: (chatId) => {
      let letGo = (): void => undefined;
      const over = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      void locks?.request(toLock(chatId), { mode: 'shared' }, () => over);
      return letGo;
    },
    isHeld: async (chatId) => (await locks?.query())?.held?.some(({ name }) => name === toLock(chatId)) ?? false,
    whenFree: async (chatId) => void (await locks?.request(toLock(chatId), () => undefined)),
    inTurn: async (work) => void (await (locks ? locks.request('freeway.chats', work) : work())),
  };
}
