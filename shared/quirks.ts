// How providers depart from the format they speak: the closed list that the catalog chooses from.
import * as z from 'zod/mini';
import { evidenceSchema } from './pools.ts';

/** Request fields of the OpenAI formats that a quirk may name; a typo is a type error and fails the catalog check. */
export const chatFields = [
  'audio', 'dimensions', 'frequency_penalty', 'function_call', 'functions', 'logit_bias', 'logprobs', 'max_completion_tokens', 'max_tokens',
  'metadata', 'modalities', 'n', 'output_dimension', 'parallel_tool_calls', 'prediction', 'presence_penalty', 'prompt_cache_key', 'prompt_cache_retention',
  'random_seed', 'reasoning_effort', 'response_format', 'safety_identifier', 'seed', 'service_tier', 'stop', 'store', 'stream_options',
  'temperature', 'tool_choice', 'tools', 'top_logprobs', 'top_p', 'user', 'verbosity', 'web_search_options',
] as const; // prettier-ignore
export type ChatField = (typeof chatFields)[number];
const field = z.lazy(() => z.enum(chatFields));

/** What vectors may be for. `question`, `verification` and `code` are queries of a kind. */
export const purposes = [
  'query', 'document', 'classification', 'clustering', 'similarity', 'question', 'verification', 'code',
] as const; // prettier-ignore
export type Purpose = (typeof purposes)[number];

/**
 * The closed list of ways in which a provider departs from its wire. `models` (patterns) narrows a quirk.
 * - `drop`: leave the fields out. `rename`: send `from` as `to`. `clamp`: force a number into [min, max].
 * - `set`: send this value when the caller gave none. `map`: replace one value of a field by another (null drops it).
 * - `systemRole`: role used for developer and system messages. `dropMessageFields`: leave fields out of every message.
 * - `dropNulls`: leave out null fields of body and messages. `exclusive`: when `field` is present, drop `drops`.
 * - `schemas`: words that schemas of tools and answers may not hold. `mend`: answers are searched for tool calls written as text, or JSON among words.
 * - `inputs`: what the input of a prediction calls a field; null: it takes none. `system` and `messages`: where it takes them beside its prompt, or instead. Further: `max_tokens` and fields of one value.
 * - `effort`: where models of formats without a field for it are told how hard to think.
 * - `promptCache`: takes marks of what is worth keeping in a prompt cache (`cache_control` on parts of messages).
 * - `midway`: what is taken between messages in Anthropic's format: words and tools of the `system`, an `effort`; others are told it elsewhere.
 * - `callIds`: ids of tool calls must be letters and digits, exactly so many; others are told by names made of them.
 * - `thoughts`: demands what was thought before (`reasoning_content`) in each answer of a conversation with tools.
 * - `purpose`: the field in which it is told what vectors are for, and its words for that; neither: those of callers of the same format. `titles`: it also takes titles of documents.
 * - `signatures`: takes what answers are signed with: `calls` by Google (`extra_content`), `thoughts` by OpenRouter (`reasoning_details`). Others are not told of it. `checked`: a turn whose first call bears none is refused.
 * - `routing`: takes the fields by which callers of OpenRouter say where a request may go, and hands it on by them.
 * - `requireHeader`: constant extra header. `prefill`: field that marks a last assistant message as the beginning of the answer.
 */
export const quirkSchema = z.lazy(() =>
  z.intersection(
    z.object({ models: z.optional(z.array(z.string())), evidence: z.optional(evidenceSchema) }),
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('drop'), fields: z.array(field) }),
      z.object({ kind: z.literal('rename'), from: field, to: field }),
      z.object({ kind: z.literal('clamp'), field, min: z.optional(z.number()), max: z.optional(z.number()) }),
      z.object({ kind: z.literal('set'), field, value: z.unknown() }),
      z.object({ kind: z.literal('map'), field, from: z.unknown(), to: z.unknown() }),
      z.object({ kind: z.literal('systemRole'), role: z.enum(['system', 'developer', 'user']) }),
      z.object({
        kind: z.literal('dropMessageFields'),
        fields: z.array(z.enum(['name', 'function_call', 'refusal', 'audio', 'annotations'])),
      }),
      z.object({ kind: z.literal('dropNulls') }),
      z.object({ kind: z.literal('exclusive'), field, drops: z.array(field) }),
      z.object({ kind: z.literal('schemas'), without: z.array(z.string()) }),
      z.object({ kind: z.literal('mend'), what: z.array(z.enum(['tool_calls', 'json'])) }),
      z.object({ kind: z.literal('inputs'), names: z.record(z.string(), z.nullable(z.string())) }),
      z.object({ kind: z.literal('effort'), as: z.enum(['thinking', 'reasoningConfig', 'reasoning_effort']) }),
      z.object({ kind: z.literal('promptCache') }),
      z.object({ kind: z.literal('routing') }),
      z.object({
        kind: z.literal('signatures'),
        of: z.array(z.enum(['calls', 'thoughts'])),
        checked: z.optional(z.boolean()),
      }),
      z.object({ kind: z.literal('midway'), takes: z.array(z.enum(['system', 'effort'])) }),
      z.object({ kind: z.literal('callIds'), length: z.number().check(z.positive()) }),
      z.object({ kind: z.literal('thoughts') }),
      z.object({
        kind: z.literal('purpose'),
        field: z.optional(z.enum(['input_type', 'task', 'taskType'])),
        words: z.optional(z.partialRecord(z.enum(purposes), z.string())),
        titles: z.optional(z.boolean()),
      }),
      z.object({ kind: z.literal('requireHeader'), header: z.string(), value: z.string() }),
      z.object({ kind: z.literal('prefill'), field: z.enum(['prefix']) }),
    ]),
  ),
);
export type Quirk = z.infer<typeof quirkSchema>;
