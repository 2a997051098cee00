// Completes what providers of the OpenAI chat format leave out, or put in other words, of what its published schema demands.
import type { Json } from '../json.ts';
import type { ReplyHead } from '../types.ts';
import { isRecord, toAmount, toList, toText } from '../json.ts';

const tiers: ReadonlySet<unknown> = new Set([undefined, null, 'auto', 'default', 'flex', 'scale', 'priority']);

const counted = ['prompt_tokens', 'completion_tokens', 'total_tokens'];

const isWholeUsage = (usage: unknown): boolean =>
  !isRecord(usage) || counted.every((name) => typeof usage[name] === 'number');

const isNamed = ({ id, model, created }: Json): boolean =>
  typeof id === 'string' && typeof model === 'string' && typeof created === 'number';

/** What stands in for the names of a reply that tells none. */
export type Names = Pick<ReplyHead, 'id' | 'created'>;

/** Names for a reply of this moment. */
export const toNames = (nowMs: number): Names => ({
  id: `gen-${nowMs.toString(36)}`,
  created: Math.floor(nowMs / 1000),
});

/** How far a whole reply is as the schema has it: all of it, but for what `fillIn` adds, or as far as providers are known to depart from it. */
export type Conformity = 'official' | 'nulls_missing' | 'departs';

/** Compares a whole reply with the schema. */
export function conformityOf(json: Json, choice: Json, message: Json): Conformity {
  const departs =
    message['content'] === undefined ||
    message['tool_calls'] === null ||
    json['object'] !== 'chat.completion' ||
    !isNamed(json) ||
    typeof choice['index'] !== 'number' ||
    toText(choice['finish_reason']) === null ||
    !tiers.has(json['service_tier']) ||
    !isWholeUsage(json['usage']);
  if (departs) return 'departs';
  return choice['logprobs'] === undefined || message['refusal'] === undefined ? 'nulls_missing' : 'official';
}

const MESSAGE = '"message"';
const MESSAGE_BEGINS = `${MESSAGE}:{`;

/**
 * The text of a reply with the two nulls that nearly all providers leave out: of a choice, `logprobs`, and of its message, `refusal`. All else
 * stays as it came. null where it can't be told from the text alone where they belong.
 */
export function fillIn(text: string, choice: Json, message: Json): string | null {
  const at = text.indexOf(MESSAGE);
  // Inside of a string its quotes would be escaped, so this is a name, and the only one of its kind.
  if (at < 0 || !text.startsWith(MESSAGE_BEGINS, at) || text.includes(MESSAGE, at + 1)) return null;
  const logprobs = choice['logprobs'] === undefined ? '"logprobs":null,' : '';
  const refusal = message['refusal'] === undefined ? '"refusal":null,' : '';
  return `${text.slice(0, at)}${logprobs}${MESSAGE_BEGINS}${refusal}${text.slice(at + MESSAGE_BEGINS.length)}`;
}

/** Whether a chunk of a stream is. */
export function isOfficialChunk(json: Json, choice: Json | null): boolean {
  return (
    json['object'] === 'chat.completion.chunk' &&
    isNamed(json) &&
    typeof choice?.['index'] === 'number' &&
    choice['finish_reason'] !== undefined &&
    isRecord(choice['delta']) &&
    choice['message'] === undefined &&
    tiers.has(json['service_tier']) &&
    isWholeUsage(json['usage'])
  );
}

function completeUsage(usage: Json): Json {
  const prompt = toAmount(usage['prompt_tokens']) ?? 0;
  const completion = toAmount(usage['completion_tokens']) ?? 0;
  const total = toAmount(usage['total_tokens']) ?? prompt + completion;
  return { ...usage, prompt_tokens: prompt, completion_tokens: completion, total_tokens: total };
}

/** The document around the choices, complete. */
export function completeDocument(
  json: Json,
  object: 'chat.completion' | 'chat.completion.chunk',
  names: Names,
): Record<string, unknown> {
  const { id, model, created } = json;
  const document: Record<string, unknown> = {
    ...json,
    id: typeof id === 'string' ? id : names.id,
    object,
    created: typeof created === 'number' ? created : names.created,
    model: typeof model === 'string' ? model : '',
  };
  if (!tiers.has(json['service_tier'])) delete document['service_tier'];
  if (isRecord(json['usage'])) document['usage'] = completeUsage(json['usage']);
  return document;
}

/** The message of a whole reply, complete. */
export function completeMessage(message: Json): Json {
  const complete: Record<string, unknown> = {
    ...message,
    role: toText(message['role']) ?? 'assistant',
    content: message['content'] ?? null,
    refusal: message['refusal'] ?? null,
  };
  if ('tool_calls' in message && toList(message['tool_calls']).length === 0) delete complete['tool_calls'];
  return complete;
}
