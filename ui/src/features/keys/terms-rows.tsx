// What a new key may do beside having a name: one line while it is closed, the fields once it is opened.
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { useWatch, type Control, type FieldErrors, type UseFormRegister } from 'react-hook-form';
import { strategies } from '#shared/policy.ts';
import { QuotaFields } from '../../components/quota-fields.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { isAmount } from '../../lib/amounts.ts';
import { useMessages } from '../../lib/messages.ts';
import { policyMessages } from '../../lib/policy-messages.ts';
import { isCount } from '../../lib/quotas.ts';
import { keyMessages } from './messages.ts';
import { expiries, usualTerms, useTermsLine, type Terms } from './terms.ts';

interface RowsProps {
  readonly register: UseFormRegister<Terms>;
}

interface ChoiceProps {
  readonly label: string;
  /** What ties it to its form. */
  readonly field: ReturnType<UseFormRegister<Terms>>;
  readonly options: readonly (readonly [value: string, name: string])[];
}

function Choice({ label, field, options }: ChoiceProps): ReactNode {
  return (
    <TextRow label={label}>
      {(props) => (
        <select {...props} {...field}>
          {options.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </TextRow>
  );
}

function PolicyRows({ register }: RowsProps): ReactNode {
  const t = useMessages(keyMessages);
  const { strategies: orders } = useMessages(policyMessages);
  return (
    <>
      <Choice label={t.tier} field={register('tier')} options={Object.entries(t.tiers)} />
      <Choice label={t.privacy} field={register('privacy')} options={Object.entries(t.privacies)} />
      <Choice
        label={t.strategy}
        field={register('strategy')}
        options={[['', t.strategyUnset], ...strategies.map((one) => [one, orders[one]] as const)]}
      />
    </>
  );
}

function LimitRows({ register, errors }: RowsProps & { readonly errors: FieldErrors<Terms> }): ReactNode {
  const t = useMessages(keyMessages);
  return (
    <>
      <QuotaFields
        title={t.quota}
        hint={t.quotaHint}
        field={(name) => register(`quota.${name}`, { validate: isCount })}
        isWrong={(name) => errors.quota?.[name] !== undefined}
      />
      <TextRow label={t.usd} hint={t.usdHint} error={errors.usd && t.usdWrong}>
        {(props) => (
          <input {...props} inputMode="decimal" autoComplete="off" {...register('usd', { validate: isAmount })} />
        )}
      </TextRow>
    </>
  );
}

interface TermsRowsProps extends RowsProps {
  readonly errors: FieldErrors<Terms>;
  readonly control: Control<Terms>;
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
}

/** The line, and the fields behind it, which are part of the form while they are closed. */
export function TermsRows({ register, errors, control, isOpen, onOpen }: TermsRowsProps): ReactNode {
  const t = useMessages(keyMessages);
  const line = useTermsLine({ ...usualTerms, ...useWatch({ control }) } as Terms);
  return (
    <details
      className="group mb-4 rounded-xl border border-line"
      open={isOpen}
      onToggle={({ currentTarget }) => onOpen(currentTarget.open)}
    >
      <summary className="flex cursor-pointer list-none items-start gap-2 rounded-xl px-3 py-2.5 hover:bg-hover [&::-webkit-details-marker]:hidden">
        <ChevronRight
          size={16}
          aria-hidden
          className="mt-0.5 shrink-0 text-muted group-open:rotate-90 rtl:-scale-x-100 rtl:group-open:scale-x-100"
        />
        <span className="min-w-0">
          <span className="block text-sm font-medium">{t.terms}</span>
          <span className="block text-xs text-muted">{line}</span>
        </span>
      </summary>
      <div className="px-3 pt-3">
        <PolicyRows register={register} />
        <LimitRows register={register} errors={errors} />
        <Choice
          label={t.expires}
          field={register('expires')}
          options={expiries.map((one) => [one, t.expiries[one]] as const)}
        />
      </div>
    </details>
  );
}
