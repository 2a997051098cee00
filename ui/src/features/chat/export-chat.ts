// Chats as files: everything as JSON, or one chat as Markdown to read.
import * as z from 'zod/mini';
import type { StoredChat } from './archive.ts';
import { toPath } from './tree.ts';
import { policies } from './types.ts';

const FORMAT = 'freeway.chats.1';

const storedSchema = z.object({
  format: z.literal(FORMAT),
  chats: z.array(
    z.object({
      chat: z.looseObject({
        id: z.string(),
        title: z.string(),
        updatedAtMs: z.number(),
        leafId: z.nullable(z.string()),
        model: z.string(),
        policy: z.enum(policies),
        instructions: z.optional(z.string()),
      }),
      messages: z.array(
        z.looseObject({
          id: z.string(),
          chatId: z.string(),
          parentId: z.nullable(z.string()),
          role: z.enum(['user', 'assistant']),
          text: z.string(),
          attachments: z.array(z.looseObject({ id: z.string(), name: z.string(), data: z.string() })),
        }),
      ),
    }),
  ),
});

/** All these chats with every branch. */
export const toExport = (chats: readonly StoredChat[]): string =>
  JSON.stringify({ format: FORMAT, chats: chats.map(({ chat, messages }) => ({ chat, messages })) }, null, 1);

/** The chats of an exported file; null when it is none. */
export function parseExport(text: string): readonly StoredChat[] | null {
  try {
    return storedSchema.parse(JSON.parse(text)).chats as unknown as readonly StoredChat[];
  } catch {
    return null;
  }
}

/** The branch that is shown, to read. */
export function toMarkdown({ chat, messages }: StoredChat): string {
  const parts = toPath(messages, chat.leafId).map(({ role, text, receipt }) => {
    const who = role === 'user' ? '## You' : `## ${receipt?.route ?? 'Answer'}`;
    return `${who}\n\n${text}\n`;
  });
  const { title, instructions = '' } = chat;
  const before = instructions.trim() === '' ? '' : `> ${instructions.trim().replaceAll('\n', '\n> ')}\n\n`;
  return `# ${title}\n\n${before}${parts.join('\n')}`;
}
