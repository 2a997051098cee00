// Asks before something is done that can't be undone; where it fails, it stays and says why.
import { useState, type ReactNode } from 'react';
import { ApiError } from '../lib/api.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface ConfirmDialogProps {
  readonly title: string;
  readonly cancel: string;
  /** The words on the button that does it. */
  readonly confirm: string;
  /** Does it; what it rejects with as ApiError is told. */
  readonly run: () => Promise<unknown>;
  readonly onClose: () => void;
  /** What will be, and can't be undone. */
  readonly children: ReactNode;
}

/** The dialog. */
export function ConfirmDialog({ title, cancel, confirm, run, onClose, children }: ConfirmDialogProps): ReactNode {
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const work = async (): Promise<void> => {
    setFailure(null);
    setBusy(true);
    try {
      await run();
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
      setBusy(false);
    }
  };
  return (
    <Dialog open onClose={onClose} title={title}>
      {children}
      {failure !== null && (
        <p role="alert" className="mt-3 text-sm text-danger">
          {failure}
        </p>
      )}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{cancel}</Button>
        <Button look="danger" disabled={isBusy} onClick={() => void work()}>
          {confirm}
        </Button>
      </div>
    </Dialog>
  );
}
