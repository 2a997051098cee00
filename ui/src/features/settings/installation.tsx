// What admins set for everybody: bounds, budgets, quotas, and where alerts go.
import type { ChangeEvent, ReactNode } from 'react';
import type { SettingsView } from '#shared/api/settings.ts';
import { paidPolicies } from '#shared/policy.ts';
import { Button } from '../../components/button.tsx';
import { Section, SelectRow, SwitchRow } from '../../components/field.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { parseAmount } from '../../lib/amounts.ts';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useUnsent } from '../../lib/unsent.ts';
import { AlertList, AlertsForm } from './alerts.tsx';
import { useSettings, useSettingsActions } from './data.ts';
import { QuotaForm } from './quota-form.tsx';
import { serverMessages } from './server-messages.ts';

type Installation = SettingsView['installation'];

const toText = (amount: number | null | undefined): string =>
  amount === null || amount === undefined ? '' : String(amount);

type BudgetName = 'budget' | 'person_budget';

const toTexts = (budget: Installation[BudgetName]) => ({
  day: toText(budget?.usd_per_day),
  month: toText(budget?.usd_per_month),
  isHard: budget?.mode !== 'soft',
});

function BudgetForm({
  name,
  installation,
}: {
  readonly name: BudgetName;
  readonly installation: Installation;
}): ReactNode {
  const t = useMessages(serverMessages);
  const { show } = useToasts();
  const { setAll } = useSettingsActions();
  const [texts, setTexts, forget] = useUnsent(`settings ${name}`, toTexts(installation[name]));
  const { day, month, isHard } = texts;
  const field = (time: 'day' | 'month') => ({
    value: texts[time],
    onChange: ({ target }: ChangeEvent<HTMLInputElement>) => setTexts({ ...texts, [time]: target.value }),
  });
  const [usdPerDay, usdPerMonth] = [parseAmount(day), parseAmount(month)];
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (usdPerDay === undefined || usdPerMonth === undefined)
      return form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    const none = usdPerDay === null && usdPerMonth === null;
    const wanted = { usd_per_day: usdPerDay, usd_per_month: usdPerMonth, mode: isHard ? 'hard' : 'soft' };
    if ((await setAll({ [name]: none ? null : wanted })) === null) return;
    forget();
    show(t.saved);
  };
  return (
    <form
      aria-label={t.budgets[name]}
      className="py-3.5"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <h3 className="mb-2 text-sm font-medium">{t.budgets[name]}</h3>
      <div className="grid gap-x-4 sm:grid-cols-2">
        <TextRow label={t.perDay} hint={t.emptyIsNone} error={usdPerDay === undefined ? t.amountWrong : undefined}>
          {(row) => <input {...row} inputMode="decimal" {...field('day')} />}
        </TextRow>
        <TextRow label={t.perMonth} hint={t.emptyIsNone} error={usdPerMonth === undefined ? t.amountWrong : undefined}>
          {(row) => <input {...row} inputMode="decimal" {...field('month')} />}
        </TextRow>
      </div>
      <SwitchRow
        label={t.hard}
        hint={t.hardText}
        checked={isHard}
        onChange={(hard) => setTexts({ ...texts, isHard: hard })}
      />
      <Button small type="submit">
        {t.save}
      </Button>
    </form>
  );
}

/** The section; only admins see it. */
export function InstallationSection(): ReactNode {
  const t = useMessages(serverMessages);
  const { data } = useSettings();
  const { setAll } = useSettingsActions();
  if (data === undefined) return null;
  const { installation } = data;
  const paid = installation.paid ?? data.environment.paid;
  return (
    <Section title={t.all} text={t.allText}>
      <SelectRow
        label={t.paid}
        value={paid}
        options={paidPolicies.map((id) => [id, t.paids[id]] as const)}
        onChange={(value) => void setAll({ paid: value })}
      />
      <SwitchRow
        label={t.privacies.no_training}
        hint={t.noTrainingText}
        checked={installation.privacy === 'no_training'}
        onChange={(strict) => void setAll({ privacy: strict ? 'no_training' : null })}
      />
      <BudgetForm name="budget" installation={installation} />
      <BudgetForm name="person_budget" installation={installation} />
      <QuotaForm name="quota" installation={installation} />
      <QuotaForm name="person_quota" installation={installation} />
      <AlertsForm installation={installation} />
      <SwitchRow
        label={t.unusual}
        hint={t.unusualText}
        checked={installation.alerts?.unusual_use !== false}
        onChange={(wanted) => void setAll({ alerts: { unusual_use: wanted } })}
      />
      <AlertList />
    </Section>
  );
}
