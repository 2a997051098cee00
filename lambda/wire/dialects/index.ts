// All dialects by id.
import type { DialectId } from '#shared/catalog.ts';
import type { Dialect } from '../types.ts';
import { anthropic } from './anthropic.ts';
import { azure } from './azure.ts';
import { bedrock } from './bedrock.ts';
import { cerebras } from './cerebras.ts';
import { cloudflare } from './cloudflare.ts';
import { cohere } from './cohere.ts';
import { createDialect } from './dialect.ts';
import { fireworks } from './fireworks.ts';
import { gemini } from './gemini.ts';
import { generic } from './generic.ts';
import { groq } from './groq.ts';
import { huggingface } from './huggingface.ts';
import { mistral } from './mistral.ts';
import { openai } from './openai.ts';
import { openrouter } from './openrouter.ts';
import { sambanova } from './sambanova.ts';
import { together } from './together.ts';
import { zai } from './zai.ts';

/** Every dialect the catalog can name. */
export const dialects: Readonly<Record<DialectId, Dialect>> = {
  openai,
  groq,
  cerebras,
  sambanova,
  mistral,
  anthropic,
  openrouter,
  cohere,
  together,
  fireworks,
  gemini,
  azure,
  bedrock,
  cloudflare,
  // Tells no limits, and faults in the general words.
  nvidia: createDialect('nvidia'),
  huggingface,
  zai,
  generic,
};
