// What the web app and the template routes say to each other: providers that admins have added at run time.
import * as z from 'zod/mini';
import { templateSchema } from '../template.ts';
import { instantSchema } from './instant.ts';

export const templateViewSchema = z.extend(templateSchema._zod.innerType, {
  changed_at: instantSchema,
  /** Until when it can be brought back; null when it is not removed. */
  deleted_until: z.nullable(instantSchema),
});
export type TemplateView = z.infer<typeof templateViewSchema>;

/** GET /api/templates. `deleted=true` adds those that can be brought back. */
export const templatesSchema = z.object({ data: z.array(templateViewSchema) });
export const templatesQuerySchema = z.object({ deleted: z.optional(z.enum(['true', 'false'])) });
