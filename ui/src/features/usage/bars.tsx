// The requests of a range as bars.
import type { ReactNode } from 'react';
import { formatCount, formatDay, formatMoment, formatMonth } from '../../lib/format.ts';
import { useLanguage, useMessages, type Language } from '../../lib/messages.ts';
import type { Usage } from './data.ts';
import { usageMessages } from './messages.ts';
import { toBars, type Range, type Step } from './range.ts';

/** From the bottom up. */
const parts = { free: 'bg-accent', paid: 'bg-paid', failed: 'bg-danger' } as const;
type Part = keyof typeof parts;
const names = Object.keys(parts) as Part[];

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

/** One bar an hour, a day or a month, its free part below, then what was paid; told in words to who does not see it. */
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
          {names.map((part) => (
            <Key key={part} colour={parts[part]} name={t.barParts[part]} />
          ))}
          {bars.some(({ requests }) => requests > 0) && <span>{t.most[step](formatCount(most, language))}</span>}
        </p>
      </div>
      <ul className="mt-3 flex h-36 items-end gap-px rounded-2xl border border-line bg-raised p-4 sm:gap-0.5">
        {bars.map(({ id, name, requests, free, failed }) => {
          const height = requests === 0 ? 1 : Math.max(3, (requests / most) * 100);
          const counts = { free, paid: requests - free - failed, failed };
          const words = [
            t.requestCount(requests, formatCount(requests, language)),
            ...names
              .filter((part) => part === 'free' || counts[part] > 0)
              .map((part) => `${formatCount(counts[part], language)} ${t.barParts[part]}`),
          ];
          const told = `${name}: ${words.join(', ')}`;
          return (
            <li key={id} title={told} className="flex h-full min-w-0 flex-1 flex-col justify-end">
              <span className="sr-only">{told}</span>
              <span
                aria-hidden
                className={`bar flex flex-col-reverse overflow-hidden rounded-t-sm ${requests === 0 ? 'bg-line' : ''}`}
                style={{ height: `${height}%` }}
              >
                {names.map((part) => (
                  <span key={part} className={parts[part]} style={{ flexGrow: counts[part] }} />
                ))}
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
