// The formats Freeway speaks, by wire id.
import type { WireId } from '#shared/catalog.ts';
import type { ChatWire } from './types.ts';
import { openaiChat } from './openai-chat/index.ts';

/** Codecs of the chat formats that can be spoken both with callers and with providers. */
export const chatWires: Readonly<Partial<Record<WireId, ChatWire>>> = { 'openai-chat': openaiChat };

export { dialects } from './dialects/index.ts';
