// The formats Freeway speaks, by wire id. But for the one that nearly everybody speaks, each is loaded when somebody first does.
import type { WireId } from '#shared/catalog.ts';
import { openaiChat } from './openai-chat/index.ts';
import type { ToMendingWire } from './mend/index.ts';
import type { ChatWire, UpstreamWire } from './types.ts';

/** Codecs by wire id, as far as they are spoken with providers, and what mends answers where a provider needs it. */
export type ChatWires = Readonly<Partial<Record<WireId, UpstreamWire>>> & { readonly mend?: ToMendingWire };

/** Loads what mends answers: few models are marked for it. */
export const loadMending = async (): Promise<ToMendingWire> => (await import('./mend/index.ts')).toMendingWire;

/** Loads the codec of a chat format spoken with providers; callers may ask in those that are a ChatWire. */
export const chatWires = {
  'openai-chat': (): Promise<ChatWire> => Promise.resolve(openaiChat),
  'openai-responses': async (): Promise<ChatWire> => (await import('./openai-responses/index.ts')).openaiResponses,
  anthropic: async (): Promise<ChatWire> => (await import('./anthropic/index.ts')).anthropic,
  gemini: async (): Promise<ChatWire> => (await import('./gemini/index.ts')).gemini,
  'bedrock-converse': async (): Promise<UpstreamWire> => (await import('./converse/index.ts')).converse,
  predictions: async (): Promise<UpstreamWire> => (await import('./predictions/index.ts')).predictions,
} satisfies Partial<Record<WireId, () => Promise<UpstreamWire>>>;

/** Whether a chat can be held in this format. */
export const isChatWire = (id: WireId): id is keyof typeof chatWires => Object.hasOwn(chatWires, id);

/** All of them at once. */
export async function loadChatWires(): Promise<ChatWires & Readonly<Record<CallerWireId, ChatWire>>> {
  const [chat, responses, anthropic, gemini, converse, predictions] = await Promise.all([
    chatWires['openai-chat'](),
    chatWires['openai-responses'](),
    chatWires.anthropic(),
    chatWires.gemini(),
    chatWires['bedrock-converse'](),
    chatWires.predictions(),
  ]);
  return {
    'openai-chat': chat,
    'openai-responses': responses,
    anthropic,
    gemini,
    'bedrock-converse': converse,
    predictions,
  };
}

/** The formats in which callers may ask. */
export type CallerWireId = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini';

export { openaiChat };
export { dialects } from './dialects/index.ts';
