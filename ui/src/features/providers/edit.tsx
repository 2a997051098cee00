// Changes a credential without its key, or replaces the key alone.
import { useState, type ReactNode } from 'react';
import { useForm } from 'react-hook-form';
import type { CredentialChange, CredentialView } from '#shared/api/credentials.ts';
import { Dialog } from '../../components/dialog.tsx';
import { FormEnd } from '../../components/form-end.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { findProvider } from './catalog.ts';
import { useCredentialActions } from './data.ts';
import { PlanOptions } from './rows.tsx';
import { providerMessages } from './messages.ts';

interface DialogProps {
  readonly credential: CredentialView;
  readonly onClose: () => void;
}

interface Values {
  readonly name: string;
  readonly plan: CredentialView['plan'];
  readonly sharing: 'private' | 'all';
  readonly override: string;
  readonly priority: string;
}

/** Runs what saves, and keeps what it failed with in sight. */
function useSaving(onClose: () => void): {
  readonly failure: string | null;
  readonly save: (work: () => Promise<unknown>) => Promise<void>;
} {
  const [failure, setFailure] = useState<string | null>(null);
  return {
    failure,
    save: async (work) => {
      setFailure(null);
      try {
        await work();
        onClose();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        setFailure(error.message);
      }
    },
  };
}

const toChange = (
  { sharing: before }: CredentialView,
  { name, plan, sharing, override, priority }: Values,
): CredentialChange => ({
  name,
  plan,
  // A list of people stays as it is unless another choice is made.
  ...(Array.isArray(before) && sharing === 'private' ? {} : { sharing }),
  override_terms: override.trim() === '' ? null : override,
  priority: Number(priority),
});

/** Name, plan, sharing and priority. */
export function EditDialog({ credential, onClose }: DialogProps): ReactNode {
  const t = useMessages(providerMessages);
  const { change } = useCredentialActions();
  const { failure, save } = useSaving(onClose);
  const { register, handleSubmit, watch, formState } = useForm<Values>({
    defaultValues: {
      name: credential.name,
      plan: credential.plan,
      sharing: credential.sharing === 'all' ? 'all' : 'private',
      override: credential.override_terms ?? '',
      priority: String(credential.priority),
    },
  });
  const forbidden = findProvider(credential.provider)?.terms.serveOthers === false;
  const submit = handleSubmit((values) => save(() => change(credential.id, toChange(credential, values))));
  return (
    <Dialog open onClose={onClose} title={t.editTitle(credential.name)}>
      <form onSubmit={(event) => void submit(event)}>
        <TextRow label={t.name}>{(props) => <input {...props} {...register('name', { required: true })} />}</TextRow>
        <TextRow label={t.plan}>
          {(props) => (
            <select {...props} {...register('plan')}>
              <PlanOptions />
            </select>
          )}
        </TextRow>
        <TextRow label={t.share}>
          {(props) => (
            <select {...props} {...register('sharing')}>
              <option value="private">
                {Array.isArray(credential.sharing) ? t.sharing.some(credential.sharing.length) : t.sharing.private}
              </option>
              <option value="all">{t.sharing.all}</option>
            </select>
          )}
        </TextRow>
        {forbidden && watch('sharing') === 'all' && (
          <TextRow label={t.overrideTerms} hint={t.overrideHint}>
            {(props) => <textarea {...props} rows={2} {...register('override')} />}
          </TextRow>
        )}
        <TextRow label={t.priority} hint={t.priorityHint}>
          {(props) => <input {...props} type="number" min={0} step={1} {...register('priority')} />}
        </TextRow>
        <FormEnd
          failure={failure}
          cancel={t.cancel}
          onCancel={onClose}
          send={t.save}
          isSending={formState.isSubmitting}
        />
      </form>
    </Dialog>
  );
}

/** New secrets; fields left empty stay as they are. */
export function ReplaceDialog({ credential, onClose }: DialogProps): ReactNode {
  const t = useMessages(providerMessages);
  const { replace } = useCredentialActions();
  const { register, handleSubmit, formState, keep, forget } = useUnsentForm<{ fields: Record<string, string> }>(
    `replace ${credential.id}`,
    { fields: {} },
  );
  const leave = (): void => {
    forget();
    onClose();
  };
  const { failure, save } = useSaving(leave);
  const fields = findProvider(credential.provider)?.fields.filter(({ secret }) => secret) ?? [];
  const submit = handleSubmit((values) => save(() => replace(credential.id, values.fields)));
  return (
    <Dialog open onClose={onClose} title={t.replaceTitle(credential.name)}>
      <form onSubmit={(event) => void submit(event)} onChange={keep}>
        {fields.map((field) => (
          <TextRow key={field.name} label={t.ofCatalog(field.label)} hint={field.hint && t.ofCatalog(field.hint)}>
            {(props) => (
              <input
                {...props}
                type="password"
                autoComplete="new-password"
                spellCheck={false}
                {...register(`fields.${field.name}`)}
              />
            )}
          </TextRow>
        ))}
        <p className="mb-4 text-xs text-muted">{t.replaceHint}</p>
        <FormEnd
          failure={failure}
          cancel={t.cancel}
          onCancel={leave}
          send={t.save}
          isSending={formState.isSubmitting}
        />
      </form>
    </Dialog>
  );
}
