// What work has not come to its end, of everybody: kept apart, so that a start finds it without reading anything else.
import type { Store } from '../ports.ts';

/** The lists there are. */
export type OpenList = 'batches-open' | 'transcriptions-open';

/** Whose it is, and its id. */
export interface OpenRef {
  readonly id: string;
  readonly personId: string;
}

export const addOpen = (
  store: Store,
  list: OpenList,
  { id, personId, untilMs }: OpenRef & { readonly untilMs: number },
): Promise<void> => store.put({ pk: list, sk: id }, { person: personId }, untilMs);

export const removeOpen = (store: Store, list: OpenList, { id }: OpenRef): Promise<void> =>
  store.delete({ pk: list, sk: id });

/** All of them: each person has few. */
export async function listOpen(store: Store, list: OpenList): Promise<readonly OpenRef[]> {
  const { items } = await store.query(list, { limit: 1_000 });
  return items.map(({ key, item }) => ({ id: key.sk, personId: String(item['person']) }));
}
