// What a caller is told whose request a quota does not hold: whose limit, which, how much is left, when it begins anew, and what to do.
import type { Reason } from '#shared/api/reason.ts';
import { CallerError } from '#shared/failures.ts';
import type { BoundPool } from '../routing/types.ts';
import type { Bounded, QuotaNeed } from './quotas.ts';

export interface Refusal {
  readonly bounded: Pick<Bounded, 'whose' | 'subject' | 'remedy'>;
  /** The bound that refuses. */
  readonly pool: BoundPool;
  /** What of it is used. */
  readonly used: number;
  readonly need: QuotaNeed;
  /** Until there is room, ms; Infinity: never. */
  readonly waitMs: number;
}

const format = (count: number): string => Math.floor(count).toLocaleString('en-US');
const toUnits = (count: number, unit: string): string => `${format(count)} ${count === 1 ? unit.slice(0, -1) : unit}`;
const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** 45 s, 12 min, 9 h 27 min: rounded up, so that whoever waits so long has waited enough. */
function toSpan(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function toTrouble({ pool, used, need }: Refusal): string {
  const left = Math.max(0, pool.max - used);
  if (pool.unit === 'requests') return `, and has made ${pool.max === 1 ? 'it' : 'them'}`;
  return left < 1
    ? ', and has used them'
    : `, has ${format(left)} left, and this request may take ${format(need.tokens)}`;
}

const toReason = ({ bounded, pool, used, need }: Refusal): Reason => ({
  code: 'quota',
  whose: bounded.whose,
  unit: pool.unit === 'requests' ? 'requests' : 'tokens',
  per: pool.clock.kind === 'calendar' ? 'day' : 'minute',
  max: pool.max,
  left: Math.max(0, Math.floor(pool.max - used)),
  need: pool.unit === 'requests' ? 1 : need.tokens,
});

/** The error, of code `rate_limited`. */
export function toQuotaRefusal(refusal: Refusal): CallerError {
  const { bounded, pool, need, waitMs } = refusal;
  const isDay = pool.clock.kind === 'calendar';
  const verb = pool.unit === 'requests' ? 'make' : 'use';
  const may = `${capitalise(bounded.subject)} may ${verb} ${toUnits(pool.max, pool.unit)} ${isDay ? 'a day' : 'a minute'}`;
  if (waitMs === Infinity)
    return new CallerError(
      'rate_limited',
      `${may}, and this request alone may take ${format(need.tokens)}. Ask for less, with a shorter prompt or a smaller bound on the answer (max_tokens), or ${bounded.remedy}.`,
      { reason: toReason(refusal) },
    );
  const when = isDay ? `after midnight UTC, in ${toSpan(waitMs)}` : `in ${toSpan(waitMs)}`;
  return new CallerError('rate_limited', `${may}${toTrouble(refusal)}. Try again ${when}, or ${bounded.remedy}.`, {
    retryable: true,
    retryAfterMs: waitMs,
    reason: toReason(refusal),
  });
}
