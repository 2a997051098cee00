// The words of the section about sessions.
import { defineMessages } from '../../lib/messages.ts';

export const sessionMessages = defineMessages(
  {
    title: 'Where you are signed in',
    text: 'Sign out of what you do not know. Chats stay in each browser.',
    here: 'This browser',
    seen: (when: string) => `seen ${when}`,
    signOut: 'Sign out',
    everywhere: 'Sign out everywhere',
    ended: 'Signed out there.',
  },
  {
    title: 'Wo du angemeldet bist',
    text: 'Melde ab, was du nicht kennst. Chats bleiben in jedem Browser.',
    here: 'Dieser Browser',
    seen: (when: string) => `gesehen ${when}`,
    signOut: 'Abmelden',
    everywhere: 'Überall abmelden',
    ended: 'Dort abgemeldet.',
  },
);
