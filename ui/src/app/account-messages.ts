// The words of the account menu.
import { defineMessages } from '../lib/messages.ts';

export const accountMessages = defineMessages(
  {
    kept: 'Chats and transcripts stay on this device. Only you see them here, when you sign in again.',
    leaveNothing: 'Leave nothing here …',
    deleteTitle: 'Leave nothing here?',
    deleteText:
      'Your chats, drafts, recordings and transcripts are deleted from this device, for good. Do so on a computer that is not yours: what stays is not encrypted.',
    deleteNow: 'Delete and sign out',
    cancel: 'Cancel',
  },
  {
    kept: 'Chats und Transkripte bleiben auf diesem Gerät. Nur du siehst sie hier, wenn du dich wieder anmeldest.',
    leaveNothing: 'Nichts hier lassen …',
    deleteTitle: 'Nichts hier lassen?',
    deleteText:
      'Deine Chats, Entwürfe, Aufnahmen und Transkripte werden endgültig von diesem Gerät gelöscht. Das ist richtig auf einem Computer, der nicht deiner ist: Was bleibt, ist nicht verschlüsselt.',
    deleteNow: 'Löschen und abmelden',
    cancel: 'Abbrechen',
  },
);
