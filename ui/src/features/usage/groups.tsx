// The sums of a range by whatever one asks: provider, model, key, kind, cost or person.
import { useId, useState, type ReactNode } from 'react';
import type { UsageGroup } from '#shared/api/usage.ts';
import { Failed } from '../../components/failed.tsx';
import { useCost } from '../../lib/cost.ts';
import { formatCompact, formatCount, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useNamesOf, useUsage, type Usage } from './data.ts';
import { usageMessages } from './messages.ts';
import type { Range } from './range.ts';

const groupings = ['provider', 'model', 'key', 'operation', 'tier', 'person'] as const satisfies readonly UsageGroup[];
type Grouping = (typeof groupings)[number];

const cell = 'px-4 py-2.5 text-end tabular-nums';

interface GroupRowProps {
  readonly group: Usage['groups'][number];
  readonly name: string;
}

function GroupRow({ group, name }: GroupRowProps): ReactNode {
  const t = useMessages(usageMessages);
  const language = useLanguage();
  const toCost = useCost();
  return (
    <tr>
      <th scope="row" title={name} className="max-w-64 truncate px-4 py-2.5 text-start font-normal">
        {name === '' ? t.nobody : name}
      </th>
      <td className={cell}>{formatCount(group.requests, language)}</td>
      <td className={cell}>{formatCompact(group.input_tokens + group.output_tokens, language)}</td>
      <td className={cell}>{toCost(group.cost_usd, group.estimated_usd > 0)}</td>
      <td className={cell}>{formatUsd(group.saved_usd, language)}</td>
    </tr>
  );
}

interface SumsProps {
  readonly by: Grouping;
  readonly groups: Usage['groups'];
}

function Sums({ by, groups }: SumsProps): ReactNode {
  const t = useMessages(usageMessages);
  const names = useNamesOf(by);
  return (
    <table className="w-full text-sm">
      <thead>
        <tr className="text-xs text-muted">
          <th scope="col" className="px-4 py-2.5 text-start font-medium">
            {t.groups[by]}
          </th>
          {[t.requests, t.tokens, t.paid, t.saved].map((name) => (
            <th key={name} scope="col" className="px-4 py-2.5 text-end font-medium">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {groups
          .toSorted((a, b) => b.requests - a.requests)
          .map((group) => (
            <GroupRow key={group.name} group={group} name={names.get(group.name) ?? group.name} />
          ))}
      </tbody>
    </table>
  );
}

/** The table. */
export function GroupTable({ range }: { readonly range: Range }): ReactNode {
  const t = useMessages(usageMessages);
  const id = useId();
  const [by, setBy] = useState<Grouping>('provider');
  const { data, error, refetch } = useUsage(range, by);
  return (
    <div className="mt-8">
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <label id={id} htmlFor={`${id}-by`} className="text-base font-semibold">
          {t.by}
        </label>
        <select
          id={`${id}-by`}
          value={by}
          onChange={({ target }) => setBy(groupings.find((one) => one === target.value) ?? by)}
          className="min-h-9 max-w-full rounded-xl border border-line-strong bg-page px-2 text-sm"
        >
          {groupings.map((one) => (
            <option key={one} value={one}>
              {t.groups[one]}
            </option>
          ))}
        </select>
      </div>
      {error !== null && data === undefined ? (
        <Failed title={t.sumsFailed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
      ) : (
        // Wide tables scroll inside, and are reached by keyboard.
        <div
          tabIndex={0}
          role="region"
          aria-labelledby={id}
          className="overflow-x-auto rounded-2xl border border-line bg-raised"
        >
          {/* Sums by something else do not stand under this heading while these are loaded. */}
          <Sums by={by} groups={data?.by === by ? data.groups : []} />
        </div>
      )}
    </div>
  );
}
