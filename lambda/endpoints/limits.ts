// How every limit stands, for people: used, left, known how and since when, and until when it lasts.
import type { LimitModel, LimitPool, Limits } from '#shared/api/limits.ts';
import type { Amounts } from '#shared/pools.ts';
import type { LastCheck } from '../gateway/health.ts';
import type { KnownPool } from '../gateway/ledger.ts';
import { forecastAll, forecastPool } from '../routing/forecast.ts';
import type { Services } from './endpoint.ts';

/** The call that forecasts are made for: one of usual size. */
const USUAL: Amounts = { requests: 1, tokens: 1_500, input_tokens: 1_000, output_tokens: 500, audio_seconds: 60 };

/** An instant as text; null when there is none. */
export const toTime = (ms: number | null): string | null =>
  ms === null || !Number.isFinite(ms) ? null : new Date(ms).toISOString();

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** One limit as JSON. */
export function tellPool(view: KnownPool, nowMs: number): LimitPool {
  const { pool, used, max, pressure, resetAtMs } = view;
  return {
    unit: pool.unit,
    clock: pool.clock,
    scope: pool.scope,
    used: rounded(used),
    max,
    pressure: rounded(pressure),
    resets_at: toTime(resetAtMs),
    runs_out_at: toTime(forecastPool(view, nowMs).runsOutAtMs),
    known: view.known,
    limit_from: view.limitFrom,
    limit_at: toTime(view.limitAtMs),
    told_at: toTime(view.toldAtMs),
    as_of: pool.evidence?.asOf ?? null,
  };
}

function toKnown(views: readonly KnownPool[]): LimitModel['known'] {
  if (views.length === 0) return 'unknown';
  return views.some(({ known }) => known === 'measured') ? 'measured' : 'counted';
}

const tellCheck = (check: LastCheck | null): LimitModel['last_check'] =>
  check === null ? null : { at: new Date(check.atMs).toISOString(), outcome: check.outcome };

/** How the limits of everything that can be reached stand now. */
export async function readLimits({ fleet, ledger, health }: Services, nowMs: number): Promise<Limits> {
  await ledger.refresh(null);
  const standings = ledger.standings(nowMs);
  const all = fleet.candidates.map((candidate, index) => ({ candidate, index, views: ledger.views(index, USUAL) }));
  const free = all.filter(({ candidate }) => candidate.tier !== 'paid' && candidate.kind === 'chat');
  return {
    at: new Date(nowMs).toISOString(),
    free_until: toTime(
      forecastAll(
        free.map(({ views }) => ({ views, need: USUAL })),
        nowMs,
      ),
    ),
    models: all.map(({ candidate, index, views }) => {
      const { restUntilMs = 0, breaker = 'closed', pressure = 0 } = standings[index] ?? {};
      return {
        route: candidate.route,
        provider: candidate.providerId,
        model: candidate.modelId,
        credential: candidate.credential,
        tier: candidate.tier,
        known: toKnown(views),
        pressure: rounded(pressure),
        resting_until: restUntilMs > nowMs ? toTime(restUntilMs) : null,
        breaker,
        last_check: tellCheck(health?.last(index) ?? null),
        shares_limits_with: [...ledger.twins(index)],
        pools: views.map((view) => tellPool(view, nowMs)),
      };
    }),
  };
}
