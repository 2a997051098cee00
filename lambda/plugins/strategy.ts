// An installation's own order among candidates, from a module that it names.
import type { Log } from '../ports-telemetry.ts';
import type { Rank } from '../routing/decide.ts';

/** The order a module gives by its default export; null when it gives none. What goes wrong in it puts a candidate last, and is told once. */
export function toRank(loaded: Readonly<Record<string, unknown>>, log: Pick<Log, 'error'>): Rank | null {
  const { default: given } = loaded;
  if (typeof given !== 'function') return null;
  const rank = given as Rank;
  let isTold = false;
  return (candidate, standing, profile) => {
    try {
      const value = rank(candidate, standing, profile);
      return typeof value === 'number' && !Number.isNaN(value) ? value : Infinity;
    } catch (error) {
      if (!isTold) log.error('strategy.failed', { error: error instanceof Error ? error.message : String(error) });
      isTold = true;
      return Infinity;
    }
  };
}
