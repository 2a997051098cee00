// Below a list that is read a page at a time: the button for the next one, and why it could not be had.
import type { ReactNode } from 'react';
import { defineMessages, useMessages } from '../lib/messages.ts';
import { Button } from './button.tsx';

const messages = defineMessages(
  { older: 'Show older', failed: (message: string) => `Older ones could not be loaded: ${message}` },
  { older: 'Ältere zeigen', failed: (message: string) => `Ältere konnten nicht geladen werden: ${message}` },
);

/** What of a list it stands below. */
interface Pages {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly isFetchNextPageError: boolean;
  readonly error: Error | null;
  readonly fetchNextPage: () => Promise<unknown>;
}

interface OlderProps {
  readonly of: Pages;
  /** What the button says; absent: that it shows older ones. */
  readonly label?: string;
}

/** The button; nothing where there are no older ones. */
export function Older({ of, label }: OlderProps): ReactNode {
  const t = useMessages(messages);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, error, fetchNextPage } = of;
  return (
    <>
      {isFetchNextPageError && (
        <p role="alert" className="mt-3 text-sm wrap-anywhere text-danger">
          {t.failed(error?.message ?? '')}
        </p>
      )}
      {hasNextPage && (
        <Button small className="mt-3" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {label ?? t.older}
        </Button>
      )}
    </>
  );
}
