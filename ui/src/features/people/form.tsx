// Asks who is invited, or what changes for somebody: role, models, and until when.
import { useState, type ReactNode } from 'react';
import type { FieldErrors, UseFormRegister } from 'react-hook-form';
import { emailOrDomainSchema, type PersonView } from '#shared/api/people.ts';
import { isBounding } from '#shared/quotas.ts';
import type { ReadRole } from '#shared/roles.ts';
import { Dialog } from '../../components/dialog.tsx';
import { FormEnd } from '../../components/form-end.tsx';
import { QuotaFields } from '../../components/quota-fields.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { isAmount, parseAmount } from '../../lib/amounts.ts';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { isCount, toQuota, toQuotaTexts, type QuotaTexts } from '../../lib/quotas.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { useMay, usePeopleActions } from './data.ts';
import { peopleMessages } from './messages.ts';

interface Values {
  readonly email: string;
  readonly role: Exclude<ReadRole, 'owner'>;
  readonly models: string;
  /** `YYYY-MM-DD`, or empty. */
  readonly until: string;
  /** US dollars, or empty. */
  readonly usdPerDay: string;
  readonly usdPerMonth: string;
  readonly quota: QuotaTexts;
}

/** The day of an instant, where the person is. */
function toDay(at: string | null): string {
  if (at === null) return '';
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** The end of a day, where the person is. */
const toInstant = (day: string): string | null => (day === '' ? null : new Date(`${day}T23:59:59`).toISOString());

function toTerms({ role, models, until }: Values) {
  const patterns = models.split(/[\s,]+/).filter((pattern) => pattern !== '');
  // A role of a later version stays unless another one is chosen.
  return {
    ...(role !== 'unknown' && { role }),
    models: patterns.length === 0 ? null : patterns,
    expires_at: toInstant(until),
  };
}

/** The budget as it is to be: as before in what this form does not ask for; null leaves it to what is set for everybody. */
function toBudget({ usdPerDay, usdPerMonth }: Values, before: PersonView['budget']): PersonView['budget'] {
  const perDay = parseAmount(usdPerDay) ?? null;
  const perMonth = parseAmount(usdPerMonth) ?? null;
  if (perDay === null && perMonth === null) return null;
  return { usd_per_day: perDay, usd_per_month: perMonth, mode: before?.mode ?? 'hard' };
}

/** The same of the quota. */
function toOwnQuota({ quota: texts }: Values): PersonView['quota'] {
  const quota = toQuota(texts);
  return isBounding(quota) ? quota : null;
}

interface TermRowsProps {
  readonly register: UseFormRegister<Values>;
  readonly role: PersonView['role'] | undefined;
}

function TermRows({ register, role }: TermRowsProps): ReactNode {
  const t = useMessages(peopleMessages);
  const may = useMay();
  return (
    <>
      <TextRow label={t.role}>
        {(props) => (
          <select {...props} {...register('role')}>
            {role === 'unknown' && <option value="unknown">{t.roles.unknown}</option>}
            <option value="member">{t.roles.member}</option>
            {may('create', 'admin') && <option value="admin">{t.roles.admin}</option>}
          </select>
        )}
      </TextRow>
      <TextRow label={t.expires} hint={t.expiresHint}>
        {(props) => <input {...props} type="date" min={toDay(new Date().toISOString())} {...register('until')} />}
      </TextRow>
      <TextRow label={t.models} hint={t.modelsHint}>
        {(props) => <input {...props} autoComplete="off" spellCheck={false} {...register('models')} />}
      </TextRow>
    </>
  );
}

function BoundRows({
  register,
  errors,
}: {
  readonly register: UseFormRegister<Values>;
  readonly errors: FieldErrors<Values>;
}): ReactNode {
  const t = useMessages(peopleMessages);
  return (
    <>
      <TextRow label={t.budget.day} error={errors.usdPerDay && t.amountWrong}>
        {(row) => (
          <input {...row} inputMode="decimal" autoComplete="off" {...register('usdPerDay', { validate: isAmount })} />
        )}
      </TextRow>
      <TextRow label={t.budget.month} hint={t.budgetHint} error={errors.usdPerMonth && t.amountWrong}>
        {(row) => (
          <input {...row} inputMode="decimal" autoComplete="off" {...register('usdPerMonth', { validate: isAmount })} />
        )}
      </TextRow>
      <QuotaFields
        title={t.quota}
        hint={t.quotaHint}
        field={(name) => register(`quota.${name}`, { validate: isCount })}
        isWrong={(name) => errors.quota?.[name] !== undefined}
      />
    </>
  );
}

interface PersonDialogProps {
  /** Whom it changes; null invites. */
  readonly person: PersonView | null;
  readonly onClose: () => void;
}

function usePersonForm({ person, onClose }: PersonDialogProps) {
  const t = useMessages(peopleMessages);
  const { invite, change } = usePeopleActions();
  const { show } = useToasts();
  const [failure, setFailure] = useState<string | null>(null);
  const form = useUnsentForm<Values>(person === null ? 'invitation' : null, {
    email: person?.email ?? '',
    role: person === null || person.role === 'owner' ? 'member' : person.role,
    models: person?.models?.join(', ') ?? '',
    until: toDay(person?.expires_at ?? null),
    usdPerDay: String(person?.budget?.usd_per_day ?? ''),
    usdPerMonth: String(person?.budget?.usd_per_month ?? ''),
    quota: toQuotaTexts(person?.quota),
  });
  const submit = form.handleSubmit(async (values) => {
    setFailure(null);
    try {
      if (person === null) await invite({ email: values.email.trim(), ...toTerms(values) });
      else
        await change(person.id, {
          ...toTerms(values),
          budget: toBudget(values, person.budget),
          quota: toOwnQuota(values),
        });
      show((person === null ? t.invited : t.changed)(values.email.trim()));
      form.forget();
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    }
  });
  return { ...form, submit, failure };
}

/** The dialog. */
export function PersonDialog(props: PersonDialogProps): ReactNode {
  const t = useMessages(peopleMessages);
  const { person, onClose } = props;
  const { register, formState, submit, failure, keep, forget } = usePersonForm(props);
  return (
    <Dialog open onClose={onClose} title={person === null ? t.inviteTitle : t.editTitle(person.email ?? '')}>
      <form onSubmit={(event) => void submit(event)} onChange={keep} noValidate>
        {person === null && (
          <TextRow label={t.email} hint={t.emailHint} error={formState.errors.email && t.emailWrong}>
            {(row) => (
              <input
                {...row}
                type="text"
                inputMode="email"
                autoComplete="off"
                spellCheck={false}
                {...register('email', { validate: (email) => emailOrDomainSchema.safeParse(email).success })}
              />
            )}
          </TextRow>
        )}
        <TermRows register={register} role={person?.role} />
        {person !== null && <BoundRows register={register} errors={formState.errors} />}
        <FormEnd
          failure={failure}
          cancel={t.cancel}
          onCancel={() => {
            forget();
            onClose();
          }}
          send={formState.isSubmitting ? t.saving : person === null ? t.invite : t.save}
          isSending={formState.isSubmitting}
        />
      </form>
    </Dialog>
  );
}
