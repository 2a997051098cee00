// A new key: its name and what it may do, and then the key itself, once, with how to use it.
import { useState, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { FormEnd } from '../../components/form-end.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { useKeyActions } from './data.ts';
import { keyMessages } from './messages.ts';
import { CopyButton, Snippets } from './snippet-panel.tsx';
import { TermsRows } from './terms-rows.tsx';
import { toTerms, usualTerms, type Terms } from './terms.ts';

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
  const [isOpen, setOpen] = useState(false);
  const { register, handleSubmit, formState, control, keep, forget } = useUnsentForm<Terms>('key', usualTerms);
  const send = async (terms: Terms): Promise<void> => {
    setFailure(null);
    try {
      const key = await create(toTerms(terms, Date.now()));
      forget();
      onMade(key);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    }
  };
  const submit = handleSubmit(send, ({ quota, usd }) => {
    // At once: the form gives the focus to the first field that is wrong, which must be in sight by then.
    if (quota !== undefined || usd !== undefined) flushSync(() => setOpen(true));
  });
  return (
    <form onSubmit={(event) => void submit(event)} onChange={keep} noValidate>
      <TextRow label={t.name} hint={t.nameHint} error={formState.errors.name && t.required}>
        {(props) => (
          <input {...props} autoComplete="off" {...register('name', { validate: (name) => name.trim() !== '' })} />
        )}
      </TextRow>
      <TermsRows register={register} errors={formState.errors} control={control} isOpen={isOpen} onOpen={setOpen} />
      <FormEnd
        failure={failure}
        cancel={t.cancel}
        onCancel={() => {
          forget();
          onClose();
        }}
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
