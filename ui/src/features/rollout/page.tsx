// Rollout: experiments and flags, and what direct invokes call by name.
import { useEffect, type ReactNode } from 'react';
import { Failed } from '../../components/failed.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useInvokeSettings, useRollout } from './data.ts';
import { Endpoints } from './endpoints.tsx';
import { Experiments } from './experiments.tsx';
import { Flags } from './flags.tsx';
import { rolloutMessages } from './messages.ts';

/** The page. */
export function RolloutPage(): ReactNode {
  const t = useMessages(rolloutMessages);
  const rollout = useRollout();
  const invoke = useInvokeSettings();
  const error = rollout.error ?? invoke.error;
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  const retry = (): void => {
    void rollout.refetch();
    void invoke.refetch();
  };
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
        <p className="mt-1 mb-7 text-sm text-muted">{t.intro}</p>
        {(rollout.isPending || invoke.isPending) && (
          <p role="status" className="text-sm text-muted">
            {t.loading}
          </p>
        )}
        {error !== null && <Failed title={t.failed} message={error.message} retry={t.retry} onRetry={retry} />}
        {rollout.data !== undefined && (
          <>
            <Experiments experiments={rollout.data.experiments} />
            <Flags flags={rollout.data.flags} />
          </>
        )}
        {invoke.data !== undefined && <Endpoints settings={invoke.data} />}
      </div>
    </main>
  );
}
