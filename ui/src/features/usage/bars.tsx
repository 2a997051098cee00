// The requests of a range as bars.
import type { ReactNode } from 'react';
import { formatCount, formatDay, formatMoment, formatMonth } from '../../lib/format.ts';
import { useLanguage, useMessages, type Language } from '../../lib/messages.ts';
import type { Usage } from './data.ts';
import { usageMessages } from './messages.ts';
import { toBars, type Range, type Step } from './range.ts';

function Key({ colour, name }: { readonly colour: string; readonly name: string }): ReactNode {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={`bar size-2.5 rounded-sm ${colour}`} />
      {name}
    </span>
  );
}

const toName = (name: string, step: Step, language: Language): string => {
  if (step === 'hour') return formatMoment(Date.parse(name), language);
  return step === 'day' ? formatDay(name, language) : formatMonth(name, language);
};

/** One bar an hour, a day or a month, its free part below; told in words to who does not see it. */
export function UsageBars({ groups, range }: { readonly groups: Usage['groups']; readonly range: Range }): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const { step } = range;
  const bars = toBars(range, groups, Date.now()).map((bar) => ({
    ...bar,
    // In autumn two hours have the same name.
    id: bar.name,
    name: toName(bar.name, step, language),
  }));
  const most = Math.max(1, ...bars.map(({ requests }) => requests));
  return (
    <section aria-label={t.per[step]} className="mt-8">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="text-base font-semibold">{t.per[step]}</h2>
        <p aria-hidden className="flex flex-wrap gap-x-4 text-xs text-muted">
          <Key colour="bg-accent" name={t.freeBar} />
          <Key colour="bg-paid" name={t.otherBar} />
          {bars.some(({ requests }) => requests > 0) && <span>{t.most[step](formatCount(most, language))}</span>}
        </p>
      </div>
      <ul className="mt-3 flex h-36 items-end gap-px rounded-2xl border border-line bg-raised p-4 sm:gap-0.5">
        {bars.map(({ id, name, requests, free }) => {
          const height = requests === 0 ? 1 : Math.max(3, (requests / most) * 100);
          const count = t.requestCount(requests, formatCount(requests, language));
          const words = t.bar(name, count, formatCount(free, language));
          return (
            <li key={id} title={words} className="flex h-full min-w-0 flex-1 flex-col justify-end">
              <span className="sr-only">{words}</span>
              <span
                aria-hidden
                className={`bar flex flex-col justify-end overflow-hidden rounded-t-sm ${requests === 0 ? 'bg-line' : 'bg-paid'}`}
                style={{ height: `${height}%` }}
              >
                <span className="bg-accent" style={{ height: `${requests === 0 ? 0 : (free / requests) * 100}%` }} />
              </span>
            </li>
          );
        })}
      </ul>
      <p aria-hidden className="mt-1 flex justify-between px-1 text-xs text-muted">
        <span>{bars[0]?.name}</span>
        <span>{bars.at(-1)?.name}</span>
      </p>
    </section>
  );
}
