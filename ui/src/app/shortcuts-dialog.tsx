// The list of keyboard shortcuts.
import type { ReactNode } from 'react';
import { Dialog } from '../components/dialog.tsx';
import { useMessages } from '../lib/messages.ts';
import { shortcuts, toKeys, type ShortcutName } from '../lib/shortcuts.ts';
import { appMessages } from './messages.ts';

/** The list, in a dialog. */
export function ShortcutsDialog({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const t = useMessages(appMessages);
  return (
    <Dialog open={open} onClose={onClose} title={t.shortcuts}>
      <dl className="flex flex-col">
        {(Object.keys(shortcuts) as ShortcutName[]).map((name) => (
          <div key={name} className="flex items-center justify-between gap-4 border-b border-line py-2.5 last:border-0">
            <dt className="text-sm">{t.names[name]}</dt>
            <dd className="flex gap-1">
              {toKeys(name).map((key) => (
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
