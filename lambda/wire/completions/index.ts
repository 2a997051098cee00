// OpenAI's text completions: as callers ask for them, and as models are asked that fill gaps by themselves. All others are asked as for a chat.
import { openaiChat } from '../openai-chat/index.ts';
import type { ChatWire } from '../types.ts';
import { parseQuestion } from './question.ts';
import { openWriter, renderReply } from './render.ts';
import { renderRequest, takes } from './request.ts';

/** Pure; every method may be passed around alone. */
export const completions: ChatWire = {
  ...openaiChat,
  parseQuestion,
  renderReply,
  openWriter,
  // What reads chats knows their `text`, too.
  direct: { ...openaiChat, requestPath: () => '/completions', renderRequest, takes },
};
