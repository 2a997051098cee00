// How much the free providers can serve at best: the yardstick for demand and for what was used.
import type { FakeLimit } from '../../tests/fakes/provider/spec.ts';
import { matchesAny } from '../../tests/fakes/provider/limits.ts';
import type { SimulatedProvider } from './world.ts';

/** Models behind one key that share a limit. `perMs`: what short windows let through. `stock`: what long ones hold over the run. Requests. */
export interface Source {
  readonly provider: string;
  readonly key: string;
  readonly models: readonly string[];
  readonly perMs: number;
  readonly stock: number;
  /** What short windows let through at once, beyond their rate. */
  readonly burst: number;
}

/** What a source has in fact given: to us and to others. */
export interface Given {
  readonly requests: number;
  /** Tokens of all those requests. */
  readonly tokens: number;
  readonly others: { readonly requests: number; readonly tokens: number };
}

export interface Span {
  readonly startMs: number;
  readonly lengthMs: number;
  /** Tokens of a mean request. */
  readonly tokens: number;
  /** Whether others take their share of the shared keys. */
  readonly foreign: boolean;
}

/** Windows longer than this hold stock; shorter ones pass and are lost. */
const SHORT_SECONDS = 3_600;

/** Calendar windows that the span touches. */
function windowsIn(zone: string, { startMs, lengthMs }: Span): number {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  const days = new Set<string>();
  for (let at = startMs; at < startMs + lengthMs; at += 1_800_000) days.add(format.format(at));
  return days.size;
}

/** Units a limit hands out over the span. */
function unitsOf({ clock, max }: FakeLimit, span: Span): number {
  switch (clock.kind) {
    case 'fixed':
    case 'sliding':
      return (max * span.lengthMs) / (clock.seconds * 1000);
    case 'refill':
      return max + (max * span.lengthMs) / (clock.seconds * 1000);
    case 'calendar':
      return max * windowsIn(clock.zone, span);
    case 'held':
      return Infinity;
  }
}

const isShort = ({ clock }: FakeLimit): boolean =>
  (clock.kind === 'fixed' || clock.kind === 'sliding' || clock.kind === 'refill') && clock.seconds <= SHORT_SECONDS;

/** Models of the provider in groups that share a count. */
function groupsOf({ models, limits }: SimulatedProvider): string[][] {
  const groups: string[][] = [];
  for (const { id } of models) {
    const joined = groups.filter((group) =>
      limits.some(
        (limit) =>
          !limit.perModel && matchesAny(limit.models, id) && group.some((other) => matchesAny(limit.models, other)),
      ),
    );
    const merged = [...joined.flat(), id];
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  return groups;
}

function toSource(
  provider: SimulatedProvider,
  group: readonly string[],
  { key, span }: { key: string; span: Span },
): Source {
  const { shared } = provider;
  const isShared = shared?.keys.includes(key) === true && group.some((model) => shared?.models.includes(model));
  const share = span.foreign && isShared ? 1 - (shared?.share ?? 0) : 1;
  let perMs = Infinity;
  let stock = Infinity;
  for (const limit of provider.limits) {
    const covered = group.filter((model) => matchesAny(limit.models, model)).length;
    if (covered === 0) continue;
    const requests =
      (unitsOf(limit, span) * (limit.perModel ? covered : 1)) / (limit.unit === 'requests' ? 1 : span.tokens);
    if (isShort(limit)) perMs = Math.min(perMs, requests / span.lengthMs);
    stock = Math.min(stock, requests);
  }
  return { provider: provider.id, key, models: group, perMs: perMs * share, stock: stock * share, burst: 0 };
}

/** Units a limit can hand out within the span at most: one window's worth more than its rate, where windows begin with the first use. */
const mostUnits = (limit: FakeLimit, span: Span): number =>
  limit.clock.kind === 'sliding' || limit.clock.kind === 'fixed'
    ? limit.max * Math.ceil(span.lengthMs / (limit.clock.seconds * 1000))
    : unitsOf(limit, span);

/**
 * The sources as they turned out: what others took is gone, and a request takes as many tokens as those did that were served there. No source
 * can have given more than this says, whoever was served.
 */
export function toSourcesAsUsed(
  providers: readonly SimulatedProvider[],
  span: Span,
  given: (source: Source) => Given,
): readonly Source[] {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return toSources(providers, span).map((source) => {
    const { requests, tokens, others } = given(source);
    const perRequest = requests === 0 ? span.tokens : tokens / requests;
    let [perMs, stock, burst] = [Infinity, Infinity, Infinity];
    for (const limit of byId.get(source.provider)?.limits ?? []) {
      const covered = source.models.filter((model) => matchesAny(limit.models, model)).length;
      if (covered === 0 || limit.clock.kind === 'held') continue;
      const [unit, gone] = limit.unit === 'requests' ? [1, others.requests] : [perRequest, others.tokens];
      const times = limit.perModel ? covered : 1;
      const most = Math.max(0, mostUnits(limit, span) * times - gone) / unit;
      stock = Math.min(stock, most);
      if (!isShort(limit) || most / span.lengthMs >= perMs) continue;
      perMs = most / span.lengthMs;
      burst = (limit.max * times) / unit;
    }
    return { ...source, perMs, stock, burst };
  });
}

/** All free sources. */
export function toSources(providers: readonly SimulatedProvider[], span: Span): readonly Source[] {
  return providers
    .filter(({ tier }) => tier === 'free')
    .flatMap((provider) =>
      groupsOf(provider).flatMap((group) => provider.keys.map((key) => toSource(provider, group, { key, span }))),
    );
}

/** Requests that all sources can serve over the span if demand never fails. */
export const totalCapacity = (sources: readonly Source[], lengthMs: number): number =>
  sources.reduce((sum, { perMs, stock }) => sum + Math.min(stock, perMs * lengthMs), 0);

/**
 * The most that any scheduler could serve for free, knowing the day in advance: a maximum flow from moments to sources. Its minimum cut
 * takes the stock of the sources with the least stock per rate, and the rate of all others. Every cut is as much as can be served or more, so
 * this is never less; it is exact for sources that are alike, and may be a little more where they differ in their bursts.
 */
export function bestPossible(sources: readonly Source[], perBin: readonly number[], binMs: number): number {
  const sorted = [...sources].sort((a, b) => a.stock / a.perMs - b.stock / b.perMs);
  let best = Infinity;
  for (let cut = 0; cut <= sorted.length; cut++) {
    const stock = sorted.slice(0, cut).reduce((sum, source) => sum + source.stock, 0);
    const rate = sorted.slice(cut).reduce((sum, { perMs, burst }) => sum + perMs * binMs + burst, 0);
    best = Math.min(best, stock + perBin.reduce((sum, count) => sum + Math.min(count, rate), 0));
  }
  return best;
}
