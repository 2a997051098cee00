// Documents that a later version may have written: values that this one does not know are read as the most careful that it knows.
import type * as z from 'zod/mini';

/** What stands for an unknown value, by the name of the member; undefined: as if it were not there. */
export type Careful = Readonly<Record<string, unknown>>;

type Node = Record<PropertyKey, unknown>;

/** A document as it was written; null for text that is none (damaged, or missing), which fits no schema of ours and so hides nothing else. */
export function parseWritten(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}

/**
 * Reads a document. Where a word stands that is none of those a member may have, the one named in `careful` is taken; in a list such words
 * are left out. Anything else that does not fit the schema goes on being told as what is wrong.
 */
export function readCarefully<T>(
  schema: z.ZodMiniType<T>,
  written: unknown,
  careful: Careful,
): ReturnType<z.ZodMiniType<T>['safeParse']> {
  const first = schema.safeParse(written);
  if (first.success) return first;
  const mended: unknown = JSON.parse(JSON.stringify(written));
  // From the end, since what is left out of a list moves what follows it.
  for (const { code, path } of first.error.issues.toReversed()) {
    const name = path.at(-1);
    if (code !== 'invalid_value' || name === undefined) continue;
    const parent = path.slice(0, -1).reduce((node, step) => (node as Node)[step], mended);
    if (Array.isArray(parent)) parent.splice(Number(name), 1);
    else if (name in careful) (parent as Node)[name] = careful[String(name)];
  }
  return schema.safeParse(mended);
}
