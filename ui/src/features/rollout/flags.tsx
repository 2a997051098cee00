// Flags: switches for programs, on for a part of all subjects.
import type { ReactNode } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import type { Flag } from '#shared/rollout-schemas.ts';
import { SwitchLine } from './switch-line.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { toLocale } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { useRolloutActions } from './data.ts';
import { isName, isPercent, toList } from './fields.ts';
import { rolloutMessages } from './messages.ts';
import { ThingDialog, Things } from './thing.tsx';

interface Values {
  readonly name: string;
  readonly percent: string;
  readonly always: string;
  readonly enabled: boolean;
}

interface DialogProps {
  readonly flag: Flag | null;
  readonly onClose: () => void;
}

function FlagRows({ form, isNew }: { readonly form: UseFormReturn<Values>; readonly isNew: boolean }): ReactNode {
  const t = useMessages(rolloutMessages);
  const { register, formState } = form;
  const { errors } = formState;
  return (
    <>
      <TextRow label={t.name} hint={t.nameHint} error={errors.name && t.nameWrong}>
        {(row) => (
          <input
            {...row}
            autoComplete="off"
            spellCheck={false}
            readOnly={!isNew}
            {...register('name', { validate: isName })}
          />
        )}
      </TextRow>
      <TextRow label={t.percent} hint={t.percentHint} error={errors.percent && t.percentWrong}>
        {(row) => <input {...row} inputMode="decimal" {...register('percent', { validate: isPercent })} />}
      </TextRow>
      <TextRow label={t.flags.always} hint={t.flags.alwaysHint}>
        {(row) => <input {...row} autoComplete="off" spellCheck={false} {...register('always')} />}
      </TextRow>
      <SwitchLine label={t.enabled} register={register('enabled')} />
    </>
  );
}

function FlagDialog({ flag, onClose }: DialogProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { setFlag } = useRolloutActions();
  const form = useUnsentForm<Values>(flag === null ? 'flag' : null, {
    name: flag?.name ?? '',
    percent: String(flag?.percent ?? 10),
    always: flag?.always.join(', ') ?? '',
    enabled: flag?.enabled ?? true,
  });
  const save = async ({ name, percent, always, enabled }: Values): Promise<string> => {
    await setFlag({ name: name.trim(), percent: Number(percent), always: toList(always), enabled });
    return name.trim();
  };
  return (
    <ThingDialog title={t.flags.dialog} form={form} onClose={onClose} save={save}>
      <FlagRows form={form} isNew={flag === null} />
    </ThingDialog>
  );
}

/** The section. */
export function Flags({ flags }: { readonly flags: readonly Flag[] }): ReactNode {
  const t = useMessages(rolloutMessages);
  const language = useLanguage();
  const { removeFlag } = useRolloutActions();
  const share = new Intl.NumberFormat(toLocale(language), { style: 'percent', maximumFractionDigits: 2 });
  const things = flags.map((flag) => ({
    id: flag.name,
    thing: flag,
    name: flag.name,
    about: t.flags.about(share.format(flag.percent / 100), flag.always.join(', ')),
    enabled: flag.enabled,
    remove: () => removeFlag(flag.name),
  }));
  const { title, text, none } = t.flags;
  return (
    <Things
      {...{ title, text, none, things }}
      dialog={(flag: Flag | null, close) => <FlagDialog flag={flag} onClose={close} />}
    />
  );
}
