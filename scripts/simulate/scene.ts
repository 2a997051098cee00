// What sets one simulated day apart from another, what it begins with, and what it leaves behind.
import { createRandom } from '../../tests/fakes/random.ts';
import { totalCapacity, toSources, type Source } from './capacity.ts';
import type { Hosting } from './instances.ts';
import { meanTokens, readTrace, toArrivals, type Arrival, type Shape } from './load.ts';
import type { Measure } from './measure.ts';
import type { Outage, StoreTally } from './store.ts';
import type { SimulatedNetwork } from './upstream.ts';
import { providers, type SimulatedProvider } from './world.ts';

/** Everything that sets one run apart. */
export interface Setting {
  readonly name: string;
  readonly shape: Shape;
  /** Demand as a share of what free providers can serve. */
  readonly demand: number;
  readonly paid: boolean;
  readonly hosting: Hosting;
  readonly lengthMs: number;
  /** Spread (sigma of a lognormal) of estimated over actual tokens. */
  readonly estimateError: number;
  /** Whether others use some of the keys. */
  readonly foreign: boolean;
  /** Share of settlements that never arrive. */
  readonly lostSettles: number;
  readonly skewMs: number;
  /** Every so often each instance dies with this probability. */
  readonly kills: { readonly everyMs: number; readonly share: number } | null;
  readonly outage: Outage | null;
  /** So many requests at the same instant, this often. */
  readonly volley: { readonly everyMs: number; readonly count: number } | null;
  readonly seed: number;
  readonly providers?: readonly SimulatedProvider[];
  readonly maxWaitMs: number;
  /** Absent: no. The same loop and ledger, but whoever is used least is asked first: nothing is kept for hard prompts or for later. */
  readonly plain?: boolean;
}

/** What a run leaves behind. */
export interface Day {
  readonly setting: Setting;
  readonly sources: readonly Source[];
  readonly arrivals: readonly Arrival[];
  readonly measure: Measure;
  readonly network: SimulatedNetwork;
  readonly store: StoreTally;
  readonly startMs: number;
  readonly instances: number;
  readonly killed: number;
  readonly comebacks: Comebacks;
}

/** Refused requests that came again when told to: how many, for how many free quota had really come back by then, and how many were served. */
export interface Comebacks {
  asked: number;
  lifted: number;
  served: number;
}

export const START_MS = Date.UTC(2026, 10, 21);
/** The providers, sources and requests of a setting; the same for Freeway and for what it is compared with. */
export function toScene(setting: Setting): {
  providers: readonly SimulatedProvider[];
  sources: readonly Source[];
  arrivals: readonly Arrival[];
} {
  const trace = readTrace();
  const all = setting.providers ?? providers;
  const { lengthMs, foreign } = setting;
  const sources = toSources(all, { startMs: START_MS, lengthMs, tokens: meanTokens(trace), foreign });
  const count = Math.round(setting.demand * totalCapacity(sources, lengthMs));
  const arrivals = toArrivals({ trace, shape: setting.shape, count, lengthMs, random: createRandom(setting.seed) });
  return {
    providers: all.filter(({ tier }) => tier === 'free' || setting.paid),
    sources,
    arrivals: withVolleys(arrivals, setting),
  };
}

function withVolleys(arrivals: readonly Arrival[], { volley, lengthMs }: Setting): readonly Arrival[] {
  if (volley === null) return arrivals;
  const more: Arrival[] = [];
  for (let atMs = volley.everyMs; atMs < lengthMs; atMs += volley.everyMs)
    for (let i = 0; i < volley.count; i++)
      more.push({ ...(arrivals[i % arrivals.length] ?? { inputTokens: 500, outputTokens: 50, size: 0 }), atMs });
  return [...arrivals, ...more].sort((a, b) => a.atMs - b.atMs);
}
