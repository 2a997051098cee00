// The models that were found, each with its limits.
import type { ReactNode } from 'react';
import type { LimitModel } from '#shared/api/limits.ts';
import { CandidateDetails } from '../../components/candidate-details.tsx';
import { LimitMeter } from '../../components/limit-meter.tsx';
import { formatMoment, toLocale } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { modelMessages } from './messages.ts';

interface ModelProps {
  readonly model: LimitModel;
}

function useStanding({ pressure, known, resting_until: until, breaker }: LimitModel): string {
  const t = useMessages(modelMessages);
  const language = useLanguage();
  if (until !== null) return t.rests(formatMoment(Date.parse(until), language));
  if (breaker !== 'closed') return t.breakers[breaker];
  if (known === 'unknown') return t.noLimit;
  return t.used(
    new Intl.NumberFormat(toLocale(language), { style: 'percent', maximumFractionDigits: 0 }).format(pressure),
  );
}

function Limits({ model: { pools, shares_limits_with: twins } }: ModelProps): ReactNode {
  const t = useMessages(modelMessages);
  return (
    <>
      {twins.length > 0 && <p className="mb-2 text-xs text-muted">{t.sharesWith(twins.join(', '))}</p>}
      {pools.length === 0 && <p className="text-xs text-muted">{t.noLimitText}</p>}
      <div className="grid gap-x-6 sm:grid-cols-2">
        {pools.map((pool, index) => (
          <LimitMeter key={index} pool={pool} />
        ))}
      </div>
    </>
  );
}

function Row({ model }: ModelProps): ReactNode {
  const standing = useStanding(model);
  const { route, credential, tier, resting_until: until, breaker } = model;
  return (
    <CandidateDetails
      route={route}
      credential={credential}
      tier={tier}
      standing={standing}
      tone={until !== null || breaker === 'open' ? 'text-danger' : 'text-muted'}
    >
      <Limits model={model} />
    </CandidateDetails>
  );
}

/** The list. */
export function ModelList({ models }: { readonly models: readonly LimitModel[] }): ReactNode {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised">
      {models.map((model) => (
        <Row key={`${model.route} ${model.credential}`} model={model} />
      ))}
    </ul>
  );
}
