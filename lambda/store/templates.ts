// Providers that were added at run time, in the store: in force here at once, and on other instances within half a minute.
import * as z from 'zod/mini';
import { templateSchema } from '#shared/template.ts';
import type { Store } from '../ports.ts';
import type { StoredTemplate, TemplateStore } from '../ports-settings.ts';
import { createKept } from './kept.ts';
import { createRecords } from './records.ts';

const PARTITION = 'templates';

const storedSchema: z.ZodMiniType<StoredTemplate> = z.lazy(() =>
  z.object({
    template: templateSchema,
    changedAtMs: z.number(),
    deletedAtMs: z.nullable(z.number()),
  }),
);

/** The repository over a store. When the store is away, what was read last goes on being used. */
export function createTemplates(store: Store, now: () => number): TemplateStore {
  const records = createRecords({ store, pk: PARTITION, schema: storedSchema });
  const kept = createKept(() => records.list(), now);
  return {
    read: kept.read,
    known: kept.peek,
    create: async (template) => {
      const created = await records.create(template.id, { template, changedAtMs: now(), deletedAtMs: null });
      kept.forget();
      return created;
    },
    change: async (id, change) => {
      const changed = await records.change(id, (before) => ({ ...change(before), changedAtMs: now() }));
      kept.forget();
      return changed;
    },
  };
}
