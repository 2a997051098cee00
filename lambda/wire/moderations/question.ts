// Checks a request to judge texts and pictures, and whether the reply judges all of them.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText, toTokens } from '../json.ts';
import { fail } from '../openai-chat/fields.ts';
import { readPlain, type PlainQuestion } from '../plain.ts';
import type { ReplyContext } from '../types.ts';

function readInputs({ input }: Json): readonly string[] {
  if (!Array.isArray(input)) return [toText(input) ?? fail('input', 'a non-empty string, or an array', input)];
  if (input.length === 0) return fail('input', 'at least one text', input);
  return input.flatMap((one: unknown, index) => {
    if (typeof one === 'string') return [one];
    if (!isRecord(one)) return fail(`input[${index}]`, 'a string, or a part with a type', one);
    return typeof one['text'] === 'string' ? [one['text']] : [];
  });
}

/** Reads a request. Throws CallerError `invalid_request` naming the field at fault. */
export const parseModeration = (json: unknown): PlainQuestion => readPlain(json, readInputs);

/** What a reply holds, or what is wrong with it. `text` is the document for the caller. */
export function parseVerdicts(
  text: string,
  context: ReplyContext,
): { readonly text: string; readonly usage: Usage | null } | { readonly failure: ProviderFailure } {
  const body = parseJson(text);
  if (body === undefined) return { failure: { kind: 'bad_reply', message: 'the reply is not JSON' } };
  if (isErrorBody(body)) return { failure: toInnerFailure(body, text, context) };
  const record = toRecord(body);
  const results = toList(record['results']);
  if (results.length === 0 || !results.every((result) => isRecord(toRecord(result)['categories'])))
    return { failure: { kind: 'bad_reply', message: 'the reply holds no judgement' } };
  const inputTokens = toTokens(toRecord(record['usage'])['prompt_tokens']);
  return { text, usage: inputTokens === undefined ? null : { inputTokens, outputTokens: 0 } };
}
