// Changes top-level fields of a request inside the caller's own text, so that everything else stays as the caller wrote it.
import type { Json } from './json.ts';
import { editFields, type Field, type Part } from './splice.ts';
import type { RenderedRequest } from './types.ts';

/** Fields that are meant for Freeway, never for a provider. */
const ownFields = ['freeway', 'models'] as const;

function renderAnew(after: Json): string {
  const next: Record<string, unknown> = { ...after };
  for (const field of ownFields) delete next[field];
  return JSON.stringify(next);
}

/** A request that stands in the caller's own text, for the most part. */
class Rewritten implements RenderedRequest {
  readonly dropped: readonly string[] = [];
  readonly parts: readonly Part[];
  readonly #after: Json;

  constructor(parts: readonly Part[], after: Json) {
    this.parts = parts;
    this.#after = after;
  }

  get text(): string {
    return renderAnew(this.#after);
  }
}

/** `after` as a request, less what is meant for Freeway; as edits of the caller's own text where the places of its fields (those of `before`) are given. */
export function rewriteBody(before: Json, fields: readonly Field[] | null, after: Json): RenderedRequest {
  if (fields === null) return { text: renderAnew(after), dropped: [] };
  return new Rewritten(editFields(fields, editsBetween(before, after)), after);
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
