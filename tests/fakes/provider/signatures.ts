// What real providers make of signed calls: Google signs the first call of an answer and wants it back; strict ones refuse what they don't know.
import type { FakeModel } from './spec.ts';

type Json = Readonly<Record<string, unknown>>;

const recordOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(recordOf) : []);

/** What the simulated provider signs with; base64, as Google's own. */
export const SIGNATURE = 'c2lnbmVk';
/** Stands for what somebody else called, and is not checked. */
const UNCHECKED = 'skip_thought_signature_validator';

/** The signature of a call in either format. */
function signatureOf({ thoughtSignature, extra_content: extra }: Json): unknown {
  return thoughtSignature ?? recordOf(recordOf(extra)['google'])['thought_signature'];
}

function findUnsigned(messages: readonly Json[]): string | null {
  // Only what was called since somebody last spoke is looked at.
  const turn = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  for (const [position, message] of turn.entries()) {
    const calls = listOf(message['tool_calls']);
    const signature = calls[0] === undefined ? UNCHECKED : signatureOf(calls[0]);
    if (signature === undefined)
      return `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:get\` , position ${position + 2}.`;
    const all = calls.map(signatureOf).filter((one) => one !== undefined);
    if (all.some((one) => one !== SIGNATURE && one !== UNCHECKED)) return 'Thought signature is not valid.';
  }
  return null;
}

/** The place of the first thing in the messages that the format does not have. */
function findUnknown(messages: readonly Json[]): string | null {
  for (const [index, message] of messages.entries()) {
    if ('reasoning_details' in message) return `messages[${index}].reasoning_details`;
    const at = listOf(message['tool_calls']).findIndex((call) => 'extra_content' in call);
    if (at >= 0) return `messages[${index}].tool_calls[${at}].extra_content`;
  }
  return null;
}

/** Why the model refuses the signatures of a conversation, or that there are any; null when it does not. */
export function findSignatureFault(messages: unknown, { signatures }: FakeModel): string | null {
  if (signatures === 'wanted') return findUnsigned(listOf(messages));
  const place = signatures === 'refused' ? findUnknown(listOf(messages)) : null;
  return place === null ? null : `Extra inputs are not permitted, field: '${place}'`;
}
