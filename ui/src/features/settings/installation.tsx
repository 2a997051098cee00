// What admins set for everybody: bounds, budgets, retention, and where alerts go.
import { useState, type ReactNode } from 'react';
import type { SettingsView } from '#shared/api/settings.ts';
import { paidPolicies } from '#shared/policy.ts';
import { Button } from '../../components/button.tsx';
import { Section, SelectRow, SwitchRow } from '../../components/field.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { parseAmount } from '../../lib/amounts.ts';
import { formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useAlerts, useSettings, useSettingsActions } from './data.ts';
import { serverMessages } from './server-messages.ts';

type Installation = SettingsView['installation'];

const toText = (amount: number | null | undefined): string =>
  amount === null || amount === undefined ? '' : String(amount);

type BudgetName = 'budget' | 'person_budget';

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
  const budget = installation[name];
  const [day, setDay] = useState(toText(budget?.usd_per_day));
  const [month, setMonth] = useState(toText(budget?.usd_per_month));
  const [isHard, setHard] = useState(budget?.mode !== 'soft');
  const [usdPerDay, usdPerMonth] = [parseAmount(day), parseAmount(month)];
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (usdPerDay === undefined || usdPerMonth === undefined)
      return form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    const none = usdPerDay === null && usdPerMonth === null;
    const wanted = { usd_per_day: usdPerDay, usd_per_month: usdPerMonth, mode: isHard ? 'hard' : 'soft' };
    if ((await setAll({ [name]: none ? null : wanted })) !== null) show(t.saved);
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
          {(row) => <input {...row} inputMode="decimal" value={day} onChange={({ target }) => setDay(target.value)} />}
        </TextRow>
        <TextRow label={t.perMonth} hint={t.emptyIsNone} error={usdPerMonth === undefined ? t.amountWrong : undefined}>
          {(row) => (
            <input {...row} inputMode="decimal" value={month} onChange={({ target }) => setMonth(target.value)} />
          )}
        </TextRow>
      </div>
      <SwitchRow label={t.hard} hint={t.hardText} checked={isHard} onChange={setHard} />
      <Button small type="submit">
        {t.save}
      </Button>
    </form>
  );
}

function AlertsForm({ installation }: { readonly installation: Installation }): ReactNode {
  const t = useMessages(serverMessages);
  const { show } = useToasts();
  const { setAll, newSecret, testAlert } = useSettingsActions();
  const { alerts = {} } = installation;
  const [url, setUrl] = useState(alerts.webhook_url ?? '');
  const [to, setTo] = useState(alerts.email_to?.join(', ') ?? '');
  const [from, setFrom] = useState(alerts.email_from ?? '');
  const [secret, setSecret] = useState<string | null>(null);
  const submit = async (): Promise<void> => {
    const addresses = to.split(/[\s,]+/).filter((address) => address !== '');
    const wanted = {
      webhook_url: url.trim() || null,
      email_to: addresses.length === 0 ? null : addresses,
      email_from: from.trim() || null,
    };
    if ((await setAll({ alerts: wanted })) !== null) show(t.saved);
  };
  return (
    <form
      aria-label={t.alerts}
      className="py-3.5"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h3 className="mb-2 text-sm font-medium">{t.alerts}</h3>
      <TextRow label={t.webhook} hint={t.webhookHint}>
        {(row) => <input {...row} type="url" value={url} onChange={({ target }) => setUrl(target.value)} />}
      </TextRow>
      <TextRow label={t.mailTo} hint={t.mailHint}>
        {(row) => <input {...row} value={to} onChange={({ target }) => setTo(target.value)} />}
      </TextRow>
      <TextRow label={t.mailFrom}>
        {(row) => <input {...row} type="email" value={from} onChange={({ target }) => setFrom(target.value)} />}
      </TextRow>
      <div className="flex flex-wrap gap-2">
        <Button small type="submit">
          {t.save}
        </Button>
        <Button small onClick={() => void testAlert()}>
          {t.testAlert}
        </Button>
        <Button small onClick={() => void newSecret().then(setSecret)}>
          {t.newSecret}
        </Button>
      </div>
      {secret !== null && (
        <p role="status" className="mt-3 text-sm">
          {t.secretOnce} <code className="break-all select-all">{secret}</code>
        </p>
      )}
    </form>
  );
}

function AlertList(): ReactNode {
  const t = useMessages(serverMessages);
  const language = useLanguage();
  const { data: alerts = [] } = useAlerts();
  if (alerts.length === 0) return <p className="py-3.5 text-sm text-muted">{t.noAlerts}</p>;
  return (
    <ul className="divide-y divide-line" aria-label={t.lastAlerts}>
      {alerts.map(({ id, at, text, deliveries }) => (
        <li key={id} className="py-2.5 text-sm">
          {text}
          <span className="block text-xs text-muted">
            {[
              formatMoment(Date.parse(at), language),
              ...deliveries.map(
                ({ channel, state, problem }) => `${t.channels[channel]}: ${t.states[state]} ${problem ?? ''}`,
              ),
            ].join(' · ')}
          </span>
        </li>
      ))}
    </ul>
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
