// The words of the sign-in document.
import { defineMessages } from '../lib/messages.ts';

export const loginMessages = defineMessages(
  {
    tagline: 'Many models in one place, free ones first.',
    blocked: 'Google’s sign-in could not be loaded. Are you offline, or does an ad blocker hold it back?',
    failed: 'Google did not sign you in. Click the button once more.',
    retry: 'Try again',
    stored: 'Freeway keeps your e-mail address and what you set here. Chats stay in your browser.',
  },
  {
    tagline: 'Viele Modelle an einem Ort, kostenlose zuerst.',
    blocked: 'Googles Anmeldung ließ sich nicht laden. Bist du offline, oder hält ein Werbeblocker sie auf?',
    failed: 'Google hat dich nicht angemeldet. Klicke noch einmal auf den Knopf.',
    retry: 'Noch einmal versuchen',
    stored: 'Freeway behält deine E-Mail-Adresse und was du hier einstellst. Chats bleiben in deinem Browser.',
  },
);
