// The message field: text, files by button, drop and paste, what to send with, and where it would go.
import { ArrowUp, FileText, Image as ImageIcon, Plus, Square, X } from 'lucide-react';
import {
  useEffect,
  useRef,
  useState,
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import { IconButton } from '../../components/button.tsx';
import { formatBytes } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { usePreferences } from '../../lib/preferences.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { readAttachment } from './attachments.ts';
import { chatMessages } from './messages.ts';
import type { Attachment, Draft } from './types.ts';
import { VoiceButton } from './voice.tsx';

const TALLEST_PX = 260;

interface ComposerProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly onSend: () => void;
  readonly onStop: () => void;
  /** Up-arrow in the empty field. */
  readonly onEditLast: () => void;
  readonly busy: boolean;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly note: ReactNode;
}

/** Whether this key press sends. Words that are still being composed are never sent, and on touch screens Enter is a new line. */
export function isSend(event: KeyboardEvent, sendKey: 'enter' | 'mod-enter', touch: boolean): boolean {
  // Safari ends a composition before it tells of the key.
  if (event.key !== 'Enter' || event.nativeEvent.isComposing || event.keyCode === 229) return false;
  if (event.metaKey || event.ctrlKey) return true;
  return sendKey === 'enter' && !event.shiftKey && !touch;
}

const isTouch = (): boolean => matchMedia('(pointer: coarse)').matches;

function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(TALLEST_PX, element.scrollHeight)}px`;
  }, [field, text]);
}

function FileChip({ file, onRemove }: { readonly file: Attachment; readonly onRemove?: () => void }): ReactNode {
  const t = useMessages(chatMessages);
  const language = useLanguage();
  const Icon = file.kind === 'image' ? ImageIcon : FileText;
  return (
    <li className="flex max-w-56 items-center gap-2 rounded-xl border border-line bg-tint p-1.5 text-xs">
      {file.kind === 'image' ? (
        <img src={file.data} alt="" className="size-9 shrink-0 rounded-lg object-cover" />
      ) : (
        <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-raised text-muted">
          <Icon size={18} aria-hidden />
        </span>
      )}
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{file.name}</span>
        <span className="text-muted">{formatBytes(file.bytes, language)}</span>
      </span>
      {onRemove && (
        <IconButton label={t.removeFile(file.name)} compact onClick={onRemove}>
          <X size={14} aria-hidden />
        </IconButton>
      )}
    </li>
  );
}

/** The files of a message. */
export function FileChips({
  files,
  onRemove,
}: {
  readonly files: readonly Attachment[];
  readonly onRemove?: (id: string) => void;
}): ReactNode {
  const t = useMessages(chatMessages);
  if (files.length === 0) return null;
  return (
    <ul aria-label={t.attach} className="flex flex-wrap gap-2">
      {files.map((file) => (
        <FileChip key={file.id} file={file} {...(onRemove ? { onRemove: () => onRemove(file.id) } : {})} />
      ))}
    </ul>
  );
}

function useFiles(draft: Draft, onChange: (draft: Draft) => void): (files: Iterable<File>) => Promise<void> {
  const t = useMessages(chatMessages);
  const { show } = useToasts();
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = draft;
  });
  return async (files) => {
    for (const file of files) {
      const read = await readAttachment(file);
      if ('refusal' in read) show(t.refused[read.refusal](read.name));
      else {
        latest.current = { ...latest.current, attachments: [...latest.current.attachments, read.attachment] };
        onChange(latest.current);
      }
    }
  };
}

function SendButtons({
  draft,
  busy,
  onSend,
  onStop,
}: Pick<ComposerProps, 'draft' | 'busy' | 'onSend' | 'onStop'>): ReactNode {
  const t = useMessages(chatMessages);
  const empty = draft.text.trim() === '' && draft.attachments.length === 0;
  return (
    <div className="flex items-center gap-1.5">
      {(!busy || !empty) && (
        <IconButton label={busy ? t.sendNext : t.send} look="primary" disabled={empty} onClick={onSend} round>
          <ArrowUp size={20} aria-hidden />
        </IconButton>
      )}
      {busy && (
        <IconButton label={t.stop} look="plain" onClick={onStop} round>
          <Square size={14} aria-hidden fill="currentColor" />
        </IconButton>
      )}
    </div>
  );
}

function FilePicker({ onFiles }: { readonly onFiles: (files: Iterable<File>) => void }): ReactNode {
  const t = useMessages(chatMessages);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t.attach}
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = '';
        }}
      />
      <IconButton label={t.attach} round onClick={() => input.current?.click()}>
        <Plus size={20} aria-hidden />
      </IconButton>
    </>
  );
}

function useDropping(onFiles: (files: Iterable<File>) => void): { over: boolean; handlers: object } {
  const [over, setOver] = useState(false);
  const handlers = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      onFiles(event.dataTransfer.files);
    },
  };
  return { over, handlers };
}

/** The field with everything around it. */
export function Composer(props: ComposerProps): ReactNode {
  const { draft, onChange, onSend, onStop, onEditLast, busy, field, note } = props;
  const t = useMessages(chatMessages);
  const { preferences } = usePreferences();
  const addFiles = useFiles(draft, onChange);
  const take = (files: Iterable<File>): void => void addFiles(files);
  const { over, handlers } = useDropping(take);
  useGrowing(field, draft.text);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isSend(event, preferences.sendKey, isTouch())) {
      event.preventDefault();
      onSend();
    } else if (event.key === 'Escape' && busy && !event.shiftKey) onStop();
    else if (event.key === 'ArrowUp' && draft.text === '') onEditLast();
  };
  const onPaste = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    take([...event.clipboardData.files]);
  };
  return (
    <div className="mx-auto w-full max-w-[48rem] px-3 pb-3 md:px-4" {...handlers}>
      <div
        className={`rounded-3xl border bg-raised p-2 shadow-float focus-within:border-accent ${over ? 'border-accent' : 'border-line'}`}
      >
        {over && <p className="px-3 py-1 text-sm text-accent">{t.dropHere}</p>}
        {draft.attachments.length > 0 && (
          <div className="p-1.5">
            <FileChips
              files={draft.attachments}
              onRemove={(id) => onChange({ ...draft, attachments: draft.attachments.filter((file) => file.id !== id) })}
            />
          </div>
        )}
        <div className="flex items-end gap-1">
          <FilePicker onFiles={take} />
          <textarea
            ref={field}
            rows={1}
            dir="auto"
            aria-label={t.message}
            placeholder={t.placeholder}
            value={draft.text}
            onChange={({ target }) => onChange({ ...draft, text: target.value })}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            className="max-h-[260px] min-h-10 flex-1 resize-none bg-transparent px-1.5 py-2 text-base leading-6 outline-none"
          />
          <VoiceButton
            onText={(text) => onChange({ ...draft, text: draft.text === '' ? text : `${draft.text} ${text}` })}
          />
          <SendButtons draft={draft} busy={busy} onSend={onSend} onStop={onStop} />
        </div>
      </div>
      <div className="min-h-6 px-3 pt-1.5 text-center text-xs text-muted">{note}</div>
    </div>
  );
}
