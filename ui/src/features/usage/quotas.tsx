// What is left of what one may spend and ask for, and, for admins, of what all may ask for together.
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { LeftView, QuotaLeftView } from '#shared/api/left.ts';
import { settingsSchema, type SettingsView } from '#shared/api/settings.ts';
import { quotaNames } from '#shared/quotas.ts';
import { Meter } from '../../components/limit-meter.tsx';
import { useApi } from '../../lib/api.ts';
import { formatBound, formatMoment, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages, type Language } from '../../lib/messages.ts';
import { quotaMessages } from '../../lib/quotas.ts';
import { usageMessages } from './messages.ts';

interface BoundsProps {
  readonly title: string;
  /** By the name of each bound; null where there is none. */
  readonly left: readonly (readonly [string, LeftView | null])[];
  readonly format: (amount: number, language: Language) => string;
}

function Bounds({ title, left, format }: BoundsProps): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  return (
    <section aria-label={title} className="mt-4 rounded-2xl border border-line bg-raised px-4 py-3">
      <h2 className="text-sm font-medium">{title}</h2>
      <div className="grid gap-x-6 sm:grid-cols-2">
        {left.map(([name, one]) => {
          if (one === null) return null;
          const { limit, remaining, resets_at: at } = one;
          const used = limit - remaining;
          return (
            <Meter
              key={name}
              name={name}
              stand={t.used(format(used, language), format(limit, language))}
              share={limit === 0 ? 1 : used / limit}
              facts={at === null ? '' : t.resets(formatMoment(Date.parse(at), language))}
            />
          );
        })}
      </div>
    </section>
  );
}

function Quota({ title, left }: { readonly title: string; readonly left: QuotaLeftView }): ReactNode {
  const { names } = useMessages(quotaMessages);
  return <Bounds title={title} left={quotaNames.map((name) => [names[name], left[name]])} format={formatBound} />;
}

function Budget({ budget }: { readonly budget: NonNullable<SettingsView['budget']> }): ReactNode {
  const t = useMessages(usageMessages);
  const bounded: readonly (readonly [string, number | null])[] = [
    [t.perDay, budget.usd_per_day],
    [t.perMonth, budget.usd_per_month],
  ];
  // What is left is told of those that bound, in this order.
  const names = bounded.filter(([, most]) => most !== null).map(([name]) => name);
  if (names.length === 0) return null;
  const left = names.map((name, at) => [name, budget.left[at] ?? null] as const);
  return <Bounds title={t.yourBudget} left={left} format={formatUsd} />;
}

/** Nothing where nothing is bounded. */
export function Quotas(): ReactNode {
  const t = useMessages(usageMessages);
  const api = useApi();
  const { data } = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.call({ path: '/api/settings', schema: settingsSchema, signal }),
  });
  if (data === undefined) return null;
  const { budget, quota_left: mine, installation_quota_left: all } = data;
  return (
    <>
      {budget !== null && <Budget budget={budget} />}
      {mine !== null && <Quota title={t.yourLimits} left={mine} />}
      {all !== null && <Quota title={t.allLimits} left={all} />}
    </>
  );
}
