// What must hold: only ratios inside one run, counts, and bounds so wide that no noise of a machine reaches them.
import type { Board, PairedRow } from './board.ts';
import type { Inits } from './inits.ts';
import { beside, busier, busy, dead, large, small } from './scenarios.ts';

export interface Gate {
  readonly name: string;
  readonly passed: boolean;
  readonly found: string;
  /** Set when measuring again may show that it was noise: the scenario to repeat. */
  readonly repeat: string | null;
}

const TARGET = 'freeway';
/** Added p50 in units of the reference's. */
const MAX_RATIO = 1.3;
const gatedScenarios: ReadonlySet<string> = new Set([small.name, large.name]);
/** Whole decision over 500 candidates, p99. */
const MAX_DECISION_US: Readonly<Record<string, number>> = { small: 1_000, large: 5_000 };
const MAX_CALLS = { readsBefore: 1, writesBefore: 1, readsAfter: 0, writesAfter: 1 } as const;

/** Fails only when even the lower end of the interval is past the gate. */
function judgeRatio({ scenario, ratio, failed }: PairedRow): Gate {
  const low = ratio?.low ?? Infinity;
  return {
    name: `${scenario}: added p50 at most ${MAX_RATIO} x reference, every answer whole`,
    passed: low <= MAX_RATIO && failed === 0,
    found: `${ratio?.value.toFixed(2)} (${ratio?.low.toFixed(2)}..${ratio?.high.toFixed(2)}), ${failed} failed`,
    repeat: scenario,
  };
}

/** Scenarios in which providers fail, and callers must not notice. */
const faultyScenarios: ReadonlySet<string> = new Set([busy.name, busier.name, beside.name, dead.name]);

function judgeFaulty({ scenario, rounds, failed }: PairedRow): Gate {
  return {
    name: `${scenario}: every caller gets an answer`,
    passed: failed === 0,
    found: `${failed} of ${rounds} answers were none`,
    repeat: null,
  };
}

function judgePaired({ paired }: Board): Gate[] {
  const refused = paired.filter(({ target, scenario }) => target === TARGET && faultyScenarios.has(scenario));
  const rows = paired.filter(({ target, scenario }) => target === TARGET && gatedScenarios.has(scenario));
  if (rows.length > 0) return [...rows.map(judgeRatio), ...refused.map(judgeFaulty)];
  return [{ name: 'Freeway was measured', passed: false, found: 'it was not; see what was not run', repeat: null }];
}

function judgeDecisions({ decisions }: Board): Gate[] {
  return decisions.flatMap(({ body, p99Us }) => {
    const most = MAX_DECISION_US[body];
    if (most === undefined) return [];
    const name = `decision, ${body} body: p99 below ${most / 1_000} ms`;
    return [{ name, passed: p99Us < most, found: `${(p99Us / 1_000).toFixed(3)} ms`, repeat: null }];
  });
}

/** Of the estimate of tokens: whatever the size; and what it is off on the mean, once replies have taught their correction. */
const MAX_ESTIMATE = { us: 1_000, error: 0.08 } as const;

function judgeEstimates({ estimates: { times, errors } }: Board): Gate[] {
  const slowestUs = Math.max(...times.map(({ p50Us }) => p50Us));
  const worst = Math.max(...errors.map(({ corrected }) => corrected));
  return [
    {
      name: `estimate of tokens: p50 below ${MAX_ESTIMATE.us / 1_000} ms at every size`,
      passed: slowestUs < MAX_ESTIMATE.us,
      found: `${slowestUs.toFixed(0)} us`,
      repeat: null,
    },
    {
      name: `estimate of tokens: off by at most ${MAX_ESTIMATE.error * 100} % on the mean, in every vocabulary`,
      passed: worst <= MAX_ESTIMATE.error,
      found: `${(worst * 100).toFixed(1)} %`,
      repeat: null,
    },
  ];
}

function judgeStoreCalls({ storeCalls }: Board): Gate[] {
  const name = 'store: at most 1 read and 1 write before the first byte, 1 write after it (p95)';
  if (storeCalls === null) return [{ name, passed: false, found: 'not counted', repeat: null }];
  const { readsBefore, writesBefore, readsAfter, writesAfter } = storeCalls;
  const passed =
    readsBefore <= MAX_CALLS.readsBefore &&
    writesBefore <= MAX_CALLS.writesBefore &&
    readsAfter <= MAX_CALLS.readsAfter &&
    writesAfter <= MAX_CALLS.writesAfter;
  const found = `${readsBefore} and ${writesBefore} before, ${readsAfter} and ${writesAfter} after`;
  return [{ name, passed, found, repeat: null }];
}

/** Processor time of a request at saturation, after all the refusals before, in units of the reference's. */
const MAX_BUSY_RATIO = 2;

function judgeBusy({ throughput }: Board): Gate[] {
  const cpuOf = (name: string): number | null => throughput.find(({ target }) => target === name)?.cpuUs ?? null;
  const [reference, own] = [cpuOf('reference'), cpuOf(TARGET)];
  // Where the system tells no processor times, there is nothing to judge; the board says so.
  if (reference === null || own === null) return [];
  const name = `saturation: processor time of a request at most ${MAX_BUSY_RATIO} x reference`;
  const found = `${own.toFixed(0)} us, ${(own / reference).toFixed(2)} x`;
  return [{ name, passed: own <= reference * MAX_BUSY_RATIO, found, repeat: null }];
}

/** Memory after many requests, over that after the warm-up. */
const MAX_GROWTH = 1.1;

function judgeGrowth({ growth }: Board): Gate[] {
  const name = `memory: grows by less than ${Math.round((MAX_GROWTH - 1) * 100)} % with use, every answer whole`;
  // Where the system does not tell, there is nothing to judge; the board says so.
  if (growth === null) return [];
  const { warmMb, afterMb, requests, failed } = growth;
  const passed = afterMb < warmMb * MAX_GROWTH && failed === 0;
  const found = `${warmMb.toFixed(0)} to ${afterMb.toFixed(0)} MB over ${requests} requests, ${failed} failed`;
  return [{ name, passed, found, repeat: null }];
}

/** Of the Lambda function over one that does nothing; on a slow machine, in units of the latter. */
const MAX_INIT = { ms: 60, ratio: 1.2 } as const;

/** Whether the Lambda function starts fast enough. */
export function judgeInits(inits: Inits | null): Gate {
  const { ms, ratio } = MAX_INIT;
  const name = `Lambda: initialises in at most ${ms} ms more than a function that does nothing, or ${ratio} x its time more`;
  if (inits === null) return { name, passed: false, found: 'not measured', repeat: null };
  const { addedMs, nothing } = inits;
  const found = `${addedMs.toFixed(0)} ms more than ${nothing.ms.toFixed(0)} ms`;
  return { name, passed: addedMs <= Math.max(ms, ratio * nothing.ms), found, repeat: null };
}

/** All gates over one run. */
export function judge(board: Board): readonly Gate[] {
  return [
    ...judgePaired(board),
    ...judgeDecisions(board),
    ...judgeEstimates(board),
    ...judgeStoreCalls(board),
    ...judgeBusy(board),
    ...judgeGrowth(board),
    judgeInits(board.inits),
  ];
}
