// The request whose decision is asked for.
import type { ChangeEvent, ReactNode } from 'react';
import type { UseFormRegister } from 'react-hook-form';
import { strategies } from '#shared/policy.ts';
import { Button } from '../../components/button.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { formatCompact } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { policyMessages } from '../../lib/policy-messages.ts';
import { lengths, useModelNames, type Question } from './data.ts';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { explainMessages } from './messages.ts';

interface RowsProps {
  readonly register: UseFormRegister<Question>;
}

interface ChoiceRowsProps extends RowsProps {
  readonly kept: Partial<Question>;
}

interface ChoiceProps extends RowsProps {
  readonly name: 'model' | 'strategy' | 'without' | 'extra';
  readonly label: string;
  /** Values with their words. */
  readonly options: readonly (readonly [string, string])[];
}

function ChoiceRow({ register, name, label, options }: ChoiceProps): ReactNode {
  return (
    <TextRow label={label}>
      {(props) => (
        <select {...props} {...register(name)}>
          {options.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </TextRow>
  );
}

/** `kept`: what was chosen before, which is shown even if the names are not there yet. */
function ChoiceRows({ register, kept: { model: before = 'auto', without = '' } }: ChoiceRowsProps): ReactNode {
  const t = useMessages(explainMessages);
  const { strategies: orders } = useMessages(policyMessages);
  const language = useLanguage();
  const { models, providers } = useModelNames();
  const down = new Set([...providers, ...(without === '' ? [] : [without])]);
  return (
    <div className="grid gap-x-4 sm:grid-cols-2">
      <ChoiceRow
        register={register}
        name="model"
        label={t.model}
        options={[...new Set([...models, before])].map((model) => [model, model])}
      />
      <ChoiceRow
        register={register}
        name="strategy"
        label={t.strategy}
        options={strategies.map((strategy) => [strategy, orders[strategy]])}
      />
      <ChoiceRow
        register={register}
        name="without"
        label={t.without}
        options={[['', t.allUp], ...[...down].map((provider) => [provider, t.isDown(provider)] as const)]}
      />
      <ChoiceRow
        register={register}
        name="extra"
        label={t.extra}
        options={lengths.map((tokens) => [
          String(tokens),
          tokens === 0 ? t.asWritten : t.longer(formatCompact(tokens, language)),
        ])}
      />
    </div>
  );
}

function SwitchRows({ register }: RowsProps): ReactNode {
  const t = useMessages(explainMessages);
  return (
    <>
      {(['onlyFree', 'noTraining', 'tools'] as const).map((name) => (
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
  asked,
  onAsk,
}: {
  readonly busy: boolean;
  /** Whether something was asked already. */
  readonly asked: boolean;
  readonly onAsk: (question: Question) => void;
}): ReactNode {
  const t = useMessages(explainMessages);
  const { register, handleSubmit, formState, keep } = useUnsentForm<Question>('explain', {
    text: t.sample,
    model: 'auto',
    strategy: 'free-first',
    without: '',
    extra: '0',
    onlyFree: false,
    noTraining: false,
    tools: false,
  });
  const submit = handleSubmit(onAsk);
  // Once there is a decision, another "what if" is decided at once.
  const again = (event: ChangeEvent<HTMLFormElement>): void => {
    keep();
    if (asked && (event.target as Element).tagName !== 'TEXTAREA') void submit();
  };
  return (
    <form
      onSubmit={(event) => void submit(event)}
      onChange={again}
      noValidate
      className="rounded-2xl border border-line bg-raised p-4"
    >
      <TextRow label={t.text} hint={t.textHint} error={formState.errors.text && t.required}>
        {(props) => (
          <textarea
            {...props}
            rows={3}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
            }}
            {...register('text', { validate: (written) => written.trim() !== '' })}
          />
        )}
      </TextRow>
      <ChoiceRows register={register} kept={formState.defaultValues ?? {}} />
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <SwitchRows register={register} />
        <Button type="submit" look="primary" className="ms-auto" disabled={busy}>
          {busy ? t.running : t.run}
        </Button>
      </div>
    </form>
  );
}
