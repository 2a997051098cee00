// From a branch of messages to the body of a chat request, and to the lighter one that only asks where it would go.
import { toPath } from './tree.ts';
import type { Chat, ChatPolicy, Message } from './types.ts';

type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
  | { readonly type: 'file'; readonly file: { readonly filename: string; readonly file_data: string } };

interface AskedMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string | readonly Part[];
}

export interface Wish {
  readonly model: string;
  readonly policy: ChatPolicy;
  readonly maxCostUsd?: number | null;
  readonly instructions?: string;
}

/** The smallest image there is; it stands for one of any size where only its presence matters. */
const ONE_PIXEL = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=';

/** Asks for the rest of an answer that stopped in the middle. */
const CONTINUE =
  'Your last message was cut off. Continue exactly where it stopped, in the same format, without repeating anything and without any introduction.';

function toParts(
  { text, attachments }: Pick<Message, 'text' | 'attachments'>,
  light: boolean,
): string | readonly Part[] {
  if (attachments.length === 0) return text;
  const parts = attachments.map(({ kind, name, data }): Part => {
    if (kind === 'text') return { type: 'text', text: `File ${name}:\n\n${data}` };
    if (kind === 'pdf') return { type: 'file', file: { filename: name, file_data: data } };
    return { type: 'image_url', image_url: { url: light ? ONE_PIXEL : data } };
  });
  return text === '' ? parts : [...parts, { type: 'text', text }];
}

/** The instructions of a chat and the messages of a branch as a model reads them. Answers without a word are left out. */
function toAskedMessages(
  path: readonly Message[],
  { instructions = '' }: Wish,
  light = false,
): readonly AskedMessage[] {
  const asked = path
    .filter(({ role, text }) => role === 'user' || text !== '')
    .map((message) => ({
      role: message.role,
      content: message.role === 'user' ? toParts(message, light) : message.text,
    }));
  return instructions.trim() === '' ? asked : [{ role: 'system', content: instructions }, ...asked];
}

/** What makes the body that asks about the last message of a branch. */
export type ToBody = (path: readonly Message[], wish: Wish) => unknown;

interface Controls {
  readonly model: string;
  readonly freeway?: { readonly tier: 'free' } | { readonly max_cost_usd: number };
}

/** Model and controls for a wish. The best policy asks `auto` for large models; a model that was picked stays. */
function toControls({ model, policy, maxCostUsd = null }: Wish): Controls {
  if (policy === 'only_free') return { model, freeway: { tier: 'free' } };
  return {
    model: policy === 'best' && model === 'auto' ? 'auto:large' : model,
    ...(maxCostUsd === null ? {} : { freeway: { max_cost_usd: maxCostUsd } }),
  };
}

/** The body that asks for an answer. */
export const toChatBody = (path: readonly Message[], wish: Wish) => ({
  ...toControls(wish),
  stream: true,
  messages: toAskedMessages(path, wish),
});

/** The body that asks for the rest of the last message of `path`. */
export const toContinueBody = (path: readonly Message[], wish: Wish) => ({
  ...toControls(wish),
  stream: true,
  messages: [...toAskedMessages(path, wish), { role: 'user' as const, content: CONTINUE }],
});

/** The body that asks where a draft would go. */
export const toPreviewBody = (path: readonly Message[], draft: Pick<Message, 'text' | 'attachments'>, wish: Wish) => ({
  ...toControls(wish),
  messages: [...toAskedMessages(path, wish, true), { role: 'user' as const, content: toParts(draft, true) }],
});

/** The body that asks where the question would go that this message answers; null: it is gone. */
export function toSameBody(
  { chat, messages }: { readonly chat: Chat; readonly messages: readonly Message[] },
  { parentId, model }: Pick<Message, 'parentId' | 'model'>,
): ReturnType<typeof toPreviewBody> | null {
  const path = toPath(messages, parentId);
  const question = path.at(-1);
  if (question === undefined) return null;
  return toPreviewBody(path.slice(0, -1), question, { ...chat, model: model ?? chat.model });
}

const LONGEST_OVERLAP = 400;

/** Joins the rest to what was there; words that the rest repeats stand once. */
export function joinRest(before: string, rest: string): string {
  const longest = Math.min(LONGEST_OVERLAP, before.length, rest.length);
  for (let length = longest; length >= 12; length--)
    if (before.endsWith(rest.slice(0, length))) return before + rest.slice(length);
  return before + rest;
}
