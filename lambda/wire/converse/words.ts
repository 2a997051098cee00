// Words of the Converse format for why an answer ended, what it used and what went wrong.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { toTerms } from '../billed.ts';
import { toInnerFailure } from '../inner-error.ts';
import type { Json } from '../json.ts';
import { parseJson, toKnown, toList, toRecord, toText, toTokens } from '../json.ts';
import type { Finish, ReplyContext } from '../types.ts';

const finishes: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
};

/** The reason an answer ended; null while it goes on. */
export function toFinish(raw: unknown): Finish | null {
  const word = toText(raw);
  if (word === null) return null;
  return Object.hasOwn(finishes, word) ? (finishes[word] ?? 'other') : 'other';
}

/** Tokens written to a cache to be kept there for an hour; the format tells writes by how long they are kept. */
const toLong = (details: unknown): number =>
  toList(details)
    .map(toRecord)
    .reduce((sum, { ttl, inputTokens }) => sum + (ttl === '1h' ? (toTokens(inputTokens) ?? 0) : 0), 0);

/** The use that a reply tells, in our words: here input counts what was read from and written to a cache, too. null when nothing is known. */
export function toUsage({ usage, serviceTier }: Json): Usage | null {
  const counts = toRecord(usage);
  const fresh = toTokens(counts['inputTokens']);
  const outputTokens = toTokens(counts['outputTokens']);
  const cached = toTokens(counts['cacheReadInputTokens']);
  const written = toTokens(counts['cacheWriteInputTokens']);
  const long = toLong(counts['cacheDetails']);
  if (fresh === undefined && outputTokens === undefined) return null;
  return toKnown<Usage>({
    inputTokens: fresh === undefined ? fresh : fresh + (cached ?? 0) + (written ?? 0),
    outputTokens,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    longCacheWriteTokens: long === 0 ? undefined : long,
    billedAs: toTerms(toRecord(serviceTier)['type']),
  });
}

/** The status that an exception would have as a reply of its own. */
const statuses: readonly (readonly [RegExp, number])[] = [
  [/^throttling|^modelNotReady/i, 429],
  [/^validation/i, 400],
  [/^accessDenied/i, 403],
  [/^resourceNotFound/i, 404],
  [/^modelTimeout/i, 408],
  [/^serviceUnavailable/i, 503],
];

/** What an exception in the middle of a stream means. */
export function toException(json: Json, data: string, context: ReplyContext): ProviderFailure {
  const kind = toText(json['__type']) ?? '';
  const inner = parseJson(toText(json['body']) ?? '');
  const message = toText(json['message']) ?? toText(toRecord(inner)['message']) ?? kind;
  const status = statuses.find(([pattern]) => pattern.test(kind))?.[1] ?? 500;
  // In streams the names begin in lower case.
  const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return toInnerFailure(
    { status },
    JSON.stringify({ __type: name, message: message === '' ? data : message }),
    context,
  );
}
