// What a run has shown: counted as it goes, summed up at the end.
import type { Tier } from '#lambda/routing/types.ts';

/** How one request ended for its caller. */
export interface Ending {
  readonly atMs: number;
  readonly size: 0 | 1 | 2;
  /** null: it found no answer. */
  readonly served: {
    readonly tier: Tier;
    readonly rank: number;
    readonly costUsd: number;
    readonly listUsd: number;
  } | null;
  /** HTTP status of the answer. */
  readonly status: number;
  readonly waitedMs: number;
  /** Of an error: when to come back, ms. */
  readonly retryAfterMs: number | null;
  readonly attempts: number;
  /** Store calls before the first byte and after it; null where several requests share an instance. */
  readonly calls: { readonly readsBefore: number; readonly writesBefore: number; readonly writesAfter: number } | null;
}

/** One stretch of the day. */
export interface Bin {
  demand: number;
  free: number;
  paid: number;
  refused: number;
  limited: number;
  readonly waits: number[];
  pressure: number;
}

const BINS = 96;

/** Collects endings. */
export interface Measure {
  readonly bins: readonly Bin[];
  readonly endings: Ending[];
  binAt(atMs: number): Bin;
  add(ending: Ending): void;
}

/** An empty measure of a run of that length. */
export function createMeasure(lengthMs: number): Measure {
  const bins = Array.from({ length: BINS }, (): Bin => ({
    demand: 0,
    free: 0,
    paid: 0,
    refused: 0,
    limited: 0,
    waits: [],
    pressure: 0,
  }));
  const last = bins[BINS - 1];
  if (last === undefined) throw new Error('a measure needs bins');
  const binAt = (atMs: number): Bin => bins[Math.floor((atMs / lengthMs) * BINS)] ?? last;
  const endings: Ending[] = [];
  return {
    bins,
    endings,
    binAt,
    add: (ending) => {
      endings.push(ending);
      const bin = binAt(ending.atMs);
      bin.demand++;
      if (ending.served === null) bin.refused++;
      else if (ending.served.tier === 'paid') bin.paid++;
      else bin.free++;
      bin.waits.push(ending.waitedMs);
    },
  };
}

/** The value that `share` of the values do not exceed; 0 without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
