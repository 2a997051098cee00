// Sums a day up in figures.
import { bestPossible, toSourcesAsUsed, type Given, type Source } from './capacity.ts';
import { START_MS, type Comebacks, type Day } from './scene.ts';
import { meanTokens, readTrace } from './load.ts';
import { percentile } from './measure.ts';
import { providers } from './world.ts';

/** One row of the table. Shares are 0..1; null where a figure means nothing. */
export interface Figures {
  readonly name: string;
  readonly requests: number;
  /** Answers with status 429 to callers. */
  readonly callers429: number;
  readonly provider429s: number;
  readonly provider429sPer1000: number;
  readonly freeShare: number;
  readonly paidShare: number;
  readonly success: number;
  /** Of the most that could have been served for free, by the providers' books; never above 1. */
  readonly freeUsed: number;
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly waitMaxMs: number;
  readonly strongShare: number | null;
  readonly costUsd: number;
  readonly savedUsd: number;
  readonly refusedWithoutRetryAfter: number;
  readonly comebacks: Readonly<Comebacks>;
}

/** Long against the windows of a minute, which let a little more through at once. */
const BIN_MS = 3_600_000;

/** Arrivals per stretch, for the yardstick. */
export function toCounts(moments: readonly number[], lengthMs: number): number[] {
  const counts = Array.from({ length: Math.ceil(lengthMs / BIN_MS) }, () => 0);
  for (const atMs of moments) {
    const bin = Math.min(counts.length - 1, Math.floor(atMs / BIN_MS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** What a source has given, by its provider's books. */
function toGiven({ network }: Pick<Day, 'network'>, { provider, key, models }: Source): Given {
  const given = { requests: 0, tokens: 0, others: { requests: 0, tokens: 0 } };
  for (const model of models) {
    const { own, others } = network.shareOf(provider, { key, model });
    given.requests += own.requests;
    given.tokens += own.tokens;
    given.others.requests += others.requests;
    given.others.tokens += others.tokens;
  }
  return given;
}

/**
 * Of the most that could have been served for free, the share that was. The most is what demand and the limits allowed, where requests take
 * what those took that were served: nobody can have more than all of it.
 */
function toFreeUsed(day: Omit<Day, 'store'>): number {
  const { setting, arrivals, network } = day;
  const { lengthMs, foreign, providers: all = providers } = setting;
  const span = { startMs: START_MS, lengthMs, tokens: meanTokens(readTrace()), foreign };
  const used = toSourcesAsUsed(all, span, (source) => toGiven(day, source));
  const moments = arrivals.map(({ atMs }) => atMs);
  const best = Math.min(
    bestPossible(used, toCounts(moments, lengthMs), Math.min(BIN_MS, lengthMs)),
    used.reduce((sum, { stock, perMs }) => sum + Math.min(stock, perMs * lengthMs), 0),
  );
  return network.requestsLetIn() / Math.max(1, best);
}

/** The figures of a day. */
export function toFigures(day: Omit<Day, 'store'>): Figures {
  const { setting, measure, network, comebacks } = day;
  const { endings } = measure;
  const requests = endings.length;
  const free = endings.filter(({ served }) => served !== null && served.tier !== 'paid');
  const paid = endings.filter(({ served }) => served?.tier === 'paid');
  const hard = endings.filter(({ size, served }) => size > 0 && served !== null && served.tier !== 'paid');
  const strong = hard.filter(({ size, served }) => (served?.rank ?? 0) >= size);
  const waits = endings.map(({ waitedMs }) => waitedMs);
  const limited = network.lines().reduce((sum, line) => sum + line.limited, 0);
  return {
    name: setting.name,
    requests,
    callers429: endings.filter(({ status }) => status === 429).length,
    provider429s: limited,
    provider429sPer1000: (limited / Math.max(1, requests)) * 1000,
    freeShare: free.length / Math.max(1, requests),
    paidShare: paid.length / Math.max(1, requests),
    success: (free.length + paid.length) / Math.max(1, requests),
    freeUsed: toFreeUsed(day),
    waitP50Ms: percentile(waits, 0.5),
    waitP99Ms: percentile(waits, 0.99),
    waitMaxMs: percentile(waits, 1),
    strongShare: hard.length === 0 ? null : strong.length / hard.length,
    costUsd: paid.reduce((sum, { served }) => sum + (served?.costUsd ?? 0), 0),
    savedUsd: free.reduce((sum, { served }) => sum + (served?.listUsd ?? 0), 0),
    refusedWithoutRetryAfter: endings.filter(
      ({ served, status, retryAfterMs }) => served === null && (status !== 503 || retryAfterMs === null),
    ).length,
    comebacks,
  };
}
