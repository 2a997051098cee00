// Requests and tokens that admins allow everybody together, and each person.
import type { ReactNode } from 'react';
import type { SettingsView } from '#shared/api/settings.ts';
import { isBounding } from '#shared/quotas.ts';
import { Button } from '../../components/button.tsx';
import { QuotaFields } from '../../components/quota-fields.tsx';
import { useMessages } from '../../lib/messages.ts';
import { isCount, toQuota, toQuotaTexts } from '../../lib/quotas.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useUnsent } from '../../lib/unsent.ts';
import { useSettingsActions } from './data.ts';
import { serverMessages } from './server-messages.ts';

interface QuotaFormProps {
  readonly name: 'quota' | 'person_quota';
  readonly installation: SettingsView['installation'];
}

/** The form of one of them. */
export function QuotaForm({ name, installation }: QuotaFormProps): ReactNode {
  const t = useMessages(serverMessages);
  const { show } = useToasts();
  const { setAll } = useSettingsActions();
  const [texts, setTexts, forget] = useUnsent(`settings ${name}`, toQuotaTexts(installation[name]));
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (!Object.values(texts).every(isCount)) return form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    const quota = toQuota(texts);
    if ((await setAll({ [name]: isBounding(quota) ? quota : null })) === null) return;
    forget();
    show(t.saved);
  };
  return (
    <form
      aria-label={t.quotas[name]}
      className="py-3.5"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <QuotaFields
        title={t.quotas[name]}
        hint={t.quotaHints[name]}
        field={(bound) => ({
          value: texts[bound],
          onChange: ({ target }) => setTexts({ ...texts, [bound]: target.value }),
        })}
        isWrong={(bound) => !isCount(texts[bound])}
      />
      <Button small type="submit">
        {t.save}
      </Button>
    </form>
  );
}
