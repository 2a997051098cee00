// The formats Freeway speaks, by wire id.
import type { WireId } from '#shared/catalog.ts';
import type { ChatWire } from './types.ts';
import { anthropic } from './anthropic/index.ts';
import { gemini } from './gemini/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

/** Codecs by wire id, as far as they are spoken. */
export type ChatWires = Readonly<Partial<Record<WireId, ChatWire>>>;

/** Codecs of the chat formats that can be spoken both with callers and with providers. */
export const chatWires: ChatWires &
  Readonly<Record<'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini', ChatWire>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  anthropic,
  gemini,
};

export { dialects } from './dialects/index.ts';
