// Dialogs and side sheets over the native element: it keeps the focus inside, closes by Escape and gives the focus back.
import { X } from 'lucide-react';
import { useId, useLayoutEffect, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
import { defineMessages, useMessages } from '../lib/messages.ts';
import { IconButton } from './button.tsx';

const messages = defineMessages({ close: 'Close' }, { close: 'Schließen' });

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** `sheet` stands at the end of the page in its full height. */
  readonly form?: 'dialog' | 'sheet';
  /** False: only a button inside closes it. */
  readonly dismissable?: boolean;
}

const forms = {
  dialog: 'm-auto p-0 max-h-[85dvh] w-[min(34rem,calc(100vw-2rem))] rounded-2xl',
  sheet: 'sheet my-0 ms-auto me-0 h-dvh max-h-dvh w-[min(28rem,100vw)] sm:rounded-s-2xl',
} as const;

const FIRST_FIELD = 'form :is(input:not([type=file]), textarea, select), [role=combobox]';

/** The places around an element that take the focus, the nearest first. */
function placesAround(element: HTMLElement): readonly HTMLElement[] {
  const place = element.parentElement?.closest<HTMLElement>('[tabindex="-1"]') ?? null;
  return place === null ? [] : [place, ...placesAround(place)];
}

/** Opens a dialog. Answers what closes it: the focus goes back, and where what had it is gone, to the nearest place that is left. */
function openModal(dialog: HTMLDialogElement): () => void {
  const places = placesAround(dialog);
  dialog.showModal();
  // By itself the focus goes to the button that closes. On touch screens a field would open the keyboard over the form.
  if (!matchMedia('(pointer: coarse)').matches) dialog.querySelector<HTMLElement>(FIRST_FIELD)?.focus();
  return () => {
    dialog.close();
    // A dialog that goes together with its row is closed a moment before the row is gone.
    queueMicrotask(() => {
      if (document.activeElement === document.body) places.find(({ isConnected }) => isConnected)?.focus();
    });
  };
}

/** A modal dialog. Its content is there only while it is open. */
export function Dialog({
  open,
  onClose,
  title,
  children,
  form = 'dialog',
  dismissable = true,
}: DialogProps): ReactNode {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const t = useMessages(messages);
  // Before anything is drawn, and before anything goes: an element that is gone no longer gives the focus back.
  useLayoutEffect(() => (open && element.current ? openModal(element.current) : undefined), [open]);
  // A selection that is dragged beyond the edge ends outside, and is no wish to close.
  const beganOutside = useRef(false);
  const closeOutside = (event: MouseEvent): void => {
    if (dismissable && beganOutside.current && event.target === element.current) onClose();
  };
  // Where `closedby` is not known a cancel can be refused only once.
  const refuseEscape = (event: KeyboardEvent): void => {
    if (!dismissable && event.key === 'Escape') event.preventDefault();
  };
  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      closedby={dismissable ? 'closerequest' : 'none'}
      className={`${forms[form]} overflow-hidden border border-line bg-raised shadow-float`}
      onClose={onClose}
      onCancel={(event) => {
        if (!dismissable) event.preventDefault();
      }}
      onKeyDown={refuseEscape}
      onPointerDown={({ target }) => {
        beganOutside.current = target === element.current;
      }}
      onClick={closeOutside}
    >
      {open && (
        <div className={`flex flex-col ${form === 'sheet' ? 'h-full' : 'max-h-[85dvh]'}`}>
          <header className="flex items-center gap-3 border-b border-line py-3 ps-5 pe-3">
            <h2 id={titleId} className="min-w-0 flex-1 truncate text-base font-semibold">
              {title}
            </h2>
            {dismissable && (
              <IconButton label={t.close} compact onClick={onClose}>
                <X size={18} aria-hidden />
              </IconButton>
            )}
          </header>
          <div className="min-h-0 flex-1 scroll-pb-20 overflow-y-auto p-5">{children}</div>
        </div>
      )}
    </dialog>
  );
}
