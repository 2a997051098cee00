// The models that were found, each with its limits.
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import type { LimitModel } from '#shared/api/limits.ts';
import { LimitMeter } from '../../components/limit-meter.tsx';
import { TierBadge } from '../../components/tier-badge.tsx';
import { formatMoment } from '../../lib/format.ts';
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
  return t.used(new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(pressure));
}

function Limits({ model: { pools, shares_limits_with: twins } }: ModelProps): ReactNode {
  const t = useMessages(modelMessages);
  return (
    <div className="px-4 pb-4">
      {twins.length > 0 && <p className="mb-2 text-xs text-muted">{t.sharesWith(twins.join(', '))}</p>}
      {pools.length === 0 && <p className="text-xs text-muted">{t.noLimitText}</p>}
      <div className="grid gap-x-6 sm:grid-cols-2">
        {pools.map((pool, index) => (
          <LimitMeter key={index} pool={pool} />
        ))}
      </div>
    </div>
  );
}

function Row({ model }: ModelProps): ReactNode {
  const standing = useStanding(model);
  const { route, credential, tier, resting_until: until, breaker } = model;
  return (
    <li>
      <details className="group">
        <summary className="flex min-h-12 cursor-pointer list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-sm hover:bg-hover focus-visible:-outline-offset-2 [&::-webkit-details-marker]:hidden">
          <ChevronRight
            size={16}
            aria-hidden
            className="shrink-0 text-muted group-open:rotate-90 rtl:-scale-x-100 rtl:group-open:scale-x-100"
          />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">{route}</span>
            <span className="block truncate text-xs text-muted">{credential}</span>
          </span>
          <span
            className={`text-xs tabular-nums max-sm:order-last max-sm:basis-full ${until !== null || breaker === 'open' ? 'text-danger' : 'text-muted'}`}
          >
            {standing}
          </span>
          <TierBadge tier={tier} />
        </summary>
        <Limits model={model} />
      </details>
    </li>
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
