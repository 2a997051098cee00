// One limit as it stands: what is used of how much, how that is known, and when it comes back.
import { useId, type ReactNode } from 'react';
import type { LimitPool } from '#shared/api/limits.ts';
import { formatCompact, formatMoment, formatUsd } from '../lib/format.ts';
import { defineMessages, useLanguage, useMessages } from '../lib/messages.ts';

const messages = defineMessages(
  {
    units: {
      requests: 'Requests',
      tokens: 'Tokens',
      input_tokens: 'Input tokens',
      output_tokens: 'Output tokens',
      audio_seconds: 'Seconds of audio',
      usd: 'Dollars',
      concurrent: 'At the same time',
    },
    every: { minute: 'a minute', hour: 'an hour', day: 'a day', week: 'a week', month: 'a month' },
    second: 'a second',
    seconds: (count: string) => `in ${count} seconds`,
    once: 'in all',
    of: (used: string, max: string) => `${used} of ${max}`,
    resets: (when: string) => `comes back ${when}`,
    runsOut: (when: string) => `used up around ${when} if use goes on`,
    measured: 'told by the provider',
    counted: 'counted here',
    configured: (date: string | null) => (date === null ? 'limit as configured' : `limit as of ${date}`),
    refusals: 'limit learned from refusals',
    scopes: { credential: '', account: 'for the account', project: 'for the project', ip: 'for this address' },
  },
  {
    units: {
      requests: 'Anfragen',
      tokens: 'Tokens',
      input_tokens: 'Eingabe-Tokens',
      output_tokens: 'Ausgabe-Tokens',
      audio_seconds: 'Sekunden Ton',
      usd: 'Dollar',
      concurrent: 'Gleichzeitig',
    },
    every: { minute: 'je Minute', hour: 'je Stunde', day: 'je Tag', week: 'je Woche', month: 'je Monat' },
    second: 'je Sekunde',
    seconds: (count: string) => `in ${count} Sekunden`,
    once: 'insgesamt',
    of: (used: string, max: string) => `${used} von ${max}`,
    resets: (when: string) => `kommt ${when} wieder`,
    runsOut: (when: string) => `bei gleichem Verbrauch gegen ${when} aufgebraucht`,
    measured: 'vom Anbieter gemeldet',
    counted: 'hier gezählt',
    configured: (date: string | null) => (date === null ? 'Limit wie eingetragen' : `Limit, Stand ${date}`),
    refusals: 'Limit aus Ablehnungen gelernt',
    scopes: { credential: '', account: 'für das Konto', project: 'für das Projekt', ip: 'für diese Adresse' },
  },
);

const spans: Readonly<Record<number, keyof (typeof messages)['en']['every']>> = {
  60: 'minute',
  3_600: 'hour',
  86_400: 'day',
  604_800: 'week',
};

/** From this share on a limit is close to its end. */
const CLOSE = 0.9;

function useName({ unit, clock, scope }: LimitPool): string {
  const t = useMessages(messages);
  const language = useLanguage();
  const span = (): string => {
    if (clock.kind === 'calendar') return t.every[clock.every];
    if (clock.kind === 'once') return t.once;
    if (clock.kind === 'concurrent') return '';
    if (clock.seconds <= 1) return t.second;
    const every = spans[clock.seconds];
    return every === undefined ? t.seconds(formatCompact(clock.seconds, language)) : t.every[every];
  };
  return [t.units[unit], span(), t.scopes[scope]].filter((word) => word !== '').join(' ');
}

function useFacts(pool: LimitPool): string {
  const t = useMessages(messages);
  const language = useLanguage();
  const { used, resets_at: resetsAt, runs_out_at: runsOutAt, known, limit_from: from, as_of: asOf } = pool;
  const moment = (at: string): string => formatMoment(Date.parse(at), language);
  return [
    // What is not used has nothing to come back.
    resetsAt === null || used === 0 ? null : t.resets(moment(resetsAt)),
    runsOutAt === null ? null : t.runsOut(moment(runsOutAt)),
    known === 'measured' ? t.measured : t.counted,
    from === 'configured' ? t.configured(asOf) : null,
    from === 'refusals' ? t.refusals : null,
  ]
    .filter((fact) => fact !== null)
    .join(' · ');
}

interface MeterProps {
  readonly name: string;
  /** What is used of how much. */
  readonly stand: string;
  /** The same as a number, 0..1. */
  readonly share: number;
  readonly facts: string;
}

/** A name, how it stands, and a bar whose end is the limit. */
export function Meter({ name, stand, share, facts }: MeterProps): ReactNode {
  const id = useId();
  return (
    <div className="py-1.5">
      <p className="flex flex-wrap justify-between gap-x-4 text-xs">
        <span id={id}>{name}</span>
        <span className="tabular-nums">{stand}</span>
      </p>
      <div
        role="meter"
        aria-labelledby={id}
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={share}
        aria-valuetext={stand}
        className="mt-1 h-1.5 overflow-hidden rounded-full bg-hover"
      >
        <div className={`h-full ${share >= CLOSE ? 'bg-danger' : 'bg-accent'}`} style={{ width: `${share * 100}%` }} />
      </div>
      <p className="mt-1 text-xs text-muted">{facts}</p>
    </div>
  );
}

/** The limit of a provider as it stands. */
export function LimitMeter({ pool }: { readonly pool: LimitPool }): ReactNode {
  const t = useMessages(messages);
  const language = useLanguage();
  const name = useName(pool);
  const facts = useFacts(pool);
  const { unit, used, max } = pool;
  const amount = (value: number): string =>
    unit === 'usd' ? formatUsd(value, language) : formatCompact(value, language);
  const share = max > 0 ? Math.min(1, used / max) : 1;
  return <Meter name={name} stand={t.of(amount(used), amount(max))} share={share} facts={facts} />;
}
