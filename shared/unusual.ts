// Whether somebody uses far more today than on their days before: a statistic that a few wild days do not mislead.

/** Days with a record before anything can be called unusual. */
export const LEAST_DAYS = 7;
/** So many scaled deviations above the middle are unusual; a normal distribution gets there about once in 10^9 days. */
const DEVIATIONS = 6;
/** Makes the median deviation comparable to a standard deviation. */
const SCALE = 1.4826;
/** Less than this many times the middle is never unusual, however steady the days before were. */
const TIMES = 3;

/** The middle of the values; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [below = 0, above = 0] = [sorted[half - 1], sorted[half]];
  return sorted.length % 2 === 1 ? above : (below + above) / 2;
}

/**
 * From where on today is unusual after these days: the median plus six scaled median absolute deviations, and at least three times the
 * median, and at least `floor`. null while there are too few days to tell.
 */
export function unusualFrom(days: readonly number[], floor: number): number | null {
  if (days.length < LEAST_DAYS) return null;
  const middle = median(days);
  const deviation = median(days.map((day) => Math.abs(day - middle)));
  return Math.max(floor, TIMES * middle, middle + DEVIATIONS * SCALE * deviation);
}
