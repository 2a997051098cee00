// Short notes at the edge of the page, told to screen readers too. They never hold the only copy of anything.
import { Suspense, createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { lazily, patiently } from './patiently.ts';

const ToastList = lazily(patiently(() => import('./toast-list.tsx').then(({ ToastList }) => ToastList)));

const SHOWN_MS = 6_000;
const SHOWN_WITH_ACTION_MS = 10_000;

export interface Toast {
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

/** Gives toasts to all below, and shows them. */
export function ToastsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [shown, setShown] = useState<readonly Toast[]>([]);
  const [spoken, setSpoken] = useState('');
  const nextId = useRef(1);
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
      {shown.length > 0 && (
        <Suspense>
          <ToastList toasts={shown} dismiss={dismiss} />
        </Suspense>
      )}
    </ToastsContext>
  );
}
