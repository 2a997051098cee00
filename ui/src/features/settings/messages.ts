// The words of the settings.
import { defineMessages } from '../../lib/messages.ts';

export const settingsMessages = defineMessages(
  {
    title: 'Settings',
    failed: 'Your settings could not be loaded',
    retry: 'Try again',
    device: 'This device',
    deviceText: 'Kept in this browser only.',
    theme: 'Theme',
    themes: { system: 'Like the system', light: 'Light', dark: 'Dark' },
    language: 'Language',
    browserLanguage: 'Like the browser',
    sendKey: 'Send a message with',
    sendKeys: { enter: 'Enter (Shift and Enter: new line)', 'mod-enter': 'Ctrl or ⌘ and Enter' },
    announce: 'Screen readers hear answers',
    announcements: { off: 'Not by themselves', end: 'When they are complete', blocks: 'Paragraph by paragraph' },
    singleKeys: 'Shortcuts of a single key',
    singleKeysText: 'Such as ? for the list of shortcuts.',
  },
  {
    title: 'Einstellungen',
    failed: 'Deine Einstellungen konnten nicht geladen werden',
    retry: 'Noch einmal versuchen',
    device: 'Dieses Gerät',
    deviceText: 'Liegt nur in diesem Browser.',
    theme: 'Design',
    themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
    language: 'Sprache',
    browserLanguage: 'Wie der Browser',
    sendKey: 'Nachricht senden mit',
    sendKeys: { enter: 'Enter (Umschalt und Enter: neue Zeile)', 'mod-enter': 'Strg oder ⌘ und Enter' },
    announce: 'Screenreader hören Antworten',
    announcements: { off: 'Nicht von selbst', end: 'Wenn sie fertig sind', blocks: 'Absatz für Absatz' },
    singleKeys: 'Tastenkürzel aus einer Taste',
    singleKeysText: 'Etwa ? für die Liste der Kürzel.',
  },
);
