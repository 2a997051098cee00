// How long a decision takes in process: parse, classify, estimate and decide over 500 candidates whose quotas are used to different degrees.
import { createLedger, type Ledger } from '#lambda/gateway/ledger.ts';
import { toChatProfile } from '#lambda/gateway/chat.ts';
import type { Fleet } from '#lambda/gateway/fleet.ts';
import { choose } from '#lambda/routing/choose.ts';
import type { Policy } from '#lambda/routing/policy.ts';
import { openaiChat } from '#lambda/wire/index.ts';
import type { InProcess } from './in-process.ts';
import { decisionBodies } from './scenarios.ts';
import { createRandom, percentile } from './stats.ts';
import { nowUs } from './stopwatch.ts';

export interface DecisionTime {
  readonly body: string;
  readonly bytes: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly runs: number;
}

/** What is asked for in the bench: the defaults. */
export const policy: Policy = {
  paid: 'fallback',
  strategy: 'free-first',
  noTraining: false,
  only: null,
  ignore: [],
  failover: true,
  rescue: true,
  maxWaitMs: 15_000,
};

/** Takes shares of very different size from the candidates' pools. */
async function fillPools(ledger: Ledger, fleet: Fleet): Promise<void> {
  const random = createRandom(7);
  const everyFew = fleet.candidates.keys().filter((index) => index % 7 === 0);
  for (const index of everyFew)
    await ledger.reserve(
      index,
      { requests: 1, tokens: Math.floor(random() * 1e11) },
      { lastResort: false, mostUsd: 0 },
    );
  // A refresh reads some of the books at a time.
  for (let batch = 0; batch < 4; batch++) await ledger.refresh(null);
}

/** From the body's bytes to the candidate that is tried first; the path every chat request goes before its first write. */
function createDecision({ fleet, ledger, body }: { fleet: Fleet; ledger: Ledger; body: Buffer }): () => number {
  const wire = openaiChat;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const random = createRandom(11);
  return () => {
    const question = wire.parseQuestion(JSON.parse(decoder.decode(body)));
    const selector = fleet.names.parse(question.model);
    if (selector === null) throw new Error(`there is no model "${question.model}"`);
    const nowMs = Date.now();
    return choose({
      candidates: fleet.candidates,
      standings: ledger.standings(nowMs),
      selector,
      profile: toChatProfile(question),
      policy,
      tried: new Set(),
      refused: new Map(),
      lastResort: false,
      nowMs,
      jitter: random(),
    }).best;
  };
}

const PASSES = 3;
/** Until code is as fast as on a server that has been asked some thousand times. */
const WARM_RUNS = 3_000;
const FEWEST_RUNS = 1_000;

/** Times the decision for every body, `runs` times for the smallest and fewer for the larger ones; the calmest of some passes counts. */
export async function timeDecisions({ deps }: InProcess, runs: number): Promise<readonly DecisionTime[]> {
  const ledger = createLedger(deps);
  await fillPools(ledger, deps.fleet);
  return Object.entries(decisionBodies).map(([name, text]) => {
    const body = Buffer.from(text);
    const run = createDecision({ fleet: deps.fleet, ledger, body });
    const count = Math.max(FEWEST_RUNS, Math.round(runs / PASSES / (1 + body.length / 5_000)));
    timePass(run, WARM_RUNS);
    const passes = Array.from({ length: PASSES }, () => timePass(run, count));
    const [calmest] = passes.sort((a, b) => a.p99Us - b.p99Us);
    return { body: name, bytes: body.length, p50Us: Number.NaN, p99Us: Number.NaN, ...calmest, runs: count };
  });
}

/** How long one decision takes among `count` in a row. */
function timePass(run: () => number, count: number): { p50Us: number; p99Us: number } {
  const tookUs: number[] = [];
  for (let done = 0; done < count; done++) {
    const startedUs = nowUs();
    if (run() < 0) throw new Error('the decision found no candidate');
    tookUs.push(nowUs() - startedUs);
  }
  return { p50Us: percentile(tookUs, 0.5), p99Us: percentile(tookUs, 0.99) };
}
