// Changes top-level fields of a request inside the caller's own text, so that everything else stays as the caller wrote it.
import type { Json } from './json.ts';
import { spliceFields } from './splice.ts';

/** Fields that are meant for Freeway, never for a provider. */
const ownFields = ['freeway', 'models'] as const;

/** `after` as JSON text, less what is meant for Freeway; written into `bodyText` (the text of `before`) where that is given. */
export function rewriteBody(before: Json, bodyText: string | null, after: Json): string {
  const next: Record<string, unknown> = { ...after };
  for (const field of ownFields) delete next[field];
  const spliced = bodyText === null ? null : spliceFields(bodyText, editsBetween(before, next));
  return spliced ?? JSON.stringify(next);
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
