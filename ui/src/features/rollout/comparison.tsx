// Both sides of an experiment, side by side, by what is written down of their requests.
import { useState, type ReactNode } from 'react';
import type { ExperimentReport } from '#shared/api/rollout.ts';
import { Notice } from '../../components/notice.tsx';
import { formatCount, formatDuration, formatUsd, toLocale } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useReport } from './data.ts';
import { rolloutMessages } from './messages.ts';

type ArmSum = ExperimentReport['arms'][number];

/** A figure of one side, as it is shown. */
interface Figure {
  readonly label: string;
  readonly show: (arm: ArmSum) => string;
  readonly title?: (arm: ArmSum) => string | undefined;
}

function useFigures(): readonly Figure[] {
  const t = useMessages(rolloutMessages).experiments;
  const language = useLanguage();
  const percent = new Intl.NumberFormat(toLocale(language), { style: 'percent', maximumFractionDigits: 1 });
  const or = (value: number | null, format: (value: number) => string): string =>
    value === null ? t.unknown : format(value);
  const ms = (value: number): string => formatDuration(value, language);
  const usd = (value: number): string => formatUsd(value, language);
  const share = (part: number, whole: number): string => (whole === 0 ? t.unknown : percent.format(part / whole));
  return [
    { label: t.requests, show: ({ requests }) => formatCount(requests, language) },
    {
      label: t.good,
      show: ({ ok, requests }) => share(ok, requests),
      title: ({ ok_low: low, ok_high: high }) =>
        low === null || high === null ? undefined : t.goodRange(percent.format(low), percent.format(high)),
    },
    { label: t.duration, show: (arm) => or(arm.duration_p50_ms, ms) },
    { label: t.slow, show: (arm) => or(arm.duration_p95_ms, ms) },
    { label: t.first, show: (arm) => or(arm.first_content_p50_ms, ms) },
    { label: t.cost, show: (arm) => or(arm.cost_mean_usd, usd) },
    { label: t.list, show: (arm) => or(arm.list_mean_usd, usd) },
    { label: t.tokens, show: (arm) => or(arm.output_tokens_mean, (value) => formatCount(Math.round(value), language)) },
    { label: t.free, show: ({ free, ok }) => share(free, ok) },
  ];
}

function Table({ report }: { readonly report: ExperimentReport }): ReactNode {
  const t = useMessages(rolloutMessages).experiments;
  const figures = useFigures();
  const { arms } = report;
  if (arms.every(({ requests }) => requests === 0)) return <p className="text-sm text-muted">{t.nothingYet}</p>;
  return (
    <table className="w-full text-sm tabular-nums">
      <caption className="pb-1 text-start text-xs text-muted">{t.days}</caption>
      <thead>
        <tr className="text-xs text-muted">
          <th scope="col" className="py-1 text-start font-normal">
            <span className="sr-only">{t.side}</span>
          </th>
          {arms.map(({ arm }) => (
            <th key={arm} scope="col" className="py-1 ps-4 text-end font-medium">
              {t.sides[arm]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {figures.map(({ label, show, title }) => (
          <tr key={label} className="border-t border-line">
            <th scope="row" className="py-1.5 text-start font-normal">
              {label}
            </th>
            {arms.map((arm) => (
              <td key={arm.arm} title={title?.(arm)} className="py-1.5 ps-4 text-end">
                {show(arm)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Loaded({ name }: { readonly name: string }): ReactNode {
  const t = useMessages(rolloutMessages);
  const { data, error } = useReport(name);
  if (data !== undefined) return <Table report={data} />;
  if (error !== null)
    return (
      <Notice tone="danger" title={t.failed}>
        {error.message}
      </Notice>
    );
  return (
    <p role="status" className="text-sm text-muted">
      {t.loading}
    </p>
  );
}

/** Asked for only when it is opened. */
export function Comparison({ name }: { readonly name: string }): ReactNode {
  const t = useMessages(rolloutMessages);
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-1" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="inline-flex min-h-8 cursor-pointer items-center text-xs font-medium text-accent">
        {t.experiments.compare}
      </summary>
      {open && (
        <div className="pt-2 pb-1">
          <Loaded name={name} />
        </div>
      )}
    </details>
  );
}
