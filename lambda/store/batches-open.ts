// Which batches have not come to their end, of everybody: kept apart, so that a start finds them without reading anything else.
import type { KeptBatch } from '#shared/batch.ts';
import type { Store } from '../ports.ts';

const OPEN = 'batches-open';

type Ref = Pick<KeptBatch, 'id' | 'personId'>;

export const addOpen = (store: Store, { id, personId, keptUntilMs }: KeptBatch): Promise<void> =>
  store.put({ pk: OPEN, sk: id }, { person: personId }, keptUntilMs);

export const removeOpen = (store: Store, { id }: Ref): Promise<void> => store.delete({ pk: OPEN, sk: id });

/** All of them: each person has few. */
export async function listOpen(store: Store): Promise<readonly Ref[]> {
  const { items } = await store.query(OPEN, { limit: 1_000 });
  return items.map(({ key, item }) => ({ id: key.sk, personId: String(item['person']) }));
}
