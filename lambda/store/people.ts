// People who may sign in, and rules for whole domains, in the store.
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { Store } from '../ports.ts';
import type { People, Person } from '../ports-people.ts';
import { createRecords } from './records.ts';

const careful = { role: 'unknown', source: 'invited' };
const personSchema: z.ZodMiniType<Person> = z.lazy(() =>
  z.object({
    id: z.string(),
    email: z.string(),
    role: z.enum(['admin', 'member', 'unknown']),
    models: z.nullable(z.array(z.string())),
    expiresAtMs: z.nullable(z.number()),
    blocked: z.boolean(),
    source: z.enum(['invited', 'environment', 'domain']),
    createdAtMs: z.number(),
    lastSeenAtMs: z.nullable(z.number()),
    googleId: z.nullable(z.string()),
  }),
);

/** The id of whoever has this address: the same on every instance, without asking anybody. */
const idOf = (email: string): string =>
  `person_${createHash('sha256').update(email.trim().toLowerCase()).digest('hex').slice(0, 20)}`;

/** People over a store. `onChange` is called after every change. */
export function createPeople(store: Store, onChange: () => void): People {
  const records = createRecords({ store, pk: 'people', schema: personSchema, careful });
  return {
    idOf,
    get: records.get,
    list: records.list,
    create: async (person) => {
      const created = await records.create(person.id, person);
      onChange();
      return created;
    },
    change: async (id, change) => {
      const changed = await records.change(id, change);
      onChange();
      return changed;
    },
    remove: async (id) => {
      await records.remove(id);
      onChange();
    },
  };
}
