// On or off, as the last line of a form.
import { useId, type ReactNode } from 'react';
import type { UseFormRegisterReturn } from 'react-hook-form';

interface SwitchLineProps {
  readonly label: string;
  readonly register: UseFormRegisterReturn;
}

/** The line. */
export function SwitchLine({ label, register }: SwitchLineProps): ReactNode {
  const id = useId();
  return (
    <div className="mb-5 flex items-center justify-between gap-6">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input id={id} type="checkbox" role="switch" className="switch" {...register} />
    </div>
  );
}
