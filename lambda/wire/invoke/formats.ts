// The formats in which direct invokes may bring an endpoint of their own, by the names that agents give them.
import type { WireId } from '#shared/catalog.ts';
import type { transformers } from '#shared/invoke.ts';

/** Wire by transformer. */
export const invokeWires = {
  openai_v1: 'openai-chat',
  anthropic_v1: 'anthropic',
  gemini_v1: 'gemini',
  bedrock_v1: 'bedrock-converse',
} as const satisfies Record<(typeof transformers)[number], WireId>;
