// The words of the palette and of the list of shortcuts.
import { defineMessages } from '../lib/messages.ts';

export const paletteMessages = defineMessages(
  {
    palette: 'Commands',
    paletteHint: 'Go to a page, a chat or an action',
    paletteEmpty: 'Nothing fits. Try another word.',
    pages: 'Pages',
    actions: 'Actions',
    newChat: 'New chat',
    batches: 'Batches',
    themeLight: 'Light theme',
    themeDark: 'Dark theme',
    themeSystem: 'Theme of the system',
    shortcuts: 'Keyboard shortcuts',
  },
  {
    palette: 'Befehle',
    paletteHint: 'Zu einer Seite, einem Chat oder einer Aktion',
    paletteEmpty: 'Nichts gefunden. Versuche ein anderes Wort.',
    pages: 'Seiten',
    actions: 'Aktionen',
    newChat: 'Neuer Chat',
    batches: 'Batches',
    themeLight: 'Helles Design',
    themeDark: 'Dunkles Design',
    themeSystem: 'Design des Systems',
    shortcuts: 'Tastenkürzel',
  },
);
