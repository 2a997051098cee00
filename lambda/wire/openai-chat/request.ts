// Writes a chat request for a provider of the same format, keeping the caller's own text wherever nothing must change.
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord } from '../json.ts';
import { spliceFields } from '../splice.ts';
import { appliesTo, bendBody } from './quirks.ts';

/** Fields that are meant for Freeway, never for a provider. */
const ownFields = ['freeway', 'models'] as const;

/**
 * The request for the target. Only top-level fields that differ from the caller's are written anew, inside the caller's own text
 * when that is given; it must be the text `question.body` was parsed from. Nothing is dropped: every question has its pivot in this format.
 */
export function renderRequest(question: ChatQuestion, bodyText: string | null, target: RequestTarget): RenderedRequest {
  const { pivot } = question;
  const isOwn = question.wire === 'openai-chat';
  const wanted = question.stream && target.wantUsage && !(isOwn && question.includeUsage);
  const next: Record<string, unknown> = {
    ...bendBody(wanted ? withUsageAsked(pivot) : pivot, target),
    model: target.model,
  };
  for (const field of ownFields) delete next[field];
  const spliced = bodyText !== null && isOwn ? spliceFields(bodyText, editsBetween(pivot, next)) : null;
  return { text: spliced ?? JSON.stringify(next), dropped: [] };
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

function editsBetween(before: Json, after: Json): Record<string, string | null> {
  const edits: Record<string, string | null> = {};
  for (const name of Object.keys(after)) {
    if (after[name] !== before[name]) edits[name] = JSON.stringify(after[name]);
  }
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) edits[name] = null;
  }
  return edits;
}
