// What is left of what one may ask for, and, for admins, of what all may ask for together.
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { QuotaLeftView } from '#shared/api/left.ts';
import { settingsSchema } from '#shared/api/settings.ts';
import { quotaNames } from '#shared/quotas.ts';
import { Meter } from '../../components/limit-meter.tsx';
import { useApi } from '../../lib/api.ts';
import { formatBound, formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { quotaMessages } from '../../lib/quotas.ts';
import { usageMessages } from './messages.ts';

function Quota({ title, left }: { readonly title: string; readonly left: QuotaLeftView }): ReactNode {
  const t = useMessages(usageMessages);
  const { names } = useMessages(quotaMessages);
  const language = useLanguage();
  return (
    <section aria-label={title} className="mt-4 rounded-2xl border border-line bg-raised px-4 py-3">
      <h2 className="text-sm font-medium">{title}</h2>
      <div className="grid gap-x-6 sm:grid-cols-2">
        {quotaNames.map((name) => {
          const one = left[name];
          if (one === null) return null;
          const { limit, remaining, resets_at: at } = one;
          const used = limit - remaining;
          return (
            <Meter
              key={name}
              name={names[name]}
              stand={t.used(formatBound(used, language), formatBound(limit, language))}
              share={used / limit}
              facts={at === null ? '' : t.resets(formatMoment(Date.parse(at), language))}
            />
          );
        })}
      </div>
    </section>
  );
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
  const { quota_left: mine, installation_quota_left: all } = data;
  return (
    <>
      {mine !== null && <Quota title={t.yourLimits} left={mine} />}
      {all !== null && <Quota title={t.allLimits} left={all} />}
    </>
  );
}
