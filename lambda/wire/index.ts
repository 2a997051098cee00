// The formats Freeway speaks, by wire id.
import type { WireId } from '#shared/catalog.ts';
import type { ChatWire, UpstreamWire } from './types.ts';
import { anthropic } from './anthropic/index.ts';
import { converse } from './converse/index.ts';
import { gemini } from './gemini/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

/** Codecs by wire id, as far as they are spoken with providers. */
export type ChatWires = Readonly<Partial<Record<WireId, UpstreamWire>>>;

/** Codecs of the chat formats spoken with providers; callers may ask in those that are named. */
export const chatWires: ChatWires &
  Readonly<Record<'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini', ChatWire>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  anthropic,
  gemini,
  'bedrock-converse': converse,
};

export { dialects } from './dialects/index.ts';
