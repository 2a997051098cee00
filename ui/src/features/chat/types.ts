// The words of the chat: a chat, its messages as a tree, what goes with them, and how an answer came about.
import type { AttemptEvent, ReceiptEvent, RouteEvent } from '#shared/api/events.ts';

/** What a chat may spend: nothing, money only when nothing free can answer, or whatever the best model takes. */
export const policies = ['only_free', 'free_first', 'best'] as const;
export type ChatPolicy = (typeof policies)[number];

/** Bounds to choose from, US dollars. */
export const costBounds = [0.01, 0.1, 1] as const;

export interface Chat {
  readonly id: string;
  readonly title: string;
  /** False until a person named it: then it is named after its first message. */
  readonly named: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The last message of the branch that is shown; null while there is none. */
  readonly leafId: string | null;
  readonly model: string;
  readonly policy: ChatPolicy;
  /** The most a paid answer may cost, US dollars; null or absent: no bound of the chat's own. */
  readonly maxCostUsd?: number | null;
  /** What every answer keeps to, told before the first message; empty or absent: nothing. */
  readonly instructions?: string;
  /** Kept in memory only, and gone with the page. */
  readonly temporary: boolean;
}

/** A file that goes with a message. `data` is a data URL for images and PDF, the text itself for text. */
export interface Attachment {
  readonly id: string;
  readonly kind: 'image' | 'text' | 'pdf';
  readonly name: string;
  readonly bytes: number;
  readonly data: string;
}

/** What went wrong, as it is kept with a message. */
export interface MessageError {
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
  readonly retryAtMs: number | null;
  /** Why, as the server tells it in codes and numbers; absent: it does not. */
  readonly why?: unknown;
}

/** How far an answer is: under way, whole, ended by the person, broken off, never begun, or waiting for the network. */
export type MessageState = 'streaming' | 'done' | 'stopped' | 'broken' | 'failed' | 'queued';

export interface Message {
  readonly id: string;
  readonly chatId: string;
  /** null for the first message of a chat. */
  readonly parentId: string | null;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly reasoning: string;
  readonly attachments: readonly Attachment[];
  readonly createdAtMs: number;
  readonly state: MessageState;
  /** The model that was asked for; answers only. */
  readonly model: string | null;
  /** The way to the answer, while it is under way. */
  readonly route: RouteEvent | null;
  readonly attempts: readonly AttemptEvent[];
  readonly receipt: ReceiptEvent | null;
  /** From sending to the first word, ms. */
  readonly firstWordMs: number | null;
  /** Ended for want of room (`length`), or as it should (`stop`). */
  readonly finish: string | null;
  readonly error: MessageError | null;
}

/** An answer of which nothing has come. */
export const answerBase = {
  role: 'assistant',
  text: '',
  reasoning: '',
  attachments: [],
  route: null,
  attempts: [],
  receipt: null,
  firstWordMs: null,
  finish: null,
  error: null,
} as const satisfies Partial<Message>;

/** What is being written and not sent yet. */
export interface Draft {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** The message that it is to change; absent where it is a message of its own. */
  readonly editing?: string;
}
export const emptyDraft: Draft = { text: '', attachments: [] };

/** Whether nothing is being written. */
export const isEmpty = ({ text, attachments }: Draft): boolean => text === '' && attachments.length === 0;

/** Two drafts as one, in this order. */
export const joinDrafts = (first: Draft, second: Draft): Draft => ({
  text: [first.text, second.text].filter((text) => text !== '').join('\n\n'),
  attachments: [...first.attachments, ...second.attachments],
});
