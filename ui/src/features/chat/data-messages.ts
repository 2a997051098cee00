// The words about all chats of this device at once.
import { defineMessages } from '../../lib/messages.ts';

export const dataMessages = defineMessages(
  {
    data: 'Chats',
    dataText:
      'Your chats never leave this device, except in what you send to a model. They stay when you sign out, and nobody else who signs in here sees them.',
    used: (size: string) => `They take about ${size}.`,
    exportAll: 'Export all',
    importChats: 'Import',
    imported: (count: number) => (count === 1 ? '1 chat was imported.' : `${count} chats were imported.`),
    notImported: 'This file holds no chats that Freeway exported.',
    erase: 'Delete all chats',
    eraseTitle: 'Delete all chats?',
    eraseText: 'Every chat on this device is deleted, for good. Export them first if you may want them again.',
    eraseNow: 'Delete all',
    erased: 'All chats were deleted.',
    cancel: 'Cancel',
  },
  {
    data: 'Chats',
    dataText:
      'Deine Chats verlassen dieses Gerät nie, außer in dem, was du einem Modell sendest. Sie bleiben, wenn du dich abmeldest, und niemand sonst, der sich hier anmeldet, sieht sie.',
    used: (size: string) => `Sie belegen etwa ${size}.`,
    exportAll: 'Alle exportieren',
    importChats: 'Importieren',
    imported: (count: number) => (count === 1 ? '1 Chat wurde importiert.' : `${count} Chats wurden importiert.`),
    notImported: 'Diese Datei enthält keine von Freeway exportierten Chats.',
    erase: 'Alle Chats löschen',
    eraseTitle: 'Alle Chats löschen?',
    eraseText: 'Jeder Chat auf diesem Gerät wird endgültig gelöscht. Exportiere sie vorher, wenn du sie noch brauchst.',
    eraseNow: 'Alle löschen',
    erased: 'Alle Chats wurden gelöscht.',
    cancel: 'Abbrechen',
  },
);
