// How long the choice alone takes among so many candidates, some of them resting, with quotas used to different degrees.
import { choose, isAnyPassing } from '#lambda/routing/choose.ts';
import { keepColumns } from '#lambda/routing/columns.ts';
import type { DecideInput, Standing } from '#lambda/routing/decide.ts';
import type { Policy } from '#lambda/routing/policy.ts';
import type { RequestProfile } from '#lambda/routing/profile.ts';
import type { Selector } from '#lambda/routing/selector.ts';
import type { Candidate } from '#lambda/routing/types.ts';
import { createRandom, percentile } from './stats.ts';
import { nowUs } from './stopwatch.ts';

export interface ChoiceTime {
  readonly candidates: number;
  /** All quota is to last longer, as in the first hours of a day: whether waiting would help is asked as well. */
  readonly spared: boolean;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly runs: number;
}

const cases = [
  { candidates: 50, spared: false },
  { candidates: 200, spared: false },
  { candidates: 500, spared: false },
  { candidates: 500, spared: true },
  { candidates: 5_000, spared: false },
] as const;
type Case = (typeof cases)[number];
/** Candidates that share a credential, and so its quota. */
const ALIKE = 10;
const NOW_MS = 1_000_000;

const auto: Selector = { name: 'auto', mode: null, freeOnly: false, among: null, listed: null };
const wishes = ['small', 'large', 'reasoning'] as const;

/** As many candidates as wanted, made of the fleet's. */
const toMany = (fleet: readonly Candidate[], count: number): readonly Candidate[] =>
  Array.from({ length: count }, (_, index) => ({
    ...(fleet[index % fleet.length] as Candidate),
    mark: `mark-${index}`,
  }));

/** How they stand: each credential's quota is used to another degree, and one in twenty rests, unless all is spared. */
function toStandings({ candidates: count, spared }: Case, random: () => number): Standing[] {
  const pools = Array.from({ length: Math.ceil(count / ALIKE) }, () => ({
    pressure: random(),
    overdraft: spared ? random() * 0.2 : random() - 0.7,
    shared: false,
    limits: [
      { unit: 'requests', room: 1 + Math.floor(random() * 1e6), most: 1e7, others: 0, othersAtWorst: 0 },
      { unit: 'tokens', room: 1e6 + random() * 1e11, most: 1e12, others: 0, othersAtWorst: 0 },
    ] as const,
  }));
  return Array.from({ length: count }, (_, index) => ({
    ...(pools[Math.floor(index / ALIKE)] as (typeof pools)[number]),
    restUntilMs: !spared && random() < 0.05 ? NOW_MS + 1 : 0,
    breaker: 'closed',
    recoveredAtMs: 0,
    lastUsed: Math.floor(random() * count),
    inFlight: 0,
    latencyMs: 100,
    availability: 1,
    ratio: 0.9 + random() * 0.3,
    caution: 1 + random() * 0.4,
  }));
}

const toProfile = (random: () => number): RequestProfile => ({
  kind: 'chat',
  needs: 0,
  classification: { task: 'chat', size: wishes[Math.floor(random() * wishes.length)] ?? 'large', signals: [] },
  inputTokens: 50 + Math.floor(random() * 1_000),
  outputTokens: 300,
  maxOutputTokens: null,
  audioSeconds: null,
});

function createChoice(fleet: readonly Candidate[], one: Case, policy: Policy): () => void {
  const count = one.candidates;
  const random = createRandom(13);
  const candidates = toMany(fleet, count);
  const standings = toStandings(one, random);
  const columns = keepColumns(candidates, standings);
  const [tried, refused] = [new Set<number>(), new Map<number, number>()];
  let sequence = count;
  return () => {
    const state = { tried, refused, lastResort: false, thrifty: true, nowMs: NOW_MS, jitter: random() };
    const input: DecideInput = { candidates, standings, selector: auto, profile: toProfile(random), policy, ...state };
    const { best: first, spared } = choose(input);
    const best = one.spared && spared >= 0 && !isAnyPassing(input) ? spared : first;
    if (best < 0) throw new Error('the choice found no candidate');
    // As after every call: what was used last comes last among equals.
    Object.assign(standings[best] as Standing, { lastUsed: ++sequence });
    columns.used(best, sequence);
  };
}

/** Times the choice among each number of candidates; fewer runs where there are many, and a first third that only warms up. */
export function timeChoices(fleet: readonly Candidate[], policy: Policy, runs: number): readonly ChoiceTime[] {
  return cases.map((one) => {
    const choice = createChoice(fleet, one, policy);
    const count = Math.max(1_000, Math.round((runs * 500) / Math.max(500, one.candidates)));
    const tookUs: number[] = [];
    for (let done = -count / 3; done < count; done++) {
      const startedUs = nowUs();
      choice();
      if (done >= 0) tookUs.push(nowUs() - startedUs);
    }
    return { ...one, p50Us: percentile(tookUs, 0.5), p99Us: percentile(tookUs, 0.99), runs: tookUs.length };
  });
}
