// Writes a text with a gap for a model that fills it by itself.
import { bendBody } from '../openai-chat/quirks.ts';
import { rewriteBody } from '../rewrite.ts';
import type { Field } from '../splice.ts';
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';
import { readGap } from './question.ts';

/** Where there is no gap, a model that chats knows better whether it is asked something. */
export const takes = ({ body }: ChatQuestion): boolean => readGap(body).suffix !== '';

/** The request, all anew. */
export function renderRequest(
  { body, pivot, stream, dropped }: ChatQuestion,
  _: readonly Field[] | null,
  target: RequestTarget,
): RenderedRequest {
  const { prompt, suffix } = readGap(body);
  const { messages: _m, ...rest } = pivot;
  const usage = stream && target.wantUsage ? { stream_options: { include_usage: true } } : {};
  const next = { ...bendBody({ ...rest, prompt, suffix, ...usage }, target), model: target.model };
  const { text } = rewriteBody(next, null, next);
  return { text, dropped: dropped.filter((field) => field !== 'suffix') };
}
