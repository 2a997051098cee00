// The four bounds of a quota as fields of a form.
import type { ComponentProps, ReactNode } from 'react';
import { quotaNames, type QuotaName } from '#shared/quotas.ts';
import { useMessages } from '../lib/messages.ts';
import { quotaMessages } from '../lib/quotas.ts';
import { TextRow } from './text-row.tsx';

interface QuotaFieldsProps {
  readonly title: string;
  readonly hint: string;
  /** What ties a field to its form. */
  readonly field: (name: QuotaName) => ComponentProps<'input'>;
  readonly isWrong: (name: QuotaName) => boolean;
}

/** The fields, two beside each other: numbers are short on a phone too. */
export function QuotaFields({ title, hint, field, isWrong }: QuotaFieldsProps): ReactNode {
  const t = useMessages(quotaMessages);
  return (
    <fieldset className="mb-1">
      <legend className="text-sm font-medium">{title}</legend>
      <p className="mb-2 text-xs text-muted">{hint}</p>
      <div className="grid grid-cols-2 gap-x-3">
        {quotaNames.map((name) => (
          <TextRow key={name} label={t.names[name]} error={isWrong(name) ? t.wrong : undefined}>
            {(row) => <input {...row} inputMode="numeric" autoComplete="off" {...field(name)} />}
          </TextRow>
        ))}
      </div>
    </fieldset>
  );
}
