// Experiments: what is tried on a part of all requests, and how both sides compare.
import type { ReactNode } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import type { Experiment } from '#shared/rollout-schemas.ts';
import { TextRow } from '../../components/text-row.tsx';
import { toLocale } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { useRolloutActions } from './data.ts';
import { isName, isPercent, toList, toObject, toText } from './fields.ts';
import { rolloutMessages } from './messages.ts';
import { Comparison } from './comparison.tsx';
import { SwitchLine } from './switch-line.tsx';
import { ThingDialog, Things } from './thing.tsx';

interface Values {
  readonly name: string;
  readonly kind: Experiment['kind'];
  readonly percent: string;
  readonly by: Experiment['by'];
  readonly models: string;
  readonly model: string;
  readonly controls: string;
  readonly enabled: boolean;
}

interface RowsProps {
  readonly form: UseFormReturn<Values>;
  readonly isNew: boolean;
}

const plain = { autoComplete: 'off', spellCheck: false } as const;

function PartRows({ form: { register, formState }, isNew }: RowsProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { errors } = formState;
  const { kinds, bys } = t.experiments;
  return (
    <>
      <TextRow label={t.name} hint={t.nameHint} error={errors.name && t.nameWrong}>
        {(row) => <input {...row} {...plain} readOnly={!isNew} {...register('name', { validate: isName })} />}
      </TextRow>
      <TextRow label={t.experiments.kind}>
        {(row) => (
          <select {...row} {...register('kind')}>
            <option value="split">{kinds.split}</option>
            <option value="shadow">{kinds.shadow}</option>
          </select>
        )}
      </TextRow>
      <TextRow label={t.percent} hint={t.percentHint} error={errors.percent && t.percentWrong}>
        {(row) => <input {...row} inputMode="decimal" {...register('percent', { validate: isPercent })} />}
      </TextRow>
      <TextRow label={t.experiments.by}>
        {(row) => (
          <select {...row} {...register('by')}>
            <option value="caller">{bys.caller}</option>
            <option value="request">{bys.request}</option>
          </select>
        )}
      </TextRow>
    </>
  );
}

function VariantRows({ form: { register, formState } }: RowsProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { errors } = formState;
  const { models, modelsHint, model, modelHint, controls, controlsHint, nothing } = t.experiments;
  const saysSomething = (text: string, { model: name }: Values): boolean | string =>
    toObject(text) === null ? t.jsonWrong : name.trim() !== '' || text.trim() !== '' || nothing;
  return (
    <>
      <TextRow label={models} hint={modelsHint}>
        {(row) => <input {...row} {...plain} {...register('models')} />}
      </TextRow>
      <TextRow label={model} hint={modelHint}>
        {(row) => <input {...row} {...plain} {...register('model')} />}
      </TextRow>
      <TextRow label={controls} hint={controlsHint} error={errors.controls?.message}>
        {(row) => <input {...row} {...plain} {...register('controls', { validate: saysSomething })} />}
      </TextRow>
      <SwitchLine label={t.enabled} register={register('enabled')} />
    </>
  );
}

interface DialogProps {
  readonly experiment: Experiment | null;
  readonly onClose: () => void;
}

const toValues = (experiment: Experiment | null): Values => ({
  name: experiment?.name ?? '',
  kind: experiment?.kind ?? 'split',
  percent: String(experiment?.percent ?? 10),
  by: experiment?.by ?? 'caller',
  models: experiment?.models.join(', ') ?? '',
  model: experiment?.variant.model ?? '',
  controls: toText(experiment?.variant.freeway),
  enabled: experiment?.enabled ?? true,
});

function ExperimentDialog({ experiment, onClose }: DialogProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { setExperiment } = useRolloutActions();
  const form = useUnsentForm<Values>(experiment === null ? 'experiment' : null, toValues(experiment));
  const save = async ({ name, kind, percent, by, models, model, controls, enabled }: Values): Promise<string> => {
    const variant = {
      ...(model.trim() === '' ? {} : { model: model.trim() }),
      ...(controls.trim() === '' ? {} : { freeway: toObject(controls) ?? {} }),
    };
    const part = { percent: Number(percent), by, models: toList(models) };
    await setExperiment({ name: name.trim(), kind, enabled, ...part, variant });
    return name.trim();
  };
  const rows = { form, isNew: experiment === null };
  return (
    <ThingDialog title={t.experiments.dialog} form={form} onClose={onClose} save={save}>
      <PartRows {...rows} />
      <VariantRows {...rows} />
    </ThingDialog>
  );
}

/** The section. */
export function Experiments({ experiments }: { readonly experiments: readonly Experiment[] }): ReactNode {
  const t = useMessages(rolloutMessages);
  const language = useLanguage();
  const { removeExperiment } = useRolloutActions();
  const share = new Intl.NumberFormat(toLocale(language), { style: 'percent', maximumFractionDigits: 2 });
  const things = experiments.map((experiment) => {
    const { name, kind, percent, models, variant, enabled } = experiment;
    const asked = [variant.model, toText(variant.freeway)].filter((text) => text !== undefined && text !== '');
    const what = `${models.length === 0 ? 'auto' : models.join(', ')} → ${asked.join(' ')}`;
    return {
      id: name,
      thing: experiment,
      name,
      about: t.experiments.about(t.experiments.kinds[kind], share.format(percent / 100), what),
      enabled,
      remove: () => removeExperiment(name),
      more: <Comparison name={name} />,
    };
  });
  const { title, text, none } = t.experiments;
  return (
    <Things
      {...{ title, text, none, things }}
      dialog={(experiment: Experiment | null, close) => <ExperimentDialog experiment={experiment} onClose={close} />}
    />
  );
}
