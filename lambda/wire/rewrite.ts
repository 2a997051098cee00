// Changes top-level fields of a request inside the caller's own text, so that everything else stays as the caller wrote it.
import type { Json } from './json.ts';
import { findParts, joinParts, type Part } from './splice.ts';
import type { RenderedRequest } from './types.ts';

/** Fields that are meant for Freeway, never for a provider. */
const ownFields = ['freeway', 'models'] as const;

/** A request that stands in the caller's own text, for the most part. */
class Rewritten implements RenderedRequest {
  readonly dropped: readonly string[] = [];
  readonly parts: readonly Part[];
  readonly #bodyText: string;

  constructor(bodyText: string, parts: readonly Part[]) {
    this.#bodyText = bodyText;
    this.parts = parts;
  }

  get text(): string {
    return joinParts(this.#bodyText, this.parts);
  }
}

/** `after` as a request, less what is meant for Freeway; written into `bodyText` (the text of `before`) where that is given. */
export function rewriteBody(before: Json, bodyText: string | null, after: Json): RenderedRequest {
  const parts = bodyText === null ? null : findParts(bodyText, editsBetween(before, after));
  if (bodyText !== null && parts !== null) return new Rewritten(bodyText, parts);
  const next: Record<string, unknown> = { ...after };
  for (const field of ownFields) delete next[field];
  return { text: JSON.stringify(next), dropped: [] };
}

function editsBetween(before: Json, after: Json): Record<string, string | null> {
  const edits: Record<string, string | null> = {};
  for (const name of Object.keys(after)) {
    if (after[name] !== before[name]) edits[name] = JSON.stringify(after[name]);
  }
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) edits[name] = null;
  }
  for (const field of ownFields) if (Object.hasOwn(before, field) || Object.hasOwn(after, field)) edits[field] = null;
  return edits;
}
