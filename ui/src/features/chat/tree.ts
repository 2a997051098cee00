// A chat is a tree: every edit and every new answer is a branch. Pure functions over its messages.
import type { Message } from './types.ts';

/** Messages from the first to the leaf, in order. */
export function toPath(messages: readonly Message[], leafId: string | null): readonly Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const path: Message[] = [];
  const seen = new Set<string>();
  for (let at = leafId === null ? undefined : byId.get(leafId); at && !seen.has(at.id);) {
    seen.add(at.id);
    path.push(at);
    at = at.parentId === null ? undefined : byId.get(at.parentId);
  }
  return path.reverse();
}

/** Ids of the messages that answer the same one, oldest first, by the id of that one. */
export function toVersions(messages: readonly Message[]): ReadonlyMap<string | null, readonly string[]> {
  const oldestFirst = messages.toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
  const versions = new Map<string | null, string[]>();
  for (const { id, parentId } of oldestFirst) {
    const ids = versions.get(parentId);
    if (ids === undefined) versions.set(parentId, [id]);
    else ids.push(id);
  }
  return versions;
}

/** The newest leaf below a message: where its branch goes on. */
export function toLeaf(messages: readonly Message[], id: string): string {
  const children = messages.filter(({ parentId }) => parentId === id).sort((a, b) => a.createdAtMs - b.createdAtMs);
  const newest = children.at(-1);
  return newest === undefined ? id : toLeaf(messages, newest.id);
}

/** A title from the first words of a chat. */
export function toTitle(text: string): string {
  const line = text
    .replaceAll(/[#*_`>]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (line.length <= 48) return line;
  const cut = line.slice(0, 48);
  return `${cut.slice(0, Math.max(24, cut.lastIndexOf(' ')))}…`;
}
