// Chats on this device: IndexedDB, so that nothing leaves it and nothing is lost with the page.
import type { DBSchema, IDBPDatabase } from 'idb';
import { foldText, toWords } from '../../lib/found.ts';
import { openOwn } from '../../lib/own-database.ts';
import { createParting } from './parting.ts';
import { emptyDraft, isEmpty, type Chat, type Draft, type Message } from './types.ts';

interface Schema extends DBSchema {
  chats: { key: string; value: Chat; indexes: { updatedAtMs: number } };
  messages: { key: string; value: Message; indexes: { chatId: string } };
  drafts: { key: string; value: Draft };
}

/** Drafts with their keys. */
type Drafts = readonly (readonly [key: string, draft: Draft])[];

/** One chat with all its branches. */
export interface StoredChat {
  readonly chat: Chat;
  readonly messages: readonly Message[];
  /** What was being written in it, by key, where it was removed; absent otherwise. */
  readonly drafts?: Drafts;
}

export interface Archive {
  /** All chats, the last used one first. */
  list(): Promise<readonly Chat[]>;
  read(chatId: string): Promise<StoredChat | null>;
  readAll(): Promise<readonly StoredChat[]>;
  /** Writes the chat and these of its messages. */
  write(chat: Chat, messages: readonly Message[]): Promise<void>;
  /** Answers the drafts that went with it. */
  remove(chatId: string): Promise<Drafts>;
  clear(): Promise<void>;
  /** Ids of the chats in whose title and messages all words of the text stand, wherever each of them does. */
  search(text: string): Promise<ReadonlySet<string>>;
  readDraft(key: string): Promise<Draft>;
  writeDraft(key: string, draft: Draft): Promise<void>;
  /** The same in the moment in which the page goes. */
  leaveDraft(key: string, draft: Draft): Promise<void>;
}

/** Under this key lies the draft that goes out when the answer under way has ended. */
export const nextKey = (chatId: string): string => `${chatId}/next`;

/** Under this key lies what a message of the chat is being changed to. */
export const editKey = (chatId: string): string => `${chatId}/edit`;

const keysOf = (chatId: string): readonly string[] => [chatId, nextKey(chatId), editKey(chatId)];

const open = (personId: string): Promise<IDBPDatabase<Schema>> =>
  openOwn<Schema>({
    kind: 'freeway',
    personId,
    version: 1,
    upgrade: (db) => {
      db.createObjectStore('chats', { keyPath: 'id' }).createIndex('updatedAtMs', 'updatedAtMs');
      db.createObjectStore('messages', { keyPath: 'id' }).createIndex('chatId', 'chatId');
      db.createObjectStore('drafts');
    },
  });

async function removeChat(db: IDBPDatabase<Schema>, chatId: string): Promise<Drafts> {
  const change = db.transaction(['chats', 'messages', 'drafts'], 'readwrite');
  const drafts = change.objectStore('drafts');
  const keys = keysOf(chatId);
  const kept = await Promise.all(keys.map(async (key) => [key, (await drafts.get(key)) ?? emptyDraft] as const));
  const ids = await change.objectStore('messages').index('chatId').getAllKeys(chatId);
  await Promise.all([
    change.objectStore('chats').delete(chatId),
    ...keys.map((key) => drafts.delete(key)),
    ...ids.map((id) => change.objectStore('messages').delete(id)),
    change.done,
  ]);
  return kept.filter(([, draft]) => !isEmpty(draft));
}

async function searchMessages(db: IDBPDatabase<Schema>, text: string): Promise<ReadonlySet<string>> {
  const words = toWords(text);
  // The words that no part of a chat has held so far.
  const missing = new Map<string, readonly string[]>();
  const look = (chatId: string, part: string): void => {
    const open = missing.get(chatId) ?? words;
    if (open.length === 0) return;
    const where = foldText(part);
    missing.set(
      chatId,
      open.filter((word) => !where.includes(word)),
    );
  };
  for (const { id, title } of await db.getAll('chats')) look(id, title);
  for (let at = await db.transaction('messages').store.openCursor(); at; at = await at.continue())
    look(at.value.chatId, at.value.text);
  return new Set([...missing].filter(([, open]) => open.length === 0).map(([id]) => id));
}

type DraftPort = Pick<Archive, 'readDraft' | 'writeDraft' | 'leaveDraft'>;

/** Drafts, and the forgetting of those that were left. */
function createDrafts(
  opened: Promise<IDBPDatabase<Schema>>,
  personId: string,
): DraftPort & { readonly forget: (key: string) => void; readonly forgetAll: () => void } {
  const parting = createParting(personId);
  const writeDraft = async (key: string, draft: Draft): Promise<void> => {
    const change = (await opened).transaction('drafts', 'readwrite');
    await Promise.all([
      isEmpty(draft) ? change.store.delete(key) : change.store.put(draft, key),
      change.commit(),
      change.done,
    ]);
    parting.forget(key);
  };
  return {
    forget: parting.forget,
    forgetAll: parting.clear,
    readDraft: async (key) => {
      const kept = (await (await opened).get('drafts', key)) ?? emptyDraft;
      const left = parting.read(key);
      if (left === null) return kept;
      const draft = { ...kept, ...left };
      // Without room for it in the database it stays where it was left.
      await writeDraft(key, draft).catch(() => undefined);
      return draft;
    },
    writeDraft,
    leaveDraft: (key, draft) => {
      parting.leave(key, draft);
      return writeDraft(key, draft);
    },
  };
}

/** Opens a person's archive in this browser. */
export function createArchive(personId: string): Archive {
  const opened = open(personId);
  const read = async (chatId: string): Promise<StoredChat | null> => {
    const db = await opened;
    const [chat, messages] = await Promise.all([
      db.get('chats', chatId),
      db.getAllFromIndex('messages', 'chatId', chatId),
    ]);
    return chat === undefined ? null : { chat, messages };
  };
  const { forget, forgetAll, ...drafts } = createDrafts(opened, personId);
  const list = async (): Promise<readonly Chat[]> =>
    (await (await opened).getAllFromIndex('chats', 'updatedAtMs')).reverse();
  return {
    list,
    read,
    readAll: async () => {
      const stored = await Promise.all((await list()).map(({ id }) => read(id)));
      return stored.filter((one) => one !== null);
    },
    write: async (chat, messages) => {
      const change = (await opened).transaction(['chats', 'messages'], 'readwrite');
      await Promise.all([
        change.objectStore('chats').put(chat),
        ...messages.map((message) => change.objectStore('messages').put(message)),
        change.done,
      ]);
    },
    remove: async (chatId) => {
      keysOf(chatId).forEach(forget);
      return removeChat(await opened, chatId);
    },
    clear: async () => {
      forgetAll();
      const db = await opened;
      await Promise.all([db.clear('chats'), db.clear('messages'), db.clear('drafts')]);
    },
    search: async (text) => searchMessages(await opened, text),
    ...drafts,
  };
}
