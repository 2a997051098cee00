// Pages that stand in for others: not found, broken, loading, server away.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { Logo } from '../components/logo.tsx';
import { useAppMessages } from './messages.ts';

interface PlainPageProps {
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
}

function PlainPage({ title, text, children }: PlainPageProps): ReactNode {
  return (
    <main className="grid min-h-full flex-1 place-items-center p-8 text-center">
      <div className="flex max-w-sm flex-col items-center gap-3">
        <Logo size={40} />
        <h1 className="text-lg font-semibold">{title}</h1>
        <p className="text-sm text-muted">{text}</p>
        {children}
      </div>
    </main>
  );
}

/** For addresses that lead nowhere. */
export function NotFoundPage(): ReactNode {
  const t = useAppMessages();
  return (
    <PlainPage title={t.notFound} text={t.notFoundText}>
      <Link to="/" className="rounded-xl bg-accent px-4 py-2 text-sm font-medium text-accent-ink hover:bg-accent-hover">
        {t.toChat}
      </Link>
    </PlainPage>
  );
}

/** For a page that threw. */
export function CrashedPage(): ReactNode {
  const t = useAppMessages();
  return (
    <PlainPage title={t.crashed} text={t.crashedText}>
      <Button look="primary" onClick={() => location.reload()}>
        {t.reload}
      </Button>
    </PlainPage>
  );
}

/** For a server that does not answer. */
export function UnreachablePage({ onRetry }: { readonly onRetry: () => void }): ReactNode {
  const t = useAppMessages();
  return (
    <PlainPage title={t.unreachable} text={t.unreachableText}>
      <Button look="primary" onClick={onRetry}>
        {t.retry}
      </Button>
    </PlainPage>
  );
}

/** While a page is on its way. */
export function LoadingPage(): ReactNode {
  const t = useAppMessages();
  return (
    <div role="status" className="grid flex-1 place-items-center">
      <span className="sr-only">{t.loading}</span>
      <span aria-hidden className="size-6 animate-spin rounded-full border-2 border-line border-t-accent" />
    </div>
  );
}
