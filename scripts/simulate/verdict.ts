// Sums a day up in figures.
import { bestPossible } from './capacity.ts';
import type { Comebacks, Day } from './day.ts';
import { percentile } from './measure.ts';

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
  /** Of the most that could have been served for free, knowing the day in advance. */
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

const BIN_MS = 300_000;

/** Arrivals per stretch, for the yardstick. */
export function toCounts(moments: readonly number[], lengthMs: number): number[] {
  const counts = Array.from({ length: Math.ceil(lengthMs / BIN_MS) }, () => 0);
  for (const atMs of moments) {
    const bin = Math.min(counts.length - 1, Math.floor(atMs / BIN_MS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** The figures of a day. */
export function toFigures({ setting, sources, arrivals, measure, network, comebacks }: Omit<Day, 'store'>): Figures {
  const { endings } = measure;
  const requests = endings.length;
  const free = endings.filter(({ served }) => served !== null && served.tier !== 'paid');
  const paid = endings.filter(({ served }) => served?.tier === 'paid');
  const hard = endings.filter(({ size, served }) => size > 0 && served !== null && served.tier !== 'paid');
  const strong = hard.filter(({ size, served }) => (served?.rank ?? 0) >= size);
  const waits = endings.map(({ waitedMs }) => waitedMs);
  const limited = network.lines().reduce((sum, line) => sum + line.limited, 0);
  const best = bestPossible(
    sources,
    toCounts(
      arrivals.map(({ atMs }) => atMs),
      setting.lengthMs,
    ),
    BIN_MS,
  );
  return {
    name: setting.name,
    requests,
    callers429: endings.filter(({ status }) => status === 429).length,
    provider429s: limited,
    provider429sPer1000: (limited / Math.max(1, requests)) * 1000,
    freeShare: free.length / Math.max(1, requests),
    paidShare: paid.length / Math.max(1, requests),
    success: (free.length + paid.length) / Math.max(1, requests),
    freeUsed: free.length / best,
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
