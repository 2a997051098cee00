// The finished transcripts of this device: opened by a link, renamed, deleted.
import { Link } from '@tanstack/react-router';
import { Pencil, Trash2 } from 'lucide-react';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ActionsMenu } from '../../components/actions-menu.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { transcribeMessages } from './messages.ts';
import { toTime, type Kept } from './transcript.ts';
import { useTranscripts } from './world.ts';

interface RenameProps {
  readonly kept: Kept;
  readonly onDone: (name: string | null) => void;
}

function RenameForm({ kept, onDone }: RenameProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const [name, setName] = useState(kept.name);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onDone(name.trim() === '' ? null : name.trim());
  };
  return (
    <form onSubmit={submit}>
      <TextRow label={t.name}>
        {(props) => (
          <input
            {...props}
            autoFocus
            dir="auto"
            value={name}
            maxLength={120}
            onChange={({ target }) => setName(target.value)}
          />
        )}
      </TextRow>
      <div className="flex justify-end gap-2">
        <Button onClick={() => onDone(null)}>{t.cancel}</Button>
        <Button type="submit" look="primary">
          {t.save}
        </Button>
      </div>
    </form>
  );
}

interface KeptActionsProps {
  readonly kept: Kept;
  readonly onRename: (kept: Kept) => void;
  readonly onRemoved?: () => void;
}

/** What can be done with a transcript as a whole. */
export function KeptActions({ kept, onRename, onRemoved }: KeptActionsProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const { show } = useToasts();
  const { write, remove } = useTranscripts();
  const [renaming, setRenaming] = useState(false);
  const discard = (): void => {
    onRemoved?.();
    remove(kept.id);
    show(t.removed(kept.name), { label: t.undo, run: () => write(kept) });
  };
  const rename = (name: string | null): void => {
    setRenaming(false);
    if (name !== null) onRename({ ...kept, name });
  };
  return (
    <>
      <ActionsMenu
        label={t.actions(kept.name)}
        items={[
          { id: 'rename', label: t.rename, icon: <Pencil size={16} aria-hidden />, run: () => setRenaming(true) },
          {
            id: 'remove',
            label: t.remove,
            icon: <Trash2 size={16} aria-hidden />,
            danger: true,
            run: discard,
          },
        ]}
      />
      <Dialog open={renaming} onClose={() => setRenaming(false)} title={t.rename}>
        <RenameForm kept={kept} onDone={rename} />
      </Dialog>
    </>
  );
}

function Row({ kept, onRename }: KeptActionsProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const language = useLanguage();
  const { id, name, createdAtMs, transcript, isPart } = kept;
  const facts = [
    formatMoment(createdAtMs, language),
    transcript.duration ? toTime(transcript.duration) : null,
    isPart ? t.isPart : null,
  ];
  return (
    <li className="flex items-center gap-2 py-1.5 ps-4 pe-2">
      <Link to="/transcribe/$transcriptId" params={{ transcriptId: id }} className="min-w-0 flex-1 rounded-lg py-1.5">
        <span dir="auto" className="block truncate text-sm font-medium">
          {name}
        </span>
        <span className="block truncate text-xs text-muted">{facts.filter((fact) => fact !== null).join(' · ')}</span>
      </Link>
      <KeptActions kept={kept} onRename={onRename} />
    </li>
  );
}

/** The list; nothing while there is none. */
export function History(): ReactNode {
  const t = useMessages(transcribeMessages);
  const { all, write } = useTranscripts();
  if (all === undefined || all.length === 0) return null;
  return (
    <section aria-labelledby="transcripts" className="mt-10">
      <h2 id="transcripts" className="text-base font-semibold">
        {t.history}
      </h2>
      <p className="text-sm text-muted">{t.historyText}</p>
      <ul className="mt-3 divide-y divide-line rounded-2xl border border-line bg-raised">
        {all.map((kept) => (
          <Row key={kept.id} kept={kept} onRename={write} />
        ))}
      </ul>
    </section>
  );
}
