// The message field: text, files by button, drop and paste, what to send with, and where it would go.
import { ArrowUp, FileText, Image as ImageIcon, Plus, Square, X } from 'lucide-react';
import {
  useEffect,
  useRef,
  useState,
  type ClipboardEvent,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import { IconButton } from '../../components/button.tsx';
import { useDropped } from '../../lib/dropping.ts';
import { formatBytes } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { usePreferences } from '../../lib/preferences.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { nameApart, readAttachment } from './attachments.ts';
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

/** Where the browser itself lets a field grow, long text is laid out once for each key and not three times. */
const growsByItself = (): boolean => CSS.supports('field-sizing', 'content');

export const isTouch = (): boolean => matchMedia('(pointer: coarse)').matches;

function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useEffect(() => {
    const element = field.current;
    if (!element || growsByItself()) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(TALLEST_PX, element.scrollHeight)}px`;
  }, [field, text]);
}

/** Where a file is taken away by its button, the next one's has the focus, and after the last the field. */
function focusBeside(button: HTMLElement): void {
  const chip = button.closest('li');
  const beside = (chip?.nextElementSibling ?? chip?.previousElementSibling)?.querySelector('button');
  // On touch screens the field would open the keyboard.
  const field = isTouch() ? null : button.closest('.composer')?.querySelector('textarea');
  (beside ?? field)?.focus();
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
        <span dir="auto" className="block truncate font-medium">
          {file.name}
        </span>
        <span className="text-muted">{formatBytes(file.bytes, language)}</span>
      </span>
      {onRemove && (
        <IconButton
          label={t.removeFile(file.name)}
          compact
          onClick={({ currentTarget }) => {
            focusBeside(currentTarget);
            onRemove();
          }}
        >
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

interface Files {
  readonly add: (files: Iterable<File>) => void;
  /** Some are being read; sent now, the message would go without them. */
  readonly reading: boolean;
}

function useFiles(draft: Draft, onChange: (draft: Draft) => void): Files {
  const t = useMessages(chatMessages);
  const { show } = useToasts();
  const [unread, setUnread] = useState(0);
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = draft;
  });
  const take = async (file: File): Promise<void> => {
    const read = await readAttachment(file);
    if ('refusal' in read) return show(t.refused[read.refusal](read.name));
    const { attachments } = latest.current;
    const name = nameApart(
      read.attachment.name,
      attachments.map((one) => one.name),
    );
    latest.current = { ...latest.current, attachments: [...attachments, { ...read.attachment, name }] };
    onChange(latest.current);
  };
  const add = async (files: readonly File[]): Promise<void> => {
    setUnread((count) => count + files.length);
    for (const file of files) {
      await take(file);
      setUnread((count) => count - 1);
    }
  };
  return { add: (files) => void add([...files]), reading: unread > 0 };
}

function SendButtons({
  draft,
  busy,
  reading,
  onSend,
  onStop,
}: Pick<ComposerProps, 'draft' | 'busy' | 'onSend' | 'onStop'> & Pick<Files, 'reading'>): ReactNode {
  const t = useMessages(chatMessages);
  const empty = draft.text.trim() === '' && draft.attachments.length === 0;
  return (
    <div className="ms-auto flex items-center gap-1.5">
      {(!busy || !empty) && (
        <IconButton
          label={busy ? t.sendNext : t.send}
          look="primary"
          disabled={empty || reading}
          onClick={onSend}
          round
        >
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

/** Cells and formatted text come with a picture of themselves, which nobody means. */
const isText = ({ types }: DataTransfer): boolean => types.includes('text/plain') && types.includes('text/html');

/** What stands in the field above the words: files, and what happens to them. */
function Above({
  draft,
  onChange,
  over,
  reading,
}: Pick<ComposerProps, 'draft' | 'onChange'> & Pick<Files, 'reading'> & { readonly over: boolean }): ReactNode {
  const t = useMessages(chatMessages);
  return (
    <>
      {over && <p className="px-3 py-1 text-sm text-accent">{t.dropHere}</p>}
      {reading && (
        <p role="status" className="px-3 py-1 text-sm text-muted">
          {t.readingFiles}
        </p>
      )}
      {draft.attachments.length > 0 && (
        <div className="max-h-[30dvh] overflow-y-auto p-1.5">
          <FileChips
            files={draft.attachments}
            onRemove={(id) => onChange({ ...draft, attachments: draft.attachments.filter((file) => file.id !== id) })}
          />
        </div>
      )}
    </>
  );
}

/** The field with everything around it. */
export function Composer(props: ComposerProps): ReactNode {
  const { draft, onChange, onSend, onStop, onEditLast, busy, field, note } = props;
  const t = useMessages(chatMessages);
  const { preferences } = usePreferences();
  const { add: take, reading } = useFiles(draft, onChange);
  const over = useDropped(take);
  useGrowing(field, draft.text);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isSend(event, preferences.sendKey, isTouch())) {
      event.preventDefault();
      if (!reading) onSend();
    } else if (event.nativeEvent.isComposing) return;
    else if (event.key === 'Escape' && busy && !event.shiftKey) onStop();
    else if (event.key === 'ArrowUp' && draft.text === '' && !busy) onEditLast();
  };
  const onPaste = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length === 0 || isText(event.clipboardData)) return;
    event.preventDefault();
    take([...event.clipboardData.files]);
  };
  return (
    <div className="composer mx-auto w-full max-w-[48rem] px-3 pb-3 md:px-4">
      <div
        className={`@container rounded-3xl border bg-raised p-2 shadow-float focus-within:border-accent ${over ? 'border-accent' : 'border-line'}`}
      >
        <Above draft={draft} onChange={onChange} over={over} reading={reading} />
        <div className="flex items-end gap-1 @max-[14rem]:flex-wrap">
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
            className="composer-field max-h-[260px] min-h-10 pointer-coarse:min-h-11 pointer-coarse:py-2.5 min-w-0 flex-1 @max-[14rem]:order-first @max-[14rem]:basis-full resize-none bg-transparent px-1.5 py-2 text-base leading-6 outline-none field-sizing-content"
          />
          <VoiceButton
            onText={(text) => onChange({ ...draft, text: draft.text === '' ? text : `${draft.text} ${text}` })}
          />
          <SendButtons draft={draft} busy={busy} reading={reading} onSend={onSend} onStop={onStop} />
        </div>
      </div>
      <div className="min-h-6 px-3 pt-1.5 text-center text-xs text-muted">{note}</div>
    </div>
  );
}
