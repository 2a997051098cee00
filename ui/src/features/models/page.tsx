// Models and limits: everything within reach, how much is used, and how long it lasts.
import { Link } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import type { LimitModel, Limits } from '#shared/api/limits.ts';
import { Failed } from '../../components/failed.tsx';
import { Notice } from '../../components/notice.tsx';
import { formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useLimits } from './data.ts';
import { ModelList } from './list.tsx';
import { modelMessages } from './messages.ts';

const tiers = ['all', 'free', 'paid', 'local'] as const;
const orders = ['name', 'pressure'] as const;

interface Wanted {
  readonly text: string;
  readonly tier: (typeof tiers)[number];
  readonly order: (typeof orders)[number];
}

function select(models: readonly LimitModel[], { text, tier, order }: Wanted): LimitModel[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return models
    .filter((model) => {
      const where = `${model.route} ${model.credential}`.toLowerCase();
      return (tier === 'all' || model.tier === tier) && words.every((word) => where.includes(word));
    })
    .toSorted((a, b) => (order === 'pressure' ? b.pressure - a.pressure : 0) || a.route.localeCompare(b.route));
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly T[];
  readonly names: Readonly<Record<T, string>>;
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, names, onChange }: ChoiceProps<T>): ReactNode {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={({ target }) => onChange(options.find((one) => one === target.value) ?? value)}
      className="min-h-10 max-w-full rounded-xl border border-line-strong bg-page px-2 text-sm"
    >
      {options.map((one) => (
        <option key={one} value={one}>
          {names[one]}
        </option>
      ))}
    </select>
  );
}

interface FilterProps {
  readonly wanted: Wanted;
  readonly onWanted: (wanted: Wanted) => void;
}

function Filters({ wanted, onWanted }: FilterProps): ReactNode {
  const t = useMessages(modelMessages);
  const { text, tier, order } = wanted;
  return (
    <div className="flex flex-wrap gap-2">
      <input
        type="search"
        aria-label={t.find}
        placeholder={t.find}
        value={text}
        onChange={({ target }) => onWanted({ ...wanted, text: target.value })}
        className="min-h-10 min-w-0 flex-1 basis-60 rounded-xl border border-line-strong bg-page px-3 text-sm"
      />
      <Choice
        label={t.tier}
        value={tier}
        options={tiers}
        names={t.tiers}
        onChange={(next) => onWanted({ ...wanted, tier: next })}
      />
      <Choice
        label={t.order}
        value={order}
        options={orders}
        names={t.orders}
        onChange={(next) => onWanted({ ...wanted, order: next })}
      />
    </div>
  );
}

function Models({ limits: { models, free_until: freeUntil } }: { readonly limits: Limits }): ReactNode {
  const t = useMessages(modelMessages);
  const language = useLanguage();
  const [wanted, setWanted] = useState<Wanted>({ text: '', tier: 'all', order: 'name' });
  const shown = select(models, wanted);
  return (
    <>
      {freeUntil !== null && (
        <div className="mb-4">
          <Notice tone="info" title={t.freeUntil(formatMoment(Date.parse(freeUntil), language))} />
        </div>
      )}
      <Filters wanted={wanted} onWanted={setWanted} />
      <p role="status" className="mt-3 mb-2 text-sm text-muted">
        {shown.length === 0 ? t.nothing : t.count(shown.length, models.length)}
      </p>
      {shown.length > 0 && <ModelList models={shown} />}
    </>
  );
}

function NoModels(): ReactNode {
  const t = useMessages(modelMessages);
  return (
    <div className="rounded-2xl border border-dashed border-line-strong px-4 py-8 text-center">
      <p className="text-sm font-medium">{t.none}</p>
      <p className="mt-1 text-sm text-muted">{t.noneText}</p>
      <Link
        to="/providers"
        className="mt-3 inline-flex min-h-10 items-center text-sm font-medium text-accent underline underline-offset-4"
      >
        {t.toProviders}
      </Link>
    </div>
  );
}

/** The page. */
export function ModelsPage(): ReactNode {
  const t = useMessages(modelMessages);
  const { data, error, refetch, isPending } = useLimits();
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-4xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
        <p className="mt-1 mb-5 text-sm text-muted">{t.intro}</p>
        {isPending && (
          <p role="status" className="text-sm text-muted">
            {t.loading}
          </p>
        )}
        {error !== null && data === undefined && (
          <Failed title={t.failed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
        )}
        {data !== undefined && (data.models.length === 0 ? <NoModels /> : <Models limits={data} />)}
      </div>
    </main>
  );
}
