// What the forms of this page are made of.
import { useId, type ReactNode } from 'react';
import { useMessages } from '../../lib/messages.ts';
import { providerMessages } from './messages.ts';

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

/** The plans a key can be on, as options. */
export function PlanOptions(): ReactNode {
  const t = useMessages(providerMessages);
  return (['free', 'paid', 'local'] as const).map((plan) => (
    <option key={plan} value={plan}>
      {t.plans[plan]}
    </option>
  ));
}
