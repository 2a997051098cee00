// Short notes at the edge of the page, told to screen readers too. They never hold the only copy of anything.
import { X } from 'lucide-react';
import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { defineMessages, useMessages } from './messages.ts';

const SHOWN_MS = 6_000;
const SHOWN_WITH_ACTION_MS = 10_000;

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

export interface Toasts {
  /** Shows a note for a few seconds, with something to undo or follow if given. */
  readonly show: (text: string, action?: { readonly label: string; readonly run: () => void }) => void;
  /** Tells screen readers only. */
  readonly announce: (text: string) => void;
}

const ToastsContext = createContext<Toasts | null>(null);

/** How a page says something in passing. */
export function useToasts(): Toasts {
  const toasts = use(ToastsContext);
  if (toasts === null) throw new Error('useToasts outside of its provider');
  return toasts;
}

const messages = defineMessages({ notes: 'Notes', dismiss: 'Dismiss' }, { notes: 'Hinweise', dismiss: 'Ausblenden' });

/** Gives toasts to all below, and shows them. */
export function ToastsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [shown, setShown] = useState<readonly Toast[]>([]);
  const [spoken, setSpoken] = useState('');
  const nextId = useRef(1);
  const t = useMessages(messages);
  const dismiss = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), []);
  const announce = useCallback((text: string) => setSpoken((before) => (before === text ? `${text}\u200B` : text)), []);
  const show = useCallback<Toasts['show']>(
    (text, action) => {
      const id = nextId.current++;
      setShown((all) => [...all.slice(-2), { id, text, action: action ?? null }]);
      announce(text);
      setTimeout(() => dismiss(id), action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
    },
    [announce, dismiss],
  );
  const toasts = useMemo(() => ({ show, announce }), [show, announce]);
  return (
    <ToastsContext value={toasts}>
      {children}
      <div aria-live="polite" role="status" className="sr-only">
        {spoken}
      </div>
      <section
        aria-label={t.notes}
        className="pointer-events-none fixed inset-x-0 bottom-24 z-50 flex flex-col items-center gap-2 px-4 md:bottom-6"
      >
        {shown.map(({ id, text, action }) => (
          <div
            key={id}
            className="pointer-events-auto flex max-w-md items-center gap-3 rounded-xl border border-line bg-raised py-2 ps-4 pe-2 text-sm shadow-float"
          >
            <span className="min-w-0 flex-1">{text}</span>
            {action && (
              <button
                type="button"
                className="rounded-lg px-2 py-1 font-medium text-accent hover:bg-hover"
                onClick={() => {
                  action.run();
                  dismiss(id);
                }}
              >
                {action.label}
              </button>
            )}
            <button
              type="button"
              aria-label={t.dismiss}
              className="rounded-lg p-1.5 text-muted hover:bg-hover"
              onClick={() => dismiss(id)}
            >
              <X size={16} aria-hidden />
            </button>
          </div>
        ))}
      </section>
    </ToastsContext>
  );
}
