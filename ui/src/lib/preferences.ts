// What a person set on this device: theme, language, keys, announcements. Kept in localStorage, without anything secret.
import { createContext, use } from 'react';
import * as z from 'zod/mini';
import { languages, type Language } from './messages.ts';

const KEY = 'freeway.preferences';

export const themes = ['system', 'light', 'dark'] as const;
export const sendKeys = ['enter', 'mod-enter'] as const;
export const announcements = ['off', 'end', 'blocks'] as const;

const schema = z.object({
  theme: z.catch(z.enum(themes), 'system'),
  /** null: the browser's. */
  language: z.catch(z.nullable(z.enum(languages)), null),
  /** What sends a message; the other one makes a new line. */
  sendKey: z.catch(z.enum(sendKeys), 'enter'),
  /** What screen readers are told of an answer under way. */
  announce: z.catch(z.enum(announcements), 'end'),
  /** Shortcuts of a single sign (WCAG 2.1.4). */
  singleKeys: z.catch(z.boolean(), true),
  /** The chat list on wide screens. */
  chatList: z.catch(z.boolean(), true),
});
export type Preferences = z.infer<typeof schema>;

/** The preferences of this device; what is missing or broken takes its default. */
export function readPreferences(storage: Storage): Preferences {
  try {
    return schema.parse(JSON.parse(storage.getItem(KEY) ?? '{}'));
  } catch {
    return schema.parse({});
  }
}

/** Keeps them. A browser without storage forgets them with the page. */
export function writePreferences(storage: Storage, preferences: Preferences): void {
  try {
    storage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Storage is full or forbidden: they hold until the page is closed.
  }
}

/** The language meant by the preferences. */
export function toLanguage({ language }: Preferences, browserLanguage: string): Language {
  return language ?? languages.find((known) => browserLanguage.startsWith(known)) ?? 'en';
}

export interface PreferencesPort {
  readonly preferences: Preferences;
  readonly change: (changes: Partial<Preferences>) => void;
}
export const PreferencesContext = createContext<PreferencesPort | null>(null);

/** The preferences in force and how to change them. */
export function usePreferences(): PreferencesPort {
  const port = use(PreferencesContext);
  if (port === null) throw new Error('usePreferences outside of its provider');
  return port;
}
