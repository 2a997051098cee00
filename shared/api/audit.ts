// What the web app and the audit routes say to each other: who did what that others may have to answer for.
import * as z from 'zod/mini';
import { instantSchema } from './instant.ts';

/** Every act that is written down. Names of things that are no secret only; never keys, prompts or answers. */
export const auditActions = [
  'sign_in',
  'sign_in_refused',
  'sign_out',
  'sign_out_everywhere',
  'key_guessing',
  'person_invited',
  'person_changed',
  'person_removed',
  'key_created',
  'key_changed',
  'key_rolled',
  'key_revoked',
  'credential_created',
  'credential_changed',
  'credential_replaced',
  'credential_shared',
  'credential_deleted',
  'credential_restored',
  'template_changed',
  'settings_changed',
  'data_exported',
  'data_imported',
  'master_key_rotated',
] as const;
export type AuditAction = (typeof auditActions)[number];

const valueSchema = z.lazy(() => z.nullable(z.union([z.string(), z.number(), z.boolean()])));

/** One value before and after an act, under its name in the API, such as `quota.requests_per_day`; null: not set. */
export const auditChangeSchema = z.lazy(() => z.object({ name: z.string(), before: valueSchema, after: valueSchema }));
export type AuditChange = z.infer<typeof auditChangeSchema>;

export const auditEventSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    at: instantSchema,
    /** One of `auditActions`, or one of a later version. */
    action: z.string(),
    /** Who did it; null when nobody we know. */
    person_id: z.nullable(z.string()),
    email: z.nullable(z.string()),
    /** The API key it was done with; null when with none. */
    key_id: z.nullable(z.string()),
    /** What it was done to: an id, or an address. */
    target: z.nullable(z.string()),
    /** Why it was refused, or what else there is to say of it, in a sentence. */
    detail: z.nullable(z.string()),
    /** What it changed; absent: nothing, or nothing that is told by its values. */
    changes: z.optional(z.array(auditChangeSchema)),
    /** Network address it came from; null when unknown. */
    address: z.nullable(z.string()),
    request_id: z.nullable(z.string()),
  }),
);
export type AuditEvent = z.infer<typeof auditEventSchema>;

/**
 * GET /api/audit: newest first. `next` continues where it stopped; null at the end. A request looks at so many acts and no more: where fewer than
 * asked for are among them, `searched_to` says how far back it came; null when that is not why it ends.
 */
export const auditPageSchema = z.lazy(() =>
  z.object({
    data: z.array(auditEventSchema),
    next: z.nullable(z.string()),
    searched_to: z._default(z.nullable(instantSchema), null),
  }),
);

/** Its query. `csv` answers a table of all that match, for spreadsheets; where that is too long for one reply, its header `link` leads to the rest. */
export const auditQuerySchema = z.lazy(() =>
  z.object({
    limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(1000)), 100),
    after: z.optional(z.string().check(z.maxLength(200))),
    action: z.optional(z.enum(auditActions)),
    person_id: z.optional(z.string().check(z.maxLength(100))),
    format: z._default(z.enum(['json', 'csv']), 'json'),
  }),
);
