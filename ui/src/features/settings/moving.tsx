// Moving in and out: everything that is kept of the person as a file, and older settings taken over after a look at what becomes of them.
import { Download, Upload } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import type { ImportResult } from '#shared/api/import.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Section } from '../../components/field.tsx';
import { useMessages } from '../../lib/messages.ts';
import { tellRefusal } from '../../lib/refusals.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useSettingsActions } from './data.ts';
import { serverMessages } from './server-messages.ts';

function save(name: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function Mapping({ result }: { readonly result: ImportResult }): ReactNode {
  const t = useMessages(serverMessages);
  const { source, credentials, settings, unknown, notes } = result;
  return (
    <div className="max-h-96 overflow-y-auto text-sm" tabIndex={0} role="region" aria-label={t.mapping}>
      <p className="mb-2 text-muted">{t.readAs(source)}</p>
      <ul className="divide-y divide-line">
        {credentials.map(({ from, provider, name, status, message, why }) => (
          <li key={`${from} ${name}`} className="py-2 break-words">
            <span className="font-medium">{name}</span> <span className="text-muted">{provider}</span>
            <span className="block text-xs text-muted">
              {t.statuses[status]}
              {message !== null && `: ${tellRefusal(why) ?? message}`}
            </span>
          </li>
        ))}
        {settings.map(({ from, to, value }) => (
          <li key={`${from} ${to}`} className="py-2 break-words">
            <span className="font-medium">{to}</span>: {value}
            <span className="block text-xs text-muted">{from}</span>
          </li>
        ))}
      </ul>
      {unknown.length > 0 && <p className="mt-2 text-xs break-words text-muted">{t.unknown(unknown.join(', '))}</p>}
      {notes.map((note) => (
        <p key={note} className="mt-2 text-xs text-muted">
          {note}
        </p>
      ))}
    </div>
  );
}

function ImportDialog({
  text,
  dry,
  onClose,
}: {
  readonly text: string;
  readonly dry: ImportResult;
  readonly onClose: () => void;
}): ReactNode {
  const t = useMessages(serverMessages);
  const { show } = useToasts();
  const { importText } = useSettingsActions();
  const [busy, setBusy] = useState(false);
  const take = async (): Promise<void> => {
    setBusy(true);
    const done = await importText(text, false);
    setBusy(false);
    if (done === null) return;
    show(t.taken(done.credentials.filter(({ status }) => status === 'new').length));
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={t.importTitle}>
      <Mapping result={dry} />
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button look="primary" disabled={busy} onClick={() => void take()}>
          {t.takeOver}
        </Button>
      </div>
    </Dialog>
  );
}

/** The section. */
export function MovingSection(): ReactNode {
  const t = useMessages(serverMessages);
  const { exportAll, importText } = useSettingsActions();
  const input = useRef<HTMLInputElement>(null);
  const [found, setFound] = useState<{ readonly text: string; readonly dry: ImportResult } | null>(null);
  const look = async (file: File): Promise<void> => {
    const text = await file.text();
    const dry = await importText(text, true);
    if (dry !== null) setFound({ text, dry });
  };
  const download = async (): Promise<void> => {
    const all = await exportAll();
    if (all !== null) save('freeway-export.json', JSON.stringify(all, null, 2));
  };
  return (
    <Section title={t.moving} text={t.movingText}>
      <div className="flex flex-wrap gap-2 py-3.5">
        <Button small onClick={() => void download()}>
          <Download size={15} aria-hidden />
          {t.exportMine}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          aria-label={t.importOlder}
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file) void look(file);
            target.value = '';
          }}
        />
        <Button small onClick={() => input.current?.click()}>
          <Upload size={15} aria-hidden />
          {t.importOlder}
        </Button>
      </div>
      {found !== null && <ImportDialog {...found} onClose={() => setFound(null)} />}
    </Section>
  );
}
