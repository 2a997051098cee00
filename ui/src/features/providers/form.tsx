// The form of a provider, drawn from the catalog: for what can't be pasted, such as Azure, a custom endpoint or vLLM.
import { useState, type ReactNode } from 'react';
import type { FieldErrors, UseFormRegister } from 'react-hook-form';
import type { NewCredential } from '#shared/api/credentials.ts';
import type { CredentialField, Provider } from '#shared/catalog.ts';
import { Dialog } from '../../components/dialog.tsx';
import { FormEnd } from '../../components/form-end.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useUnsent } from '../../lib/unsent.ts';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { findProvider, known } from './catalog.ts';
import { useCredentialActions } from './data.ts';
import { providerMessages } from './messages.ts';
import { useTestText } from './test-text.ts';
import { PlanOptions } from './rows.tsx';

interface Values {
  readonly name: string;
  readonly baseUrl: string;
  readonly models: string;
  readonly plan: '' | 'free' | 'paid' | 'local';
  readonly fields: Readonly<Record<string, string>>;
}

const isAddress = ({ name }: CredentialField): boolean => name === 'baseUrl';

interface FormProps {
  readonly provider: Provider;
  readonly onDone: () => void;
}

const toModels = (text: string): { id: string }[] =>
  text.split(/[\n,]/).map((line) => line.trim()).filter((line) => line !== '').map((id) => ({ id })); // prettier-ignore

function toInput(
  provider: Provider,
  { name, baseUrl, models, plan, fields }: Values,
): Partial<NewCredential> & { provider: string } {
  const listed = toModels(models);
  return {
    provider: provider.id,
    name: name.trim() === '' ? provider.name : name,
    fields,
    ...(baseUrl.trim() === '' ? {} : { base_url: baseUrl.trim() }),
    ...(plan === '' ? {} : { plan }),
    ...(listed.length === 0 ? {} : { models: listed }),
  };
}

interface FieldsProps {
  readonly provider: Provider;
  readonly register: UseFormRegister<Values>;
  readonly errors: FieldErrors<Values>;
}

/** The provider's own fields, and its address. */
function ProviderFields({ provider, register, errors }: FieldsProps): ReactNode {
  const t = useMessages(providerMessages);
  const needsAddress = provider.fields.some((field) => isAddress(field) && field.required);
  const others = provider.fields.filter((field) => !isAddress(field));
  return (
    <>
      {others.map(({ name, label, hint, secret, placeholder, default: usual, required }) => (
        <TextRow
          key={name}
          label={t.ofCatalog(label)}
          hint={hint && t.ofCatalog(hint)}
          error={errors.fields?.[name] && t.required}
        >
          {(props) => (
            <input
              {...props}
              type={secret ? 'password' : 'text'}
              autoComplete={secret ? 'new-password' : 'off'}
              spellCheck={false}
              placeholder={placeholder ?? usual ?? ''}
              {...register(`fields.${name}`, { required: required && usual === undefined })}
            />
          )}
        </TextRow>
      ))}
      <TextRow label={t.baseUrl} hint={needsAddress ? undefined : t.baseUrlHint} error={errors.baseUrl && t.required}>
        {(props) => (
          <input
            {...props}
            type="url"
            inputMode="url"
            spellCheck={false}
            placeholder={needsAddress ? 'http://127.0.0.1:8000/v1' : provider.baseUrl}
            {...register('baseUrl', { required: needsAddress })}
          />
        )}
      </TextRow>
      {provider.models.length === 0 && (
        <TextRow label={t.modelsField} hint={t.modelsHint}>
          {(props) => <textarea {...props} rows={2} spellCheck={false} {...register('models')} />}
        </TextRow>
      )}
    </>
  );
}

/** Each provider has a form of its own: a key that was typed for one is nothing to another. */
function ProviderForm({ provider, onDone }: FormProps): ReactNode {
  const t = useMessages(providerMessages);
  const { give } = useCredentialActions();
  const { show } = useToasts();
  const toTestText = useTestText();
  const [failure, setFailure] = useState<string | null>(null);
  const { register, handleSubmit, formState, keep, forget } = useUnsentForm<Values>(`provider ${provider.id}`, {
    name: t.ofCatalog(provider.name),
    baseUrl: '',
    models: '',
    plan: '',
    fields: {},
  });
  const leave = (): void => {
    forget();
    onDone();
  };
  const submit = handleSubmit(async (values) => {
    setFailure(null);
    try {
      const { name, last_test: test } = await give(toInput(provider, values));
      show(test === null || test.outcome === 'works' ? t.added(name) : t.addedBut(name, toTestText(test)));
      leave();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    }
  });
  return (
    <form onSubmit={(event) => void submit(event)} onChange={keep} noValidate>
      <TextRow label={t.name}>{(props) => <input {...props} autoComplete="off" {...register('name')} />}</TextRow>
      <ProviderFields provider={provider} register={register} errors={formState.errors} />
      <TextRow label={t.plan}>
        {(props) => (
          <select {...props} {...register('plan')}>
            <option value="">{t.planDefault}</option>
            <PlanOptions />
          </select>
        )}
      </TextRow>
      <FormEnd
        failure={failure}
        cancel={t.cancel}
        onCancel={leave}
        send={formState.isSubmitting ? t.adding : t.save}
        isSending={formState.isSubmitting}
      />
    </form>
  );
}

/** Fits whatever serves the format that most speak. */
const USUAL = 'openai-compatible';

/** Chooses a provider and fills its form. */
export function FormDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactNode {
  const t = useMessages(providerMessages);
  const [id, setId] = useUnsent('provider', USUAL);
  const close = (): void => {
    setId(USUAL);
    onClose();
  };
  const provider = findProvider(id) ?? known[0];
  return (
    <Dialog open={open} onClose={onClose} title={t.byHandTitle}>
      <TextRow label={t.provider}>
        {(props) => (
          <select {...props} value={id} onChange={({ target }) => setId(target.value)}>
            {known.map((one) => (
              <option key={one.id} value={one.id}>
                {t.ofCatalog(one.name)}
              </option>
            ))}
          </select>
        )}
      </TextRow>
      {provider && <ProviderForm key={provider.id} provider={provider} onDone={close} />}
    </Dialog>
  );
}
