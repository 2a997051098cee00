// The words of signing in.
import { defineMessages } from '../lib/messages.ts';

export const signInMessages = defineMessages(
  {
    tagline: 'Many models in one place, free ones first.',
    localTitle: 'Open the sign-in link',
    localText:
      'Freeway printed a one-time link when it started. Open it in this browser, or restart Freeway for a new one.',
    keyTitle: 'Sign in with a key',
    keyText: 'Paste the owner key or one of your API keys. It is not kept in this browser.',
    keyLabel: 'Key',
    keyButton: 'Sign in',
    keyEmpty: 'Paste a key first.',
    useGoogle: 'Sign in with Google',
    usedLink: 'This link has been used or has expired.',
    endedTitle: 'Your session ended',
    endedText: 'Nothing is lost: your drafts and answers are still here. Sign in again to go on.',
    signInAgain: 'Sign in again',
  },
  {
    tagline: 'Viele Modelle an einem Ort, kostenlose zuerst.',
    localTitle: 'Öffne den Anmeldelink',
    localText:
      'Freeway hat beim Start einen einmaligen Link ausgegeben. Öffne ihn in diesem Browser, oder starte Freeway neu, um einen neuen zu bekommen.',
    keyTitle: 'Mit einem Schlüssel anmelden',
    keyText:
      'Füge den Schlüssel des Besitzers oder einen deiner API-Schlüssel ein. Er wird nicht in diesem Browser behalten.',
    keyLabel: 'Schlüssel',
    keyButton: 'Anmelden',
    keyEmpty: 'Füge zuerst einen Schlüssel ein.',
    useGoogle: 'Mit Google anmelden',
    usedLink: 'Dieser Link wurde schon benutzt oder ist abgelaufen.',
    endedTitle: 'Deine Sitzung ist zu Ende',
    endedText: 'Nichts ist verloren: Entwürfe und Antworten sind noch da. Melde dich wieder an, um weiterzumachen.',
    signInAgain: 'Wieder anmelden',
  },
);
