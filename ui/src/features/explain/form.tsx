// The request whose decision is asked for.
import type { ReactNode } from 'react';
import { useForm, type UseFormRegister } from 'react-hook-form';
import { Button } from '../../components/button.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { useMessages } from '../../lib/messages.ts';
import { strategies, useModelNames, type Question } from './data.ts';
import { explainMessages } from './messages.ts';

interface RowsProps {
  readonly register: UseFormRegister<Question>;
}

function ChoiceRows({ register }: RowsProps): ReactNode {
  const t = useMessages(explainMessages);
  const models = useModelNames();
  return (
    <div className="grid gap-x-4 sm:grid-cols-2">
      <TextRow label={t.model}>
        {(props) => (
          <select {...props} {...register('model')}>
            {models.map((model) => (
              <option key={model} value={model}>
                {model}
              </option>
            ))}
          </select>
        )}
      </TextRow>
      <TextRow label={t.strategy}>
        {(props) => (
          <select {...props} {...register('strategy')}>
            {strategies.map((strategy) => (
              <option key={strategy} value={strategy}>
                {t.strategies[strategy]}
              </option>
            ))}
          </select>
        )}
      </TextRow>
    </div>
  );
}

function SwitchRows({ register }: RowsProps): ReactNode {
  const t = useMessages(explainMessages);
  return (
    <>
      {(['onlyFree', 'tools'] as const).map((name) => (
        <label key={name} className="flex min-h-10 items-center gap-3 text-sm">
          <input type="checkbox" role="switch" className="switch" {...register(name)} />
          {t[name]}
        </label>
      ))}
    </>
  );
}

/** The form; Ctrl or Command and Enter sends it too. */
export function QuestionForm({
  busy,
  onAsk,
}: {
  readonly busy: boolean;
  readonly onAsk: (question: Question) => void;
}): ReactNode {
  const t = useMessages(explainMessages);
  const { register, handleSubmit, formState } = useForm<Question>({
    defaultValues: { text: t.sample, model: 'auto', strategy: 'free-first', onlyFree: false, tools: false },
  });
  const submit = handleSubmit(onAsk);
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="rounded-2xl border border-line bg-raised p-4">
      <TextRow label={t.text} hint={t.textHint} error={formState.errors.text && t.required}>
        {(props) => (
          <textarea
            {...props}
            rows={3}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
            }}
            {...register('text', { validate: (text) => text.trim() !== '' })}
          />
        )}
      </TextRow>
      <ChoiceRows register={register} />
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <SwitchRows register={register} />
        <Button type="submit" look="primary" className="ms-auto" disabled={busy}>
          {busy ? t.running : t.run}
        </Button>
      </div>
    </form>
  );
}
