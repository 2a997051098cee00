// All chats of this device at once: export, import, delete.
import { useQuery } from '@tanstack/react-query';
import { Download, Trash2, Upload } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Section } from '../../components/field.tsx';
import { formatBytes } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useArchive, useEngine } from './chat-context.ts';
import { saveFile } from './clipboard.ts';
import { dataMessages } from './data-messages.ts';
import { parseExport, toExport } from './export-chat.ts';

function useUsedBytes(): number | undefined {
  return useQuery({
    queryKey: ['storage'],
    queryFn: async () => (await navigator.storage.estimate()).usage ?? 0,
    staleTime: 0,
    networkMode: 'always',
  }).data;
}

function EraseDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactNode {
  const t = useMessages(dataMessages);
  const engine = useEngine();
  const { show } = useToasts();
  const erase = async (): Promise<void> => {
    await engine.clear();
    onClose();
    show(t.erased);
  };
  return (
    <Dialog open={open} onClose={onClose} title={t.eraseTitle}>
      <p className="text-sm text-muted">{t.eraseText}</p>
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button look="danger" onClick={() => void erase()}>
          {t.eraseNow}
        </Button>
      </div>
    </Dialog>
  );
}

function ImportButton(): ReactNode {
  const t = useMessages(dataMessages);
  const engine = useEngine();
  const { show } = useToasts();
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File): Promise<void> => {
    const chats = parseExport(await file.text());
    if (chats === null) return show(t.notImported);
    await engine.restore(chats);
    show(t.imported(chats.length));
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="application/json,.json"
        hidden
        aria-label={t.importChats}
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file) void take(file);
          target.value = '';
        }}
      />
      <Button small onClick={() => input.current?.click()}>
        <Upload size={15} aria-hidden />
        {t.importChats}
      </Button>
    </>
  );
}

/** The section of the settings about chats. */
export function ChatData(): ReactNode {
  const t = useMessages(dataMessages);
  const language = useLanguage();
  const archive = useArchive();
  const used = useUsedBytes();
  const [erasing, setErasing] = useState(false);
  const exportAll = async (): Promise<void> =>
    saveFile('freeway-chats.json', toExport(await archive.readAll()), 'application/json');
  return (
    <Section title={t.data} text={`${t.dataText} ${used === undefined ? '' : t.used(formatBytes(used, language))}`}>
      <div className="flex flex-wrap gap-2 py-3.5">
        <Button small onClick={() => void exportAll()}>
          <Download size={15} aria-hidden />
          {t.exportAll}
        </Button>
        <ImportButton />
        <Button small look="danger" onClick={() => setErasing(true)}>
          <Trash2 size={15} aria-hidden />
          {t.erase}
        </Button>
        <EraseDialog open={erasing} onClose={() => setErasing(false)} />
      </div>
    </Section>
  );
}
