// Explain: where a request would go and why, before it is sent.
import { useEffect, useState, type ReactNode } from 'react';
import { candidateMessages } from '../../components/candidate-messages.ts';
import { CandidateList } from '../../components/candidates.tsx';
import { Notice } from '../../components/notice.tsx';
import { TierBadge } from '../../components/tier-badge.tsx';
import { formatCount, formatDuration, formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useDecision, type Decision, type Question } from './data.ts';
import { QuestionForm } from './form.tsx';
import { explainMessages } from './messages.ts';

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex justify-between gap-4 py-2">
      <dt className="shrink-0 text-muted">{name}</dt>
      <dd className="text-end">{children}</dd>
    </div>
  );
}

function Seen({ decision }: { readonly decision: Decision }): ReactNode {
  const t = useMessages(explainMessages);
  const { capabilities } = useMessages(candidateMessages);
  const language = useLanguage();
  const { classification, estimate, needs, free_until: freeUntil } = decision;
  const signals = classification?.signals ?? [];
  return (
    <section aria-label={t.seen} className="mt-8">
      <h2 className="text-base font-semibold">{t.seen}</h2>
      <dl className="mt-3 divide-y divide-line rounded-2xl border border-line bg-raised px-4 py-1 text-sm">
        {classification !== null && (
          <>
            <Fact name={t.task}>{t.tasks[classification.task] ?? classification.task}</Fact>
            <Fact name={t.size}>{t.sizes[classification.size] ?? classification.size}</Fact>
          </>
        )}
        {signals.length > 0 && <Fact name={t.signals}>{signals.map(({ name }) => t.signal(name)).join(', ')}</Fact>}
        {needs.length > 0 && <Fact name={t.needs}>{needs.map((one) => capabilities[one] ?? one).join(', ')}</Fact>}
        <Fact name={t.estimate}>
          {t.estimated(formatCount(estimate.input_tokens, language), formatCount(estimate.output_tokens, language))}
        </Fact>
        {freeUntil !== null && <Fact name={t.freeUntil}>{formatMoment(Date.parse(freeUntil), language)}</Fact>}
      </dl>
    </section>
  );
}

function Plan({ decision: { plan, soonest } }: { readonly decision: Decision }): ReactNode {
  const t = useMessages(explainMessages);
  const language = useLanguage();
  if (plan.length === 0)
    return (
      <div className="mt-8">
        <Notice tone="info" title={t.nobody}>
          {soonest === null ? t.nobodyText : t.wait(soonest.route, formatDuration(soonest.wait_ms, language))}
        </Notice>
      </div>
    );
  return (
    <section aria-label={t.plan} className="mt-8">
      <h2 className="text-base font-semibold">{t.plan}</h2>
      <p className="text-sm text-muted">{t.planText}</p>
      <ol className="mt-3 divide-y divide-line rounded-2xl border border-line bg-raised px-4">
        {plan.map(({ route, credential, tier }, index) => (
          <li key={`${route} ${credential}`} className="flex items-center gap-3 py-2.5 text-sm">
            <span aria-hidden className="w-5 shrink-0 text-muted tabular-nums">
              {index + 1}
            </span>
            <span className="min-w-0 flex-1">
              <span className="block font-medium wrap-anywhere">{route}</span>
              <span className="block text-xs wrap-anywhere text-muted">{credential}</span>
            </span>
            <TierBadge tier={tier} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The page. */
export function ExplainPage(): ReactNode {
  const t = useMessages(explainMessages);
  const [question, setQuestion] = useState<Question | null>(null);
  const { data, error, isFetching, refetch } = useDecision(question);
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  const ask = (next: Question): void => {
    // The same question again is asked again: limits move.
    if (JSON.stringify(next) === JSON.stringify(question)) void refetch();
    else setQuestion(next);
  };
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-4xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
        <p className="mt-1 mb-5 text-sm text-muted">{t.intro}</p>
        <QuestionForm busy={isFetching} asked={question !== null} onAsk={ask} />
        <div aria-live="polite">
          {error !== null && (
            <div className="mt-8">
              <Notice tone="danger" title={t.failed}>
                {error.message}
              </Notice>
            </div>
          )}
          {error === null && data !== undefined && <Plan decision={data} />}
        </div>
        {error === null && data !== undefined && (
          <>
            <Seen decision={data} />
            <CandidateList className="mt-8" candidates={data.candidates} />
          </>
        )}
      </div>
    </main>
  );
}
