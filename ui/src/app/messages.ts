// The words around all pages: navigation, and what can go wrong before a page is there. English comes with the app, other languages when they are needed.
import { createContext, use } from 'react';
import type { Language } from '../lib/messages.ts';

export const english = {
  skip: 'Skip to the page',
  navigation: 'Pages',
  chat: 'Chat',
  transcribe: 'Transcribe',
  providers: 'Providers',
  keys: 'API keys',
  usage: 'Usage',
  explain: 'Explain',
  people: 'People',
  rollout: 'Rollout',
  models: 'Models',
  settings: 'Settings',
  more: 'More',
  account: 'Account',
  signOut: 'Sign out',
  palette: 'Commands',
  offline: 'You are offline. What you send goes out when you are back.',
  unreachable: 'Freeway can’t be reached',
  unreachableText: 'Is it still running? This page tries again when you ask it to.',
  retry: 'Try again',
  notFound: 'There is no such page',
  notFoundText: 'It may have moved. Start again from the chat.',
  toChat: 'To the chat',
  crashed: 'This page stopped working',
  crashedText: 'It is our fault, and nothing you wrote is lost. Load the page again to go on.',
  reload: 'Load again',
  loading: 'Loading',
};
export type AppMessages = typeof english;

/** The words of a language. */
export const loadAppMessages = async (language: Language): Promise<AppMessages> =>
  language === 'de' ? (await import('./messages-de.ts')).german : english;

export const AppMessagesContext = createContext<AppMessages>(english);

/** The words in force. */
export const useAppMessages = (): AppMessages => use(AppMessagesContext);
