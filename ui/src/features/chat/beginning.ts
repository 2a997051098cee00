// What a new chat begins with: what was chosen for the last one. Kept for each person in this browser.
import * as z from 'zod/mini';
import { beginningKey } from '../../lib/own-database.ts';
import type { Wish } from './request.ts';
import { policies } from './types.ts';

const schema = z.object({
  model: z.catch(z.string().check(z.minLength(1)), 'auto'),
  policy: z.catch(z.enum(policies), 'free_first'),
  maxCostUsd: z.catch(z.nullable(z.number()), null),
  instructions: z.catch(z.string(), ''),
  /** Whether the instructions are for all new chats, or for the next one alone. */
  always: z.catch(z.boolean(), false),
});
export type Beginning = Required<Wish> & { readonly always: boolean };

/** What is kept; what is missing or broken takes its default. */
export function readBeginning(storage: Storage, personId: string): Beginning {
  try {
    return schema.parse(JSON.parse(storage.getItem(beginningKey(personId)) ?? '{}'));
  } catch {
    return schema.parse({});
  }
}

/** Keeps it, as far as this browser keeps anything. */
export function writeBeginning(storage: Storage, personId: string, beginning: Beginning): void {
  try {
    storage.setItem(beginningKey(personId), JSON.stringify(beginning));
  } catch {
    // Storage is full or forbidden: it holds for the chat that is about to begin.
  }
}

/** What is left of it once a chat has begun with it. */
export const afterBeginning = (beginning: Beginning): Beginning =>
  beginning.always ? beginning : { ...beginning, instructions: '' };
