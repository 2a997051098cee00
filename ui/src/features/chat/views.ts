// The chats that are open on this page, and who is told when one of them changes.
import type { ChatView } from './view.ts';

/** Open chats by their ids. */
export class Views {
  readonly #views = new Map<string, ChatView>();
  readonly #listeners = new Set<() => void>();

  /** Calls the listener after every change. Answers what takes it off again. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** null when it is not open. */
  get(chatId: string): ChatView | null {
    return this.#views.get(chatId) ?? null;
  }

  keys(): string[] {
    return [...this.#views.keys()];
  }

  values(): ChatView[] {
    return [...this.#views.values()];
  }

  /** Shows the chat so. */
  put(view: ChatView): ChatView {
    this.#views.set(view.chat.id, view);
    this.tell();
    return view;
  }

  /** Lets go of it, without telling anybody yet. */
  delete(chatId: string): void {
    this.#views.delete(chatId);
  }

  clear(): void {
    this.#views.clear();
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
