// Everybody who was considered: in the plan or why not, how they were compared, and how their limits stand.
import type { ReactNode } from 'react';
import type { CandidateView } from '../lib/candidates.ts';
import { formatMoment, toLocale } from '../lib/format.ts';
import { useLanguage, useMessages } from '../lib/messages.ts';
import { CandidateDetails } from './candidate-details.tsx';
import { candidateMessages } from './candidate-messages.ts';
import { LimitMeter } from './limit-meter.tsx';

const inWords = (words: Readonly<Record<string, string>>, name: string): string =>
  words[name] ?? name.replaceAll('_', ' ');

function Score({ score }: Pick<CandidateView, 'score'>): ReactNode {
  const t = useMessages(candidateMessages);
  const language = useLanguage();
  const number = new Intl.NumberFormat(toLocale(language), { maximumFractionDigits: 3 });
  return (
    <section aria-label={t.score} className="mt-3">
      <h3 className="text-xs font-semibold">{t.score}</h3>
      <dl className="mt-1 grid gap-x-6 text-xs sm:grid-cols-2">
        {Object.entries(score).map(([name, value]) => (
          <div key={name} className="flex justify-between gap-3 py-0.5">
            <dt className="text-muted">{inWords(t.parts, name)}</dt>
            <dd className="tabular-nums">{value === null ? '∞' : number.format(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Limits({ pools }: Pick<CandidateView, 'pools'>): ReactNode {
  const t = useMessages(candidateMessages);
  return (
    <section aria-label={t.limits} className="mt-3">
      <h3 className="text-xs font-semibold">{t.limits}</h3>
      {pools.length === 0 && <p className="mt-1 text-xs text-muted">{t.noLimits}</p>}
      <div className="grid gap-x-6 sm:grid-cols-2">
        {pools.map((pool, index) => (
          <LimitMeter key={index} pool={pool} />
        ))}
      </div>
    </section>
  );
}

function useVerdict({ position, rejected, missing, resting_until: until }: CandidateView): string {
  const t = useMessages(candidateMessages);
  const language = useLanguage();
  if (rejected === null) return position === null ? inWords(t.verdicts, 'eligible') : t.place(position);
  if (missing !== undefined) return t.missing(missing.map((one) => inWords(t.capabilities, one)).join(', '));
  if (rejected === 'resting' && until !== null) return t.restsUntil(formatMoment(Date.parse(until), language));
  return inWords(t.verdicts, rejected);
}

function Candidate({ candidate }: { readonly candidate: CandidateView }): ReactNode {
  const t = useMessages(candidateMessages);
  const { route, credential, tier, eligible, score, pools, shares_limits_with: twins } = candidate;
  const verdict = useVerdict(candidate);
  return (
    <CandidateDetails
      route={route}
      credential={credential}
      tier={tier}
      standing={verdict}
      tone={eligible ? 'text-free' : 'text-muted'}
    >
      {twins.length > 0 && <p className="text-xs text-muted">{t.sharesWith(twins.join(', '))}</p>}
      <Score score={score} />
      <Limits pools={pools} />
    </CandidateDetails>
  );
}

/** All of them, those of the plan first. */
export function CandidateList({
  candidates,
  className = '',
}: {
  readonly candidates: readonly CandidateView[];
  readonly className?: string;
}): ReactNode {
  const t = useMessages(candidateMessages);
  return (
    <section aria-label={t.candidates} className={className}>
      <h2 className="text-base font-semibold">{t.candidates}</h2>
      <p className="text-sm text-muted">{t.count(candidates.length)}</p>
      <ul className="mt-3 divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised">
        {candidates.map((candidate) => (
          <Candidate key={`${candidate.route} ${candidate.credential}`} candidate={candidate} />
        ))}
      </ul>
    </section>
  );
}
