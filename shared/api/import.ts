// What the web app and the import route say to each other: older settings as text, and what becomes of them.
import * as z from 'zod/mini';

/** POST /api/import. Without `text` all that stands beside `dry_run` is what is imported: an export as it came. Nothing is saved unless `dry_run` is false. */
export const importSchema = z.looseObject({
  text: z.optional(z.string().check(z.minLength(1), z.maxLength(1_000_000))),
  dry_run: z._default(z.boolean(), true),
});

/** `new` is or will be saved; `present` is there already; `refused` says why in `message`. */
export const importResultSchema = z.object({
  source: z.string(),
  dry_run: z.boolean(),
  credentials: z.array(
    z.object({
      from: z.string(),
      provider: z.string(),
      name: z.string(),
      status: z.enum(['new', 'present', 'refused']),
      message: z.nullable(z.string()),
      /** Of what is refused, the reason as a code with its values, as errors have it. */
      why: z.optional(z.unknown()),
    }),
  ),
  /** What has another place now, by its older name. */
  settings: z.array(z.object({ from: z.string(), to: z.string(), value: z.string() })),
  /** What means nothing here, by its older name; kept beside the person's settings, and in their export. */
  unknown: z.array(z.string()),
  notes: z.array(z.string()),
});
export type ImportResult = z.infer<typeof importResultSchema>;
