// The note that something could not be loaded, with a button that tries again.
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

interface FailedProps {
  readonly title: string;
  readonly message: string;
  /** The words on the button. */
  readonly retry: string;
  readonly onRetry: () => void;
}

/** The note. */
export function Failed({ title, message, retry, onRetry }: FailedProps): ReactNode {
  return (
    <Notice
      tone="danger"
      title={title}
      actions={
        <Button small onClick={onRetry}>
          {retry}
        </Button>
      }
    >
      {message}
    </Notice>
  );
}
