// The chats of this page at work: sends, streams, stops, branches, and keeps everything in the archive as it comes.
import type { Api } from '../../lib/api.ts';
import { ask } from './ask.ts';
import { nextKey, type Archive, type StoredChat } from './archive.ts';
import type { Elsewhere, Word } from './elsewhere.ts';
import { readView } from './opening.ts';
import { Progress } from './progress.ts';
import { toChatBody, toContinueBody, type ToBody } from './request.ts';
import { toLeaf, toPath } from './tree.ts';
import { answerBase, emptyDraft, isEmpty, joinDrafts, type Chat, type Draft, type Message } from './types.ts';
import {
  toAnswer,
  toNewView,
  toQuestion,
  withAnswer,
  withMessage,
  withQuestion,
  type Birth,
  type ChatView,
  type ChatWish,
} from './view.ts';
import { Views } from './views.ts';

/** What streams is kept this often. */
const KEEP_MS = 1_000;

export interface EngineDeps {
  readonly api: Api;
  readonly archive: Archive;
  /** Other windows with the same archive. */
  readonly elsewhere: Elsewhere;
  readonly now: () => number;
  readonly newId: () => string;
  /** A pause in which words of an answer gather before they are worked on. */
  readonly gather: () => Promise<void>;
}

/** All chats of the page. One per page load. */
export class ChatEngine {
  readonly #deps: EngineDeps;
  readonly #views = new Views();
  /** What stops the answers under way here, by chat. */
  readonly #running = new Map<string, AbortController>();
  /** Chats in which another window answers. */
  readonly #awaited = new Set<string>();
  #closed = false;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    deps.elsewhere.listen((word) => void this.#hear(word));
  }

  /** Calls the listener after every change. Answers what takes it off again. */
  readonly subscribe = this.#views.subscribe;

  /** The chat as it is now; null when it was not opened. */
  view(chatId: string): ChatView | null {
    return this.#views.get(chatId);
  }

  /** Opens a chat of the archive. */
  async open(chatId: string): Promise<ChatView | null> {
    const known = this.#views.get(chatId);
    if (known) return known;
    const read = await this.#read(chatId);
    if (read === null) return null;
    const next = read.busyId === null ? await this.#deps.archive.readDraft(nextKey(chatId)) : emptyDraft;
    return this.#views.get(chatId) ?? this.#views.put({ ...read, next: isEmpty(next) ? null : next });
  }

  /** A new chat. */
  create(wish: ChatWish): Chat {
    return this.#views.put(toNewView(wish, this.#birth())).chat;
  }

  /** Changes title, model, policy, instructions or the branch that is shown. */
  async change(
    chatId: string,
    changes: Partial<Pick<Chat, 'title' | 'named' | 'model' | 'policy' | 'maxCostUsd' | 'instructions' | 'leafId'>>,
  ): Promise<void> {
    const view = this.#views.get(chatId);
    if (!view) return;
    await this.#keep(this.#views.put({ ...view, chat: { ...view.chat, ...changes } }), []);
  }

  /** Shows the branch of this message. */
  async select(chatId: string, messageId: string): Promise<void> {
    const view = this.#views.get(chatId);
    if (view) await this.change(chatId, { leafId: toLeaf(view.messages, messageId) });
  }

  /**
   * Sends a message behind `parentId` (absent: the end of the branch shown, after what waits for its turn, since that was written before).
   * While an answer is under way it waits, with what waits already.
   */
  async send(chatId: string, draft: Draft, parentId?: string | null): Promise<void> {
    const view = this.#views.get(chatId);
    if (!view) return;
    if (view.busyId !== null) return this.#wait(view, joinDrafts(view.next ?? emptyDraft, draft));
    const said = parentId === undefined ? joinDrafts(this.unqueue(chatId), draft) : draft;
    if (isEmpty(said)) return;
    const question = toQuestion(view.chat, { draft: said, parentId }, this.#birth());
    await this.#keep(this.#views.put(withQuestion(this.#views.get(chatId) ?? view, question)), [question]);
    await this.answer(chatId, question.id);
  }

  /** Takes back what was waiting for its turn. */
  unqueue(chatId: string): Draft {
    const view = this.#views.get(chatId);
    if (view?.next) void this.#wait(view, null);
    return view?.next ?? emptyDraft;
  }

  /** Asks for a (further) answer to a message, from another model if one is named. */
  async answer(chatId: string, questionId: string, model?: string): Promise<void> {
    const view = this.#views.get(chatId);
    if (!view || view.busyId !== null) return;
    const message = toAnswer(view.chat, { questionId, model }, this.#birth());
    this.#views.put(withAnswer(view, message));
    await this.#stream(chatId, message, (path, wish) => toChatBody(path.slice(0, -1), wish));
  }

  /** Asks anew for an answer that failed, in its place; from another model if one is named. */
  async retry(chatId: string, messageId: string, model?: string): Promise<void> {
    const message = this.#find(chatId, messageId);
    if (!message || this.#running.has(chatId)) return;
    const again: Message = { ...message, ...answerBase, state: 'streaming', model: model ?? message.model };
    this.#replace(chatId, again);
    await this.#stream(chatId, again, (path, wish) => toChatBody(path.slice(0, -1), wish));
  }

  /** Asks for the rest of an answer that stopped in the middle. */
  async continue(chatId: string, messageId: string): Promise<void> {
    const message = this.#find(chatId, messageId);
    if (!message || this.#running.has(chatId)) return;
    const going: Message = { ...message, state: 'streaming', error: null, route: null, attempts: [], finish: null };
    this.#replace(chatId, going);
    await this.#stream(chatId, going, toContinueBody);
  }

  /** Ends the answer under way; what has come stays. */
  stop(chatId: string): void {
    const running = this.#running.get(chatId);
    if (running) running.abort();
    else if (this.view(chatId)?.busyId) this.#deps.elsewhere.tell('stop', chatId);
  }

  /** Sends again what waited for the network; with a code also what failed with it. */
  async retryAll(code?: string): Promise<void> {
    // Another window may have the same chat open, and be sending.
    await this.#deps.elsewhere.inTurn(async () => {
      for (const chatId of this.#views.keys()) await this.#refresh(chatId);
      for (const { messages, chat } of this.#views.values())
        for (const { id, state, error } of messages)
          if (state === 'queued' || (state === 'failed' && error?.code === code)) await this.retry(chat.id, id);
    });
  }

  /** For when its person has left: what is under way is stopped, and nothing more is sent. */
  close(): void {
    this.#closed = true;
    for (const running of this.#running.values()) running.abort();
  }

  /** Removes a chat. Answers it, so that it can be brought back. */
  async remove(chatId: string): Promise<StoredChat | null> {
    this.stop(chatId);
    const view = await this.open(chatId);
    this.#views.delete(chatId);
    const drafts = await this.#deps.archive.remove(chatId);
    this.#deps.elsewhere.tell('removed', chatId);
    this.#views.tell();
    return view && { ...view, drafts };
  }

  /** Brings chats into the archive, replacing those of the same id. */
  async restore(chats: readonly StoredChat[]): Promise<void> {
    for (const { chat, messages, drafts = [] } of chats) {
      this.#views.delete(chat.id);
      await this.#deps.archive.write(chat, messages);
      for (const [key, draft] of drafts) await this.#deps.archive.writeDraft(key, draft);
    }
    this.#deps.elsewhere.tell('changed', null);
    this.#views.tell();
  }

  /** Deletes every chat of this device. */
  async clear(): Promise<void> {
    for (const chatId of this.#running.keys()) this.stop(chatId);
    this.#views.clear();
    await this.#deps.archive.clear();
    this.#deps.elsewhere.tell('removed', null);
    this.#views.tell();
  }

  /** A chat as the archive has it. While another window answers in it, its end is waited for, also by closing. */
  async #read(chatId: string): Promise<ChatView | null> {
    const view = await readView(this.#deps, chatId);
    if (view === null || view.busyId === null || this.#awaited.has(chatId)) return view;
    this.#awaited.add(chatId);
    void this.#deps.elsewhere.whenFree(chatId).then(() => {
      this.#awaited.delete(chatId);
      return this.#refresh(chatId);
    });
    return view;
  }

  /** Takes over what another window wrote; not where this one is at work, or has what the archive lacks. */
  async #refresh(chatId: string): Promise<void> {
    const before = this.view(chatId);
    const isOurs = before === null || this.#running.has(chatId) || before.chat.temporary || !before.kept;
    if (isOurs || before.messages.length === 0) return;
    const read = await this.#read(chatId);
    // Something happened here meanwhile, of which the archive may not have known.
    if (this.view(chatId) !== before) return this.#refresh(chatId);
    if (read === null) return this.#forget(chatId);
    const { chat, messages } = this.#views.put({ ...read, next: before.next });
    const last = messages.find(({ id }) => id === chat.leafId);
    if (before.busyId !== null && read.busyId === null && last?.state === 'done') await this.#sendNext(chatId);
  }

  async #hear({ about, chatId }: Word): Promise<void> {
    const chatIds = chatId === null ? [...this.#views.keys()] : [chatId];
    for (const id of chatIds) {
      if (about === 'stop') this.#running.get(id)?.abort();
      else if (about === 'removed') this.#forget(id);
      else await this.#refresh(id);
    }
    this.#views.tell();
  }

  /** Lets go of a chat that was removed; an answer under way ends unkept. */
  #forget(chatId: string): void {
    if (this.view(chatId)?.chat.temporary) return;
    this.#views.delete(chatId);
    this.#running.get(chatId)?.abort();
    this.#views.tell();
  }

  async #sendNext(chatId: string): Promise<void> {
    if (!this.#closed) await this.send(chatId, emptyDraft);
  }

  #birth(): Birth {
    return { id: this.#deps.newId(), nowMs: this.#deps.now() };
  }

  #find(chatId: string, messageId: string): Message | undefined {
    return this.#views.get(chatId)?.messages.find(({ id }) => id === messageId);
  }

  /** Sets what waits for its turn, also for after a reload. */
  async #wait(view: ChatView, next: Draft | null): Promise<void> {
    const { id, temporary } = this.#views.put({ ...view, next }).chat;
    if (!temporary) await this.#deps.archive.writeDraft(nextKey(id), next ?? emptyDraft).catch(() => undefined);
  }

  #replace(chatId: string, message: Message): void {
    const view = this.#views.get(chatId);
    if (view) this.#views.put(withMessage(view, message));
  }

  /** Writes to the archive. Where it has no room all goes on in memory, and is written once there is. */
  async #keep({ chat, messages: all, kept: before }: ChatView, messages: readonly Message[]): Promise<void> {
    if (!chat.temporary && (chat.leafId !== null || messages.length > 0)) {
      const writing = this.#deps.archive.write(chat, before ? messages : [...all, ...messages]);
      const kept = await writing.then(
        () => true,
        () => false,
      );
      const view = this.#views.get(chat.id);
      if (view && view.kept !== kept) this.#views.put({ ...view, kept });
      this.#deps.elsewhere.tell('changed', chat.id);
    }
    this.#views.tell();
  }

  async #stream(chatId: string, from: Message, toBody: ToBody): Promise<void> {
    const view = this.#views.get(chatId);
    if (!view || this.#closed) return;
    const abort = new AbortController();
    this.#running.set(chatId, abort);
    const letGo = this.#deps.elsewhere.hold(chatId);
    const progress = new Progress(from, this.#deps.now, (message) => this.#replace(chatId, message));
    const keep = async (): Promise<void> => {
      const now = this.#views.get(chatId);
      if (now) await this.#keep(now, [progress.message]);
    };
    const keeping = setInterval(() => void keep(), KEEP_MS);
    const wish = { ...view.chat, model: from.model ?? view.chat.model };
    this.#replace(chatId, from);
    // At once: a page that is left now comes back with an answer that broke off, not with none.
    void keep();
    await ask(this.#deps, { body: toBody(toPath(view.messages, from.id), wish), progress, signal: abort.signal });
    clearInterval(keeping);
    this.#running.delete(chatId);
    this.#replace(chatId, progress.message);
    await keep();
    letGo();
    if (progress.message.state === 'done') await this.#sendNext(chatId);
  }
}
