// Checks a request for pictures, and judges the reply.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { Json } from '../json.ts';
import { parseJson, toAmount, toList, toRecord, toText, toTokens } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { reportedCostUsd } from '../openai-chat/usage.ts';
import { readPlain, type PlainQuestion } from '../plain.ts';
import type { ReplyContext } from '../types.ts';

/** A request for pictures. */
export interface ImagesQuestion extends PlainQuestion {
  readonly count: number;
}

const MOST_IMAGES = 10;

function readCount({ n }: Json): number {
  if (n === undefined || n === null) return 1;
  if (Number.isInteger(n) && Number(n) >= 1 && Number(n) <= MOST_IMAGES) return Number(n);
  return failShowing('n', `an integer from 1 to ${MOST_IMAGES}`, n);
}

/** Reads a request. Throws CallerError `invalid_request` naming the field at fault. */
export function parseImages(json: unknown): ImagesQuestion {
  const plain = readPlain(json, ({ prompt }) => [toText(prompt) ?? fail('prompt', 'a non-empty string', prompt)]);
  const { body } = plain;
  if (body['stream'] === true)
    return failShowing('stream', 'false, because pictures are sent whole here', body['stream']);
  return { ...plain, count: readCount(body) };
}

/** What a reply holds, or what is wrong with it. `text` is the document for the caller. */
export function parsePictures(
  text: string,
  context: ReplyContext,
): { readonly text: string; readonly usage: Usage } | { readonly failure: ProviderFailure } {
  const body = parseJson(text);
  if (body === undefined) return { failure: { kind: 'bad_reply', message: 'the reply is not JSON' } };
  if (isErrorBody(body)) return { failure: toInnerFailure(body, text, context) };
  const record = toRecord(body);
  const data = toList(record['data']).map(toRecord);
  const images = data.filter((item) => toText(item['b64_json']) !== null || toText(item['url']) !== null).length;
  if (images === 0 || images < data.length)
    return { failure: { kind: 'bad_reply', message: 'the reply holds no picture' } };
  const usage = toRecord(record['usage']);
  const [inputTokens, outputTokens] = [toTokens(usage['input_tokens']), toTokens(usage['output_tokens'])];
  // Who tells no more writes nothing but pictures.
  const pictures = toTokens(toRecord(usage['output_tokens_details'])['image_tokens']) ?? outputTokens;
  const cost = reportedCostUsd(usage);
  const created = toAmount(record['created']);
  return {
    text: created === undefined ? JSON.stringify({ ...record, created: Math.floor(context.nowMs / 1000) }) : text,
    usage: {
      images,
      ...(inputTokens === undefined ? {} : { inputTokens }),
      ...(outputTokens === undefined ? {} : { outputTokens }),
      ...(pictures === undefined ? {} : { imageOutputTokens: pictures }),
      ...(cost === undefined ? {} : { reportedCostUsd: cost }),
    },
  };
}
