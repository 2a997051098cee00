// The end of a form in a dialog: why it could not be saved, and the buttons that leave it and send it.
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

interface FormEndProps {
  /** What was wrong at the last try; null: nothing. */
  readonly failure: string | null;
  readonly cancel: string;
  readonly onCancel: () => void;
  /** The words on the button that sends. */
  readonly send: string;
  /** It is being sent: not again. */
  readonly isSending: boolean;
}

/** The note and the buttons, which stay in sight however long the form is. */
export function FormEnd({ failure, cancel, onCancel, send, isSending }: FormEndProps): ReactNode {
  return (
    <div className="sticky -bottom-5 z-10 -mx-5 -mb-5 flex flex-wrap justify-end gap-2 border-t border-line bg-raised px-5 py-3">
      {failure !== null && (
        <p role="alert" className="w-full text-sm text-danger">
          {failure}
        </p>
      )}
      <Button onClick={onCancel}>{cancel}</Button>
      <Button type="submit" look="primary" disabled={isSending}>
        {send}
      </Button>
    </div>
  );
}
