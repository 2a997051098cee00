// One labelled setting in a row: its name and explanation at the start, its control at the end.
import { useId, type ReactNode } from 'react';

interface SelectRowProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

/** A choice among few. */
export function SelectRow<T extends string>({ label, value, options, onChange }: SelectRowProps<T>): ReactNode {
  const id = useId();
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={({ target }) => onChange(options.find(([known]) => known === target.value)?.[0] ?? value)}
        className="min-h-10 max-w-full rounded-xl border border-line-strong bg-page px-3 text-sm"
      >
        {options.map(([known, name]) => (
          <option key={known} value={known}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

interface SwitchRowProps {
  readonly label: string;
  readonly hint: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** On or off. */
export function SwitchRow({ label, hint, checked, onChange }: SwitchRowProps): ReactNode {
  const id = useId();
  return (
    <div className="flex items-center justify-between gap-6 py-3.5">
      <div className="min-w-0 wrap-anywhere">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        aria-describedby={`${id}-hint`}
        checked={checked}
        onChange={({ target }) => onChange(target.checked)}
        className="switch"
      />
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
}

/** A group of settings. */
export function Section({ title, text, children }: SectionProps): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id} className="mb-8">
      <h2 id={id} className="text-base font-semibold">
        {title}
      </h2>
      <p className="text-sm text-muted">{text}</p>
      <div className="mt-3 divide-y divide-line rounded-2xl border border-line bg-raised px-4">{children}</div>
    </section>
  );
}
