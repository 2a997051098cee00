// OpenAI's text completions, as callers ask for them. Providers are asked as for a chat.
import { openaiChat } from '../openai-chat/index.ts';
import type { ChatWire } from '../types.ts';
import { parseQuestion } from './question.ts';
import { openWriter, renderReply } from './render.ts';

/** Pure; every method may be passed around alone. */
export const completions: ChatWire = { ...openaiChat, parseQuestion, renderReply, openWriter };
