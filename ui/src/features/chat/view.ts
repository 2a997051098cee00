// A chat as it is shown, and what it looks like after each step: pure.
import type { StoredChat } from './archive.ts';
import { toTitle } from './tree.ts';
import { answerBase, type Chat, type Draft, type Message } from './types.ts';

/** One chat as it is shown. A new object whenever something changed. */
export interface ChatView extends StoredChat {
  /** The answer under way, here or in another window; null when there is none. */
  readonly busyId: string | null;
  /** What goes out when the answer under way has ended. */
  readonly next: Draft | null;
  /** False: the device could not keep what is new, which is gone with the page. */
  readonly kept: boolean;
}

/** The id of what is new, and when it came to be, ms since the epoch. */
export interface Birth {
  readonly id: string;
  readonly nowMs: number;
}

/** What is decided about a chat when it begins. */
export type ChatWish = Pick<Chat, 'model' | 'policy' | 'maxCostUsd' | 'instructions' | 'temporary'>;

/** A new chat without a word in it. */
export const toNewView = (wish: ChatWish, { id, nowMs }: Birth): ChatView => ({
  chat: { id, title: '', named: false, createdAtMs: nowMs, updatedAtMs: nowMs, leafId: null, ...wish },
  messages: [],
  busyId: null,
  next: null,
  kept: true,
});

/** The question of a draft; without a parent it stands at the end of the branch that is shown. */
export const toQuestion = (
  chat: Chat,
  { draft, parentId = chat.leafId }: { readonly draft: Draft; readonly parentId?: string | null | undefined },
  { id, nowMs }: Birth,
): Message => ({
  ...answerBase,
  id,
  chatId: chat.id,
  parentId,
  role: 'user',
  text: draft.text,
  attachments: draft.attachments,
  createdAtMs: nowMs,
  state: 'done',
  model: null,
});

/** The answer to a question before its first word, from another model than the chat's if one is named. */
export const toAnswer = (
  chat: Chat,
  { questionId, model = chat.model }: { readonly questionId: string; readonly model?: string | undefined },
  { id, nowMs }: Birth,
): Message => ({
  ...answerBase,
  id,
  chatId: chat.id,
  parentId: questionId,
  createdAtMs: nowMs,
  state: 'streaming',
  model,
});

/** With a question more, after which a chat without a name is called. */
export function withQuestion(view: ChatView, question: Message): ChatView {
  const { id, text, attachments, createdAtMs } = question;
  const title = view.chat.title === '' ? toTitle(text) || (attachments[0]?.name ?? '') : view.chat.title;
  const chat: Chat = { ...view.chat, title, leafId: id, updatedAtMs: createdAtMs };
  return { ...view, chat, messages: [...view.messages, question] };
}

/** With an answer more. */
export const withAnswer = (view: ChatView, answer: Message): ChatView => ({
  ...view,
  chat: { ...view.chat, leafId: answer.id },
  messages: [...view.messages, answer],
});

/** With this message in the place of what it was before. */
export const withMessage = (view: ChatView, message: Message): ChatView => ({
  ...view,
  busyId: message.state === 'streaming' ? message.id : null,
  messages: view.messages.map((one) => (one.id === message.id ? message : one)),
});
