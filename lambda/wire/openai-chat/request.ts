// Writes a chat request for a provider of the same format, keeping the caller's own text wherever nothing must change.
import type { Field } from '../splice.ts';
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord } from '../json.ts';
import { rewriteBody } from '../rewrite.ts';
import { bendSignatures } from './signed.ts';
import { appliesTo, bendBody, takesMarks, takesRouting } from './quirks.ts';
import { fitThoughts } from './thoughts.ts';

/**
 * The request for the target. Only top-level fields that differ from the caller's are written anew, inside the caller's own text where the
 * places of its fields are given; it must be the text `question.body` was parsed from. Nothing but marks is dropped: every question has its pivot in this format.
 */
export function renderRequest(
  question: ChatQuestion,
  fields: readonly Field[] | null,
  target: RequestTarget,
): RenderedRequest {
  const { marked, foreign } = question;
  const takes = marked !== undefined && takesMarks(target);
  const plain = takes ? marked() : question.pivot;
  const pivot = foreign !== undefined && takesRouting(target) ? foreign.toRouted(plain) : plain;
  const isOwn = question.wire === 'openai-chat';
  const wanted = question.stream && target.wantUsage && !(isOwn && question.includeUsage);
  const { body, told } = fitThoughts(bendBody(wanted ? withUsageAsked(pivot) : pivot, target), question, target);
  const next = { ...body, model: target.model };
  bendSignatures(next, target);
  const rendered = rewriteBody(pivot, isOwn ? fields : null, next);
  const dropped = marked === undefined || takes ? rendered.dropped : ['cache_control'];
  return dropped.length + told.length === 0 ? rendered : { text: rendered.text, dropped, told };
}

/** Constant headers the target's quirks demand. */
export function requiredHeaders(target: RequestTarget): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const quirk of target.quirks) {
    if (quirk.kind === 'requireHeader' && appliesTo(quirk, target.model)) headers[quirk.header] = quirk.value;
  }
  return headers;
}

function withUsageAsked(body: Json): Json {
  const given = isRecord(body['stream_options']) ? body['stream_options'] : {};
  return { ...body, stream_options: { ...given, include_usage: true } };
}
