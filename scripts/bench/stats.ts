// Statistics of the bench: percentiles, medians, and how far a median or a ratio of medians can be trusted.

/** The `share` quantile (0..1), interpolated between neighbours. NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low === high ? low : low + (high - low) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A shuffled copy. */
export function shuffle<T>(values: readonly T[], random: () => number): T[] {
  const next = [...values];
  for (let last = next.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = next[last] as T;
    next[last] = next[other] as T;
    next[other] = kept;
  }
  return next;
}

/** A value with the interval in which 95 % of its bootstrap resamples lie. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 400;
/** Neighbouring rounds share their noise, so they are drawn in runs of this many. */
const BLOCK = 10;

/** Bootstrap over rounds: `measure` is given the drawn rounds' numbers. Deterministic. */
export function bootstrap(rounds: number, measure: (drawn: readonly number[]) => number): Estimate {
  const random = createRandom(20_261_121);
  const all = Array.from({ length: rounds }, (_, round) => round);
  const results: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const drawn: number[] = [];
    while (drawn.length < rounds) {
      const start = Math.floor(random() * rounds);
      for (let step = 0; step < BLOCK && drawn.length < rounds; step++) drawn.push((start + step) % rounds);
    }
    results.push(measure(drawn));
  }
  return { value: measure(all), low: percentile(results, 0.025), high: percentile(results, 0.975) };
}

const pick = (values: readonly number[], drawn: readonly number[]): number[] =>
  drawn.map((round) => values[round] ?? Number.NaN);

/** The median with its interval. */
export const estimateMedian = (values: readonly number[]): Estimate =>
  bootstrap(values.length, (drawn) => median(pick(values, drawn)));

/** Ratio of the medians of two series that were measured round by round together. */
export const estimateRatio = (values: readonly number[], unit: readonly number[]): Estimate =>
  bootstrap(Math.min(values.length, unit.length), (drawn) => median(pick(values, drawn)) / median(pick(unit, drawn)));
