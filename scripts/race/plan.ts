// What the race is about: the limit, the racers, and the judgement on the moments at which shares were taken.
import type { ProviderEntry } from '#shared/credentials.ts';

export interface RacePlan {
  /** Shares in any interval of `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  readonly processes: number;
  /** Loops in each process, all of them trying all the time. */
  readonly racers: number;
  readonly forMs: number;
  /** How far the clocks of the first two processes are set wrong, one back and one ahead, ms; absent: not at all. */
  readonly skewMs?: number;
}

/** How far the clock of one of the processes is set wrong, ms. */
export const skewOf = ({ skewMs = 0 }: RacePlan, process: number): number => [-skewMs, skewMs][process] ?? 0;

/** The race of `npm run race`: thirty a minute, for two minutes. */
export const fullRace: RacePlan = { limit: 30, windowMs: 60_000, processes: 4, racers: 75, forMs: 124_000 };

/** What a racer says when it stands at the start; it is answered by the end of the race, ms since the epoch. */
export const READY = 'ready';

/** Of every whole interval at least this share of the limit has to be served. */
export const LEAST_SHARE = 0.9;

/** One credential whose only model is limited so. */
export const toEntry = ({ limit, windowMs }: RacePlan): ProviderEntry => ({
  provider: 'openai-compatible',
  name: 'race',
  baseUrl: 'http://127.0.0.1:9/v1',
  apiKey: 'race-key',
  tier: 'free',
  enabled: true,
  priority: 100,
  weight: 1,
  models: [{ id: 'm1', kind: 'chat' }],
  pools: [
    {
      models: ['*'],
      scope: 'credential',
      unit: 'requests',
      max: limit,
      clock: { kind: 'rolling', seconds: windowMs / 1000 },
    },
  ],
});

export interface Verdict {
  readonly taken: number;
  /** The most in any interval. */
  readonly most: number;
  /** Taken in each whole interval, one after the other. */
  readonly perWindow: readonly number[];
  readonly holds: boolean;
}

/** Judges moments, ms since the epoch. */
export function judge(moments: readonly number[], { limit, windowMs, forMs }: RacePlan, startMs: number): Verdict {
  const sorted = [...moments].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  sorted.forEach((atMs, last) => {
    while ((sorted[first] ?? atMs) <= atMs - windowMs) first++;
    most = Math.max(most, last - first + 1);
  });
  const perWindow = Array.from({ length: Math.floor(forMs / windowMs) }, () => 0);
  for (const atMs of sorted) {
    const window = Math.floor((atMs - startMs) / windowMs);
    if (window >= 0 && window < perWindow.length) perWindow[window] = (perWindow[window] ?? 0) + 1;
  }
  const holds = most <= limit && perWindow.every((taken) => taken >= limit * LEAST_SHARE);
  return { taken: sorted.length, most, perWindow, holds };
}
