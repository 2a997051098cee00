// How much programs may ask for with a key: changed here while the key stays the same.
import { useState, type ReactNode } from 'react';
import { useForm } from 'react-hook-form';
import type { KeyView } from '#shared/api/keys.ts';
import { Dialog } from '../../components/dialog.tsx';
import { FormEnd } from '../../components/form-end.tsx';
import { QuotaFields } from '../../components/quota-fields.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { isCount, toQuota, toQuotaTexts, type QuotaTexts } from '../../lib/quotas.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useKeyActions } from './data.ts';
import { keyMessages } from './messages.ts';

/** The dialog. */
export function QuotaDialog({
  apiKey,
  onClose,
}: {
  readonly apiKey: KeyView;
  readonly onClose: () => void;
}): ReactNode {
  const t = useMessages(keyMessages);
  const { change } = useKeyActions();
  const { show } = useToasts();
  const [failure, setFailure] = useState<string | null>(null);
  const { register, handleSubmit, formState } = useForm<QuotaTexts>({ defaultValues: toQuotaTexts(apiKey) });
  const submit = handleSubmit(async (texts) => {
    setFailure(null);
    try {
      await change(apiKey.id, toQuota(texts));
      show(t.changed(apiKey.name));
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    }
  });
  return (
    <Dialog open onClose={onClose} title={t.quotaTitle(apiKey.name)}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <QuotaFields
          title={t.quota}
          hint={t.quotaHint}
          field={(name) => register(name, { validate: isCount })}
          isWrong={(name) => formState.errors[name] !== undefined}
        />
        <FormEnd
          failure={failure}
          cancel={t.cancel}
          onCancel={onClose}
          send={t.saveQuota}
          isSending={formState.isSubmitting}
        />
      </form>
    </Dialog>
  );
}
