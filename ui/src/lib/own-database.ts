// What people keep on this device: databases, and a little in localStorage, of which everybody has their own, so that nobody sees what another one wrote in the same browser.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type OpenDBCallbacks } from 'idb';
import { OWNER_ID } from '#shared/people.ts';

/** Kinds of databases, by the name that the owner's bears. */
const kinds = ['freeway', 'freeway-transcribe'] as const;
type Kind = (typeof kinds)[number];

/** The owner of a machine was its only person once: theirs bear no id. */
const toName = (kind: Kind, personId: string): string => (personId === OWNER_ID ? kind : `${kind}/${personId}`);

interface Wanted<T extends DBSchema> {
  readonly kind: Kind;
  readonly personId: string;
  readonly version: number;
  readonly upgrade: NonNullable<OpenDBCallbacks<T>['upgrade']>;
}

/** Opens a person's database. It closes by itself when another window changes or deletes it. */
export const openOwn = <T extends DBSchema>({
  kind,
  personId,
  version,
  upgrade,
}: Wanted<T>): Promise<IDBPDatabase<T>> =>
  openDB<T>(toName(kind, personId), version, {
    upgrade,
    blocking: (_, __, event) => (event.target as IDBDatabase).close(),
  });

/** Where in localStorage it lies what a person's new chats begin with: it has to be there at once. */
export const beginningKey = (personId: string): string => `freeway.new-chat.${personId}`;

/** Where in localStorage it lies what a person was typing when a page went. */
export const partingKey = (personId: string): string => `freeway.parting.${personId}`;

/** Deletes all that a person keeps on this device. */
export async function deleteOwn(personId: string): Promise<void> {
  for (const toKey of [beginningKey, partingKey]) localStorage.removeItem(toKey(personId));
  await Promise.all(kinds.map((kind) => deleteDB(toName(kind, personId))));
}
