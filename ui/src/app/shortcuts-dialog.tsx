// The list of keyboard shortcuts.
import type { ReactNode } from 'react';
import { Dialog } from '../components/dialog.tsx';
import { defineMessages, useMessages } from '../lib/messages.ts';
import { shortcuts, toKeys, type ShortcutName } from '../lib/shortcuts.ts';
import { paletteMessages } from './palette-messages.ts';

const names = defineMessages(
  {
    palette: 'Commands and search',
    newChat: 'New chat',
    focusComposer: 'To the message field',
    copyAnswer: 'Copy the last answer',
    copyCode: 'Copy the last code block',
    chatList: 'Show or hide the chats',
    help: 'This list',
    settings: 'Settings',
    helpSingle: 'This list (outside of fields)',
  },
  {
    palette: 'Befehle und Suche',
    newChat: 'Neuer Chat',
    focusComposer: 'Zum Eingabefeld',
    copyAnswer: 'Letzte Antwort kopieren',
    copyCode: 'Letzten Code kopieren',
    chatList: 'Chats ein- oder ausblenden',
    help: 'Diese Liste',
    settings: 'Einstellungen',
    helpSingle: 'Diese Liste (außerhalb von Feldern)',
  },
);

/** The list, in a dialog. */
export function ShortcutsDialog({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const t = useMessages(paletteMessages);
  const name = useMessages(names);
  return (
    <Dialog open={open} onClose={onClose} title={t.shortcuts}>
      <dl className="flex flex-col">
        {(Object.keys(shortcuts) as ShortcutName[]).map((id) => (
          <div key={id} className="flex items-center justify-between gap-4 border-b border-line py-2.5 last:border-0">
            <dt className="text-sm">{name[id]}</dt>
            <dd className="flex gap-1">
              {toKeys(id).map((key) => (
                <kbd key={key} className="rounded-md border border-line bg-tint px-1.5 py-0.5 font-sans text-xs">
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
