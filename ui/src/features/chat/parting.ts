// What was typed in the moment before a page went: its database may not take it any more, localStorage does.
import { partingKey } from '../../lib/own-database.ts';
import type { Draft } from './types.ts';

/** A draft; without its files where there are any, which are too large for here and lie in the database already. */
type Left = Partial<Draft>;

export interface Parting {
  /** What was left under a key, and is not in the database for certain; null where nothing was. */
  read(key: string): Left | null;
  leave(key: string, draft: Draft): void;
  /** It is in the database now, or no longer wanted. */
  forget(key: string): void;
  clear(): void;
}

/** What a person left behind in this browser. Where nothing can be kept, nothing is. */
export function createParting(personId: string): Parting {
  const name = partingKey(personId);
  const readAll = (): Readonly<Record<string, Left>> => {
    try {
      return JSON.parse(localStorage.getItem(name) ?? '{}') as Record<string, Left>;
    } catch {
      return {};
    }
  };
  const writeAll = (all: Readonly<Record<string, Left>>): void => {
    try {
      if (Object.keys(all).length === 0) localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify(all));
    } catch {
      // No room: the database is asked all the same.
    }
  };
  return {
    read: (key) => readAll()[key] ?? null,
    leave: (key, draft) => {
      const { attachments, ...words } = draft;
      writeAll({ ...readAll(), [key]: attachments.length === 0 ? draft : words });
    },
    forget: (key) => {
      const { [key]: gone, ...rest } = readAll();
      if (gone !== undefined) writeAll(rest);
    },
    clear: () => writeAll({}),
  };
}
