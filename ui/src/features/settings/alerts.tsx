// Where alerts go, at which shares of budgets and quotas they are raised, and the last of them.
import { useState, type ChangeEvent, type ReactNode } from 'react';
import type { SettingsView } from '#shared/api/settings.ts';
import { Button } from '../../components/button.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useUnsent } from '../../lib/unsent.ts';
import { useAlerts, useSettingsActions } from './data.ts';
import { serverMessages } from './server-messages.ts';

const MOST_PERCENTS = 10;

/** Percents separated by commas; null for an empty field, undefined for what is none. */
function parsePercents(text: string): number[] | null | undefined {
  const words = text.split(/[\s,;%]+/).filter((word) => word !== '');
  if (words.length === 0) return text.trim() === '' ? null : undefined;
  const isOne = (word: string): boolean => /^([1-9]\d?|100)$/.test(word);
  return words.every(isOne) && words.length <= MOST_PERCENTS ? words.map(Number) : undefined;
}

function Buttons(): ReactNode {
  const t = useMessages(serverMessages);
  const { newSecret, testAlert } = useSettingsActions();
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <>
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
    </>
  );
}

/** Where alerts go, and when. */
export function AlertsForm({ installation }: { readonly installation: SettingsView['installation'] }): ReactNode {
  const t = useMessages(serverMessages);
  const { show } = useToasts();
  const { setAll } = useSettingsActions();
  const { alerts = {} } = installation;
  const [texts, setTexts, forget] = useUnsent('settings alerts', {
    url: alerts.webhook_url ?? '',
    to: alerts.email_to?.join(', ') ?? '',
    from: alerts.email_from ?? '',
    at: alerts.at_percent?.join(', ') ?? '',
  });
  const { url, to, from, at } = texts;
  const field = (name: keyof typeof texts) => ({
    value: texts[name],
    onChange: ({ target }: ChangeEvent<HTMLInputElement>) => setTexts({ ...texts, [name]: target.value }),
  });
  const percents = parsePercents(at);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (percents === undefined) return form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    const addresses = to.split(/[\s,]+/).filter((address) => address !== '');
    const wanted = {
      webhook_url: url.trim() || null,
      email_to: addresses.length === 0 ? null : addresses,
      email_from: from.trim() || null,
      at_percent: percents,
    };
    if ((await setAll({ alerts: wanted })) === null) return;
    forget();
    show(t.saved);
  };
  return (
    <form
      aria-label={t.alerts}
      className="py-3.5"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <h3 className="mb-2 text-sm font-medium">{t.alerts}</h3>
      <TextRow label={t.webhook} hint={t.webhookHint}>
        {(row) => <input {...row} type="url" {...field('url')} />}
      </TextRow>
      <TextRow label={t.mailTo} hint={t.mailHint}>
        {(row) => <input {...row} {...field('to')} />}
      </TextRow>
      <TextRow label={t.mailFrom}>{(row) => <input {...row} type="email" {...field('from')} />}</TextRow>
      <TextRow label={t.tellAt} hint={t.tellAtHint} error={percents === undefined ? t.tellAtWrong : undefined}>
        {(row) => <input {...row} inputMode="decimal" {...field('at')} />}
      </TextRow>
      <Buttons />
    </form>
  );
}

/** The last ones, and whether they arrived. */
export function AlertList(): ReactNode {
  const t = useMessages(serverMessages);
  const language = useLanguage();
  // A later version may have written what this page has no words for.
  const { channels, states }: Readonly<Record<'channels' | 'states', Readonly<Record<string, string>>>> = t;
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
                ({ channel, state, problem }) =>
                  `${channels[channel] ?? channel}: ${states[state] ?? state} ${problem ?? ''}`,
              ),
            ].join(' · ')}
          </span>
        </li>
      ))}
    </ul>
  );
}
