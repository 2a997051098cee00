// A new key: what it may do, and then the key itself, once, with how to use it.
import { useState, type ReactNode } from 'react';
import { useForm, type FieldErrors, type UseFormRegister } from 'react-hook-form';
import type { NewKey } from '#shared/api/keys.ts';
import { strategies, type Strategy } from '#shared/policy.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { FormEnd } from '../../components/form-end.tsx';
import { QuotaFields } from '../../components/quota-fields.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { isAmount, parseAmount } from '../../lib/amounts.ts';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { policyMessages } from '../../lib/policy-messages.ts';
import { isCount, toQuota, toQuotaTexts, type QuotaTexts } from '../../lib/quotas.ts';
import { useKeyActions } from './data.ts';
import { keyMessages } from './messages.ts';
import { CopyButton, Snippets } from './snippet-panel.tsx';

const DAY_MS = 86_400_000;
const expiryDays = { never: null, days30: 30, days90: 90, year: 365 } as const;
type Expiry = keyof typeof expiryDays;

interface Values {
  readonly name: string;
  readonly tier: 'free' | 'any';
  readonly privacy: 'no_training' | 'any';
  readonly strategy: Strategy | '';
  readonly quota: QuotaTexts;
  readonly usd: string;
  readonly expires: Expiry;
}

function toTerms({ name, tier, privacy, strategy, quota, usd, expires }: Values): Partial<NewKey> & { name: string } {
  const days = expiryDays[expires];
  const max = parseAmount(usd) ?? null;
  return {
    name,
    tier,
    privacy,
    strategy: strategy === '' ? null : strategy,
    ...toQuota(quota),
    usd: max === null ? null : { max, per: 'month' },
    expires_at: days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString(),
  };
}

interface RowsProps {
  readonly register: UseFormRegister<Values>;
}

function LimitRows({ register, errors }: RowsProps & { readonly errors: FieldErrors<Values> }): ReactNode {
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

function PolicyRows({ register }: RowsProps): ReactNode {
  const t = useMessages(keyMessages);
  const { strategies: orders } = useMessages(policyMessages);
  return (
    <>
      <TextRow label={t.tier}>
        {(props) => (
          <select {...props} {...register('tier')}>
            <option value="any">{t.tiers.any}</option>
            <option value="free">{t.tiers.free}</option>
          </select>
        )}
      </TextRow>
      <TextRow label={t.privacy}>
        {(props) => (
          <select {...props} {...register('privacy')}>
            <option value="any">{t.privacies.any}</option>
            <option value="no_training">{t.privacies.no_training}</option>
          </select>
        )}
      </TextRow>
      <TextRow label={t.strategy}>
        {(props) => (
          <select {...props} {...register('strategy')}>
            <option value="">{t.strategyUnset}</option>
            {strategies.map((strategy) => (
              <option key={strategy} value={strategy}>
                {orders[strategy]}
              </option>
            ))}
          </select>
        )}
      </TextRow>
    </>
  );
}

function ExpiryRow({ register }: RowsProps): ReactNode {
  const t = useMessages(keyMessages);
  return (
    <TextRow label={t.expires}>
      {(props) => (
        <select {...props} {...register('expires')}>
          {(Object.keys(expiryDays) as Expiry[]).map((expiry) => (
            <option key={expiry} value={expiry}>
              {t.expiries[expiry]}
            </option>
          ))}
        </select>
      )}
    </TextRow>
  );
}

function TermsForm({
  onMade,
  onClose,
}: {
  readonly onMade: (key: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const t = useMessages(keyMessages);
  const { create } = useKeyActions();
  const [failure, setFailure] = useState<string | null>(null);
  const { register, handleSubmit, formState } = useForm<Values>({
    defaultValues: {
      name: '',
      tier: 'any',
      privacy: 'any',
      strategy: '',
      quota: toQuotaTexts(null),
      usd: '',
      expires: 'never',
    },
  });
  const submit = handleSubmit(async (values) => {
    setFailure(null);
    try {
      onMade(await create(toTerms(values)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    }
  });
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <TextRow label={t.name} hint={t.nameHint} error={formState.errors.name && t.required}>
        {(props) => (
          <input {...props} autoComplete="off" {...register('name', { validate: (name) => name.trim() !== '' })} />
        )}
      </TextRow>
      <PolicyRows register={register} />
      <LimitRows register={register} errors={formState.errors} />
      <ExpiryRow register={register} />
      <FormEnd
        failure={failure}
        cancel={t.cancel}
        onCancel={onClose}
        send={formState.isSubmitting ? t.saving : t.save}
        isSending={formState.isSubmitting}
      />
    </form>
  );
}

/** The key, this once; only a button closes it. */
export function ShownKeyDialog({
  apiKey,
  onClose,
}: {
  readonly apiKey: string;
  readonly onClose: () => void;
}): ReactNode {
  const t = useMessages(keyMessages);
  return (
    <Dialog open onClose={onClose} title={t.onceTitle} dismissable={false}>
      <p className="text-sm text-muted">{t.onceText}</p>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <code data-secret className="min-w-0 flex-1 rounded-xl bg-code px-3 py-2.5 text-sm break-all">
          {apiKey}
        </code>
        <CopyButton text={apiKey} primary />
      </div>
      <Snippets apiKey={apiKey} heading="h3" />
      <div className="mt-6 flex justify-end">
        <Button onClick={onClose}>{t.done}</Button>
      </div>
    </Dialog>
  );
}

/** Asks for the terms of a new key. */
export function CreateDialog({
  onMade,
  onClose,
}: {
  readonly onMade: (key: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const t = useMessages(keyMessages);
  return (
    <Dialog open onClose={onClose} title={t.create}>
      <TermsForm onMade={onMade} onClose={onClose} />
    </Dialog>
  );
}
