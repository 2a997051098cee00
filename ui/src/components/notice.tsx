// A note inside a page: something failed, is missing or deserves attention, with the next step beside it.
import { CircleAlert, Info } from 'lucide-react';
import type { ReactNode } from 'react';

interface NoticeProps {
  readonly tone: 'danger' | 'info';
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** The note. Failures are told to screen readers at once. */
export function Notice({ tone, title, children, actions }: NoticeProps): ReactNode {
  const Icon = tone === 'danger' ? CircleAlert : Info;
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'note'}
      className={`flex gap-3 rounded-2xl border border-line px-4 py-3 text-sm ${tone === 'danger' ? 'bg-danger-tint' : 'bg-tint'}`}
    >
      <Icon size={18} aria-hidden className={`mt-0.5 shrink-0 ${tone === 'danger' ? 'text-danger' : 'text-muted'}`} />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {children !== undefined && <div className="mt-0.5 text-muted">{children}</div>}
        {actions !== undefined && <div className="mt-3 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
