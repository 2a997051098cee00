// What clients made for OpenRouter, and Anthropic's, read of a model beside its id: lengths, price a token, what goes in and comes out, what it may be asked with.
import type { Capability, ModelKind } from '#shared/catalog.ts';
import type { Candidate } from '../routing/types.ts';

/** What is known of whom a name means. */
export interface KnownModel {
  readonly id: string;
  readonly best: Pick<Candidate, 'kind' | 'tier' | 'price'> | undefined;
  /** Tokens; null: not known. */
  readonly context: number | null;
  readonly maxOutput: number | null;
  readonly capabilities: readonly Capability[];
}

const inputs: Readonly<Partial<Record<Capability, string>>> = { vision: 'image', audio: 'audio', documents: 'file' };

/** What goes in and comes out, where that is not text for text. */
const modalities: Readonly<Partial<Record<ModelKind, { readonly in?: string; readonly out?: string }>>> = {
  embedding: { out: 'embeddings' },
  image: { out: 'image' },
  speech: { out: 'speech' },
  transcription: { in: 'audio', out: 'transcription' },
};

/** Fields of a chat that are told to everybody. */
const usual = ['max_tokens', 'temperature', 'top_p', 'stop', 'seed', 'frequency_penalty', 'presence_penalty'];
const further: Readonly<Partial<Record<Capability, readonly string[]>>> = {
  tools: ['tools', 'tool_choice', 'parallel_tool_calls'],
  json: ['response_format', 'structured_outputs'],
  reasoning: ['reasoning', 'reasoning_effort', 'include_reasoning'],
};

/** Stands for a price that nobody knows. */
const UNKNOWN_PRICE = '-1';

/** Of one token, US dollars, as text without an exponent. */
const toTokenPrice = (perMillionUsd: number | undefined): string =>
  perMillionUsd === undefined ? UNKNOWN_PRICE : (perMillionUsd / 1e6).toFixed(12).replace(/\.?0+$/, '');

function toPricing({ best }: KnownModel): Readonly<Record<string, string>> {
  if (best !== undefined && best.tier !== 'paid') return { prompt: '0', completion: '0' };
  const price = best?.price ?? {};
  const { cachedInputPerMillionUsd: cached, cacheWritePerMillionUsd: written } = price;
  return {
    prompt: toTokenPrice(price.inputPerMillionUsd),
    // Vectors are all input.
    completion: best?.kind === 'embedding' ? '0' : toTokenPrice(price.outputPerMillionUsd),
    ...(cached === undefined ? {} : { input_cache_read: toTokenPrice(cached) }),
    ...(written === undefined ? {} : { input_cache_write: toTokenPrice(written) }),
  };
}

function toArchitecture({ best, capabilities }: KnownModel): Readonly<Record<string, unknown>> {
  const own = best === undefined ? undefined : modalities[best.kind];
  const input = [own?.in ?? 'text', ...capabilities.flatMap((capability) => inputs[capability] ?? [])];
  const output = [own?.out ?? 'text'];
  return {
    modality: `${input.join('+')}->${output.join('+')}`,
    input_modalities: input,
    output_modalities: output,
    tokenizer: 'Other',
    instruct_type: null,
  };
}

/** The fields, as OpenRouter's list of models has them, and the two lengths of Anthropic's. */
export function toForeignFields(model: KnownModel): Readonly<Record<string, unknown>> {
  const { id, best, context, maxOutput, capabilities } = model;
  return {
    name: id,
    canonical_slug: id,
    description: '',
    context_length: context,
    architecture: toArchitecture(model),
    pricing: toPricing(model),
    top_provider: { context_length: context, max_completion_tokens: maxOutput, is_moderated: false },
    per_request_limits: null,
    supported_parameters:
      best?.kind === 'chat' ? [...usual, ...capabilities.flatMap((capability) => further[capability] ?? [])] : [],
    default_parameters: null,
    supported_voices: null,
    links: { details: `/v1/models/${id}` },
    max_input_tokens: context,
    max_tokens: maxOutput,
  };
}
