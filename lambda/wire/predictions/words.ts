// What a prediction says of itself: how far it is, what it wrote and used, and what went wrong.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Json } from '../json.ts';
import { toAmount, toList, toRecord, toText, toTokens } from '../json.ts';
import type { Finish, ReplyContext } from '../types.ts';

const underWay: ReadonlySet<unknown> = new Set(['starting', 'processing']);

/** Whether it is still to be waited for. */
export const isUnderWay = ({ status }: Json): boolean => underWay.has(status);

/** What was written: language models answer with one text, or with a list of pieces. null when it is neither. */
export function toOutput({ output }: Json): string | null {
  if (typeof output === 'string') return output;
  return Array.isArray(output) && output.every((piece) => typeof piece === 'string') ? output.join('') : null;
}

/** The use, where the model counts tokens; null when it does not. */
export function toUsage({ metrics }: Json): Usage | null {
  const counts = toRecord(metrics);
  const inputTokens = toTokens(counts['input_token_count']);
  const outputTokens = toTokens(counts['output_token_count']);
  if (inputTokens === undefined && outputTokens === undefined) return null;
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  };
}

const bounds = ['max_completion_tokens', 'max_tokens', 'max_new_tokens'] as const;

/** Why the answer ended. The format does not tell; an answer as long as it was allowed to be was cut. */
export function toFinish(prediction: Json): Finish {
  const input = toRecord(prediction['input']);
  const bound = bounds.map((name) => toAmount(input[name])).find((amount) => amount !== undefined);
  const written = toUsage(prediction)?.outputTokens;
  return bound !== undefined && written !== undefined && written >= bound ? 'length' : 'stop';
}

/** What an error told inside a good reply means. Unless its words say more, the model has broken down. */
export function toFault(error: unknown, { dialect, nowMs }: ReplyContext): ProviderFailure {
  const detail = toText(error) ?? toText(toList(error)[0]) ?? 'The prediction failed.';
  if (/flagged as sensitive|\bE005\b/i.test(detail)) return { kind: 'content_filtered', message: detail };
  return dialect.parseFailure({ status: 500, headers: {}, body: JSON.stringify({ detail }) }, nowMs);
}

/** What is wrong with a prediction that has ended; null when it succeeded. */
export function findFault(prediction: Json, context: ReplyContext): ProviderFailure | null {
  const { status, error } = prediction;
  if (status === 'succeeded') return null;
  if (status === 'failed') return toFault(error, context);
  return status === 'canceled' || status === 'aborted'
    ? { kind: 'overloaded', message: 'The provider ended the prediction before it was done.' }
    : { kind: 'bad_reply', message: 'The provider answered with JSON that is no prediction.' };
}
