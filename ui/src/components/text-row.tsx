// A field of a form with its label above, and its hint or what is wrong with it below.
import { useId, type ReactNode } from 'react';

interface TextRowProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly children: (props: {
    readonly id: string;
    readonly 'aria-describedby': string;
    readonly 'aria-invalid': boolean;
    readonly className: string;
  }) => ReactNode;
}

/** A labelled field with its hint and what is wrong with it. */
export function TextRow({ label, hint, error, children }: TextRowProps): ReactNode {
  const id = useId();
  return (
    <div className="mb-4">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children({
        id,
        'aria-describedby': `${id}-hint`,
        'aria-invalid': error !== undefined,
        className: 'mt-1 min-h-10 w-full rounded-xl border border-line-strong bg-page px-3 py-2 text-sm',
      })}
      <p id={`${id}-hint`} className={`mt-1 text-xs ${error === undefined ? 'text-muted' : 'text-danger'}`}>
        {error ?? hint}
      </p>
    </div>
  );
}
