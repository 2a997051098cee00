// Makes a conversation in which others have answered, too, fit for a provider that keeps its own thoughts.
import type { Json } from '../json.ts';
import { isRecord, toList, toText } from '../json.ts';
import { fromSeal } from '../seals.ts';

const FOREIGN = 'rs_freeway_';

/** The id of a thought that was told from another format. `answer` tells it from those of others. */
export const toForeignId = (answer: string): string => `${FOREIGN}${answer}`;

/** Whether it is only said which thought is meant: one that is not told can be missed, where words and calls can't. */
export const isThoughtReference = ({ type, id }: Json): boolean =>
  type === 'item_reference' && (toText(id) ?? '').startsWith('rs_');

/** Whether the provider can't know the thought: it is refused then. Its own it finds by their ids, or reads from what it has sealed. */
function isUnknown(item: unknown, isStored: boolean): boolean {
  if (!isRecord(item) || (item['type'] !== 'reasoning' && !isThoughtReference(item))) return false;
  const sealed = toText(item['encrypted_content']);
  if (sealed !== null) return fromSeal(sealed) !== null;
  const id = toText(item['id']);
  return !isStored || id === null || id.startsWith(FOREIGN);
}

/** The body as such a provider takes it, and the fields it loses by that. */
export function fitForeign(body: Json): { readonly body: Json; readonly dropped: readonly string[] } {
  const items = toList(body['input']);
  const known = items.filter((item) => !isUnknown(item, body['store'] !== false));
  if (known.length === items.length) return { body, dropped: [] };
  return { body: { ...body, input: known }, dropped: ['input.reasoning'] };
}
