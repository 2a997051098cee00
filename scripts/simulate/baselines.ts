// What others do, over the same day and providers: routers without reservations, and one paid model for everything.
import { listCostUsd } from '#lambda/routing/cost.ts';
import type { Candidate } from '#lambda/routing/types.ts';
import { createFakeClock, type FakeClock } from '../../tests/fakes/clock.ts';
import { createRandom } from '../../tests/fakes/random.ts';
import { START_MS, toScene, type Day, type Setting } from './scene.ts';
import { toFleet } from './instances.ts';
import { createMeasure, type Measure } from './measure.ts';
import { createNetwork, type SimulatedNetwork } from './upstream.ts';

/**
 * - `round-robin`, `random`: any free model in turn or by lot; on a refusal the next, and that one rests for a minute.
 * - `count-after-response`: the least used by a shared count that is written after each reply, as gateways with a shared cache do.
 * - `lowest pressure`: the real loop and ledger, but without what is kept for hard prompts and for later.
 * - `paid only`: one paid model for all requests, so one that can answer the hardest of them; the others pay for that one too.
 */
export const baselines = ['round-robin', 'random', 'count-after-response', 'lowest pressure', 'paid only'] as const;
export type Baseline = (typeof baselines)[number];
/** Those that do without the loop and the ledger. */
export type SimpleBaseline = Exclude<Baseline, 'lowest pressure'>;

const REST_MS = 60_000;
const MOST_TRIES = 6;
/** Rank of the hardest requests. */
const HARDEST = 2;

interface Stage {
  readonly baseline: SimpleBaseline;
  readonly setting: Setting;
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly network: SimulatedNetwork;
  readonly candidates: readonly Candidate[];
  readonly measure: Measure;
  /** Until when a candidate rests, by index. */
  readonly rests: Map<number, number>;
  /** Replies of the last minute and day, by index, as counted afterwards. */
  readonly counts: Map<number, number[]>;
  turn: number;
}

/** Whether the counted replies leave room, and how full that is. */
function loadOf({ counts, clock }: Stage, { pools }: Candidate, index: number): number {
  const replies = counts.get(index) ?? [];
  let load = 0;
  for (const { unit, max, clock: pool } of pools) {
    if (unit !== 'requests' || !('seconds' in pool || pool.kind === 'calendar')) continue;
    const windowMs = 'seconds' in pool ? pool.seconds * 1000 : 86_400_000;
    const fromMs = clock.now() - windowMs;
    let used = 0;
    for (let i = replies.length - 1; i >= 0 && (replies[i] ?? 0) > fromMs; i--) used++;
    load = Math.max(load, used / max);
  }
  return load;
}

/** Free candidates in the order in which this baseline asks them, and the paid ones after them. */
function toOrder(stage: Stage): number[] {
  const { baseline, candidates, rests, clock, random } = stage;
  const indices = [...candidates.keys()];
  const paid = indices.filter((index) => candidates[index]?.tier === 'paid' && candidates[index].roleRank === HARDEST);
  if (baseline === 'paid only') return paid;
  const ready = indices.filter((index) => candidates[index]?.tier !== 'paid' && (rests.get(index) ?? 0) <= clock.now());
  const start = stage.turn++ % Math.max(1, ready.length);
  const turned = [...ready.slice(start), ...ready.slice(0, start)];
  if (baseline === 'round-robin') return [...turned.slice(0, MOST_TRIES), ...paid];
  if (baseline === 'random')
    return [
      ...ready
        .map((index) => ({ index, key: random() }))
        .sort((a, b) => a.key - b.key)
        .map(({ index }) => index)
        .slice(0, MOST_TRIES),
      ...paid,
    ];
  const loads = turned.map((index) => ({ index, load: loadOf(stage, candidates[index] as Candidate, index) }));
  const open = loads.filter(({ load }) => load < 1).sort((a, b) => a.load - b.load);
  return [...open.map(({ index }) => index).slice(0, MOST_TRIES), ...paid];
}

/** Calls one candidate; the status. */
function call({ network }: Stage, candidate: Candidate, request: number): Promise<number> {
  return new Promise((resolve) => {
    let status = 0;
    network.start(
      {
        method: 'POST',
        url: `http://${candidate.providerId}.simulated/v1/chat/completions`,
        headers: { authorization: `Bearer ${candidate.credential}` },
        body: JSON.stringify({ model: candidate.modelId, messages: [{ role: 'user', content: String(request) }] }),
        headTimeoutMs: 0,
        idleTimeoutMs: 0,
      },
      {
        onHead: (head) => (status = head),
        onData: () => undefined,
        onEnd: () => resolve(status),
        onError: () => resolve(599),
      },
    );
  });
}

async function live(stage: Stage, request: number, arrival: Day['arrivals'][number]): Promise<void> {
  const { candidates, measure, clock, rests, counts } = stage;
  const { atMs, size, inputTokens, outputTokens } = arrival;
  const ending = { atMs, size, waitedMs: 0, retryAfterMs: null, calls: null };
  let attempts = 0;
  let last = 503;
  for (const index of toOrder(stage)) {
    const candidate = candidates[index];
    if (!candidate) continue;
    attempts++;
    last = await call(stage, candidate, request);
    if (last === 200) {
      counts.set(index, [...(counts.get(index) ?? []).slice(-2_000), clock.now()]);
      const listUsd = listCostUsd(candidate.price, { inputTokens, outputTokens }) ?? 0;
      const costUsd = candidate.tier === 'paid' ? listUsd : 0;
      measure.add({
        ...ending,
        attempts,
        status: 200,
        served: { tier: candidate.tier, rank: candidate.roleRank, costUsd, listUsd },
      });
      return;
    }
    rests.set(index, clock.now() + REST_MS);
  }
  measure.add({ ...ending, attempts, status: last === 0 ? 503 : last, served: null });
}

/** Plays the day of a setting with a baseline in place of Freeway. */
export async function playBaseline(setting: Setting, baseline: SimpleBaseline): Promise<Omit<Day, 'store'>> {
  const { providers, arrivals, sources } = toScene(setting);
  const random = createRandom(setting.seed + 1);
  const clock = createFakeClock(START_MS, { seed: setting.seed });
  const { lengthMs, foreign } = setting;
  const truthOf = (request: number) => arrivals[request] ?? { inputTokens: 0, outputTokens: 0 };
  const network = createNetwork({ clock, random, providers, foreign, lengthMs, truthOf });
  const measure = createMeasure(lengthMs);
  const { candidates } = toFleet(providers);
  const stage: Stage = {
    baseline,
    setting,
    clock,
    random,
    network,
    candidates,
    measure,
    rests: new Map(),
    counts: new Map(),
    turn: 0,
  };
  const arrive = (request: number): void => {
    const arrival = arrivals[request];
    if (arrival) void live(stage, request, arrival);
    const next = arrivals[request + 1];
    if (next) clock.schedule(START_MS + next.atMs - clock.now(), () => arrive(request + 1));
  };
  clock.schedule(arrivals[0]?.atMs ?? 0, () => arrive(0));
  await clock.advance(lengthMs + 120_000);
  for (const { atMs } of network.refusals) measure.binAt(atMs - START_MS).limited++;
  return {
    setting: { ...setting, name: baseline },
    sources,
    arrivals,
    measure,
    network,
    startMs: START_MS,
    instances: 1,
    killed: 0,
    comebacks: { asked: 0, lifted: 0, served: 0 },
  };
}
