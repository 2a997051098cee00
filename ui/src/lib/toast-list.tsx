// How notes in passing look: on a desk the newest three at the foot, on a phone the newest alone at the head, where it covers neither field nor pages.
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { defineMessages, useMessages } from './messages.ts';
import type { Toast } from './toasts.tsx';

const messages = defineMessages({ notes: 'Notes', dismiss: 'Dismiss' }, { notes: 'Hinweise', dismiss: 'Ausblenden' });

interface ToastListProps {
  readonly toasts: readonly Toast[];
  readonly dismiss: (id: number) => void;
}

/** The notes that are shown at present. */
export function ToastList({ toasts, dismiss }: ToastListProps): ReactNode {
  const t = useMessages(messages);
  return (
    <section
      aria-label={t.notes}
      className="pointer-events-none fixed inset-x-0 top-[max(0.5rem,env(safe-area-inset-top))] z-50 flex flex-col items-center gap-2 px-4 md:top-auto md:bottom-6"
    >
      {toasts.map((toast) => (
        <ToastRow key={toast.id} toast={toast} dismiss={() => dismiss(toast.id)} label={t.dismiss} />
      ))}
    </section>
  );
}

interface ToastRowProps {
  readonly toast: Toast;
  readonly dismiss: () => void;
  readonly label: string;
}

function ToastRow({ toast: { text, action }, dismiss, label }: ToastRowProps): ReactNode {
  return (
    <div className="pointer-events-auto flex max-w-md items-center gap-3 rounded-xl border border-line bg-raised py-2 ps-4 pe-2 text-sm shadow-float max-md:not-last:hidden">
      <span className="min-w-0 flex-1">{text}</span>
      {action && (
        <button
          type="button"
          className="rounded-lg px-2 py-1 font-medium text-accent hover:bg-hover"
          onClick={() => {
            action.run();
            dismiss();
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" aria-label={label} className="rounded-lg p-1.5 text-muted hover:bg-hover" onClick={dismiss}>
        <X size={16} aria-hidden />
      </button>
    </div>
  );
}
