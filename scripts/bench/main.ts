// `npm run bench`: what Freeway adds to a request, against the provider itself and a bare proxy, all in one run.
import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { readArguments, runCommand } from '../arguments.ts';
import { ensureUiApart } from '../ui/apart.ts';
import { toMachine, toPairedRows, type Board, type Memory, type PairedRow } from './board.ts';
import { pin, readRssMb, readSteal } from './cpu.ts';
import { timeChoices } from './choice.ts';
import { policy, timeDecisions } from './decision.ts';
import { measureEstimates } from './estimates.ts';
import { judge, judgeInits, type Gate } from './gates.ts';
import { measureGrowth, type Growth } from './growth.ts';
import { startInProcess } from './in-process.ts';
import { timeInits } from './inits.ts';
import { timeInvocations } from './invocations.ts';
import { playPaired } from './paired.ts';
import { full, quick, type Plan } from './plans.ts';
import { renderBoard, renderGates, toInitSection, writeBoard } from './report.ts';
import { beside, burst, busier, busy, dead, large, paced, small, tools, type Scenario } from './scenarios.ts';
import { playSlices, type Throughput } from './slices.ts';
import { createRandom } from './stats.ts';
import { countStoreCalls } from './store-calls.ts';
import { timeStarts } from './starts.ts';
import { startTargets, type Target, type Targets } from './targets.ts';

const USAGE = `npm run bench -- [--quick] [--check] [--init] [--peers] [--peer-node <path>] [--out <folder>]
  --quick   fewer rounds and connections; under five minutes
  --check   exit with 1 when a gate does not hold, after measuring once more
  --init    only how long the Lambda function initialises
  --peers   measure other gateways too; installs them into a temporary folder
            --peer-node <path>: run by this Node, for example that of their own image, instead of the one that runs Freeway
  --out     folder for the result as JSON, board and chart (default .bench)`;

const scenarios: readonly Scenario[] = [small, tools, large, burst, paced, busy, busier, beside, dead];

/** Memory is idle so long after a start, and rested so long after the last request, ms. */
const IDLE_MS = 8_000;
const REST_MS = 40_000;

interface Rig {
  readonly targets: Targets;
  readonly plan: Plan;
  readonly random: () => number;
}

const say = (text: string): void => console.log(text);

async function measureInside(
  plan: Plan,
): Promise<Pick<Board, 'decisions' | 'choices' | 'estimates' | 'storeCalls' | 'starts' | 'inits' | 'invocations'>> {
  say('Starts ...');
  const starts = await timeStarts(plan.starts);
  const inits = await timeInits(plan.inits);
  say('Decision, store calls and invocations, in process ...');
  const inside = await startInProcess();
  try {
    const storeCalls = await countStoreCalls(inside, 500);
    const decisions = await timeDecisions(inside, plan.decisionRuns);
    const choices = timeChoices(inside.deps.fleet.candidates, policy, plan.decisionRuns);
    const estimates = measureEstimates(plan.estimateRuns);
    const invocations = await timeInvocations(inside, plan.invocations);
    return { starts, inits, storeCalls, decisions, choices, estimates, invocations };
  } finally {
    await inside.close();
  }
}

/** Direct and reference as ever, and the Freeway that has dead providers. */
function toDead({ list, lame }: Targets): readonly Target[] {
  const [direct, reference] = list;
  if (!direct || !reference || lame === null) throw new Error('the second Freeway was not started');
  return [direct, reference, { ...lame, name: 'freeway' }];
}

async function measurePaired({ targets, plan, random }: Rig, scenario: Scenario): Promise<PairedRow[]> {
  say(`Paired: ${scenario.name} ...`);
  const isPaced = scenario.directive.paceMs > 0;
  const series = await playPaired(scenario === dead ? toDead(targets) : targets.list, {
    scenario,
    // What comes before has warmed the code up for a stream that takes its time.
    warmUps: isPaced ? 3 : scenario === small ? plan.firstWarmUps : plan.warmUps,
    rounds: isPaced ? plan.pacedRounds : plan.rounds,
    random,
  });
  return toPairedRows(scenario.name, series);
}

/** Every target, and Freeway asked with a key that nobody has. */
function toLooped({ list }: Targets): readonly Target[] {
  const freeway = list.find(({ name }) => name === 'freeway');
  return freeway ? [...list, { ...freeway, name: 'freeway, wrong key', headers: WRONG_KEY }] : list;
}

const WRONG_KEY = { authorization: 'Bearer fwy_a-key-that-nobody-has-0123456789' };

async function measureThroughput({ targets, plan, random }: Rig): Promise<Throughput[]> {
  const looped = toLooped(targets);
  const [provider, ...measured] = looped;
  if (!provider) return [];
  // Driver and provider stay on core 0; what is measured gets core 1 for itself.
  const pinned = measured.every(({ pid }) => pin(pid, 1));
  const results: Throughput[] = [];
  for (const connections of plan.connections) {
    say(`Closed loop: ${connections} connections ...`);
    const options = { scenario: small, connections, random };
    const { warmSliceMs, sliceMs, cycles } = plan;
    results.push(
      ...(await playSlices(looped, {
        ...options,
        warmSliceMs,
        sliceMs,
        cycles,
        rigPid: provider.pid,
        rigShares: pinned,
      })),
    );
  }
  return results;
}

async function measureMemory({ targets: { list }, plan }: Rig): Promise<Growth[]> {
  const freeway = list.find(({ name }) => name === 'freeway');
  if (!freeway) return [];
  say(`Memory over ${plan.growth.requests} requests ...`);
  pin(freeway.pid, 1);
  const growth = await measureGrowth(freeway, plan.growth);
  return growth === null ? [] : [growth];
}

/** Plays every scenario and the closed loops. A target that breaks off one of them is told of, and the rest goes on. */
async function measureOutside(
  rig: Rig,
  notRun: string[],
): Promise<Pick<Board, 'paired' | 'throughput' | 'memory' | 'growth' | 'pinned'>> {
  const { list } = rig.targets;
  const { lame } = rig.targets;
  const pids = [process.pid, ...list.map(({ pid }) => pid), ...(lame ? [lame.pid] : [])];
  const pinned = pids.every((pid) => pin(pid, 0));
  if (!pinned) notRun.push('pinning to cores: taskset is not available here, so the figures are noisier');
  const readAll = (): (number | null)[] => list.map(({ pid }) => readRssMb(pid));
  await pause(IDLE_MS);
  const idle = readAll();
  const attempt = async <T>(name: string, act: () => Promise<T[]>): Promise<T[]> => {
    try {
      return await act();
    } catch (error) {
      notRun.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  };
  const paired: PairedRow[] = [];
  for (const scenario of scenarios) paired.push(...(await attempt(scenario.name, () => measurePaired(rig, scenario))));
  let throughput: Throughput[] = [];
  if (cpus().length < 2) notRun.push('closed loop: needs two cores, one for the target alone');
  else throughput = await attempt('closed loop', () => measureThroughput(rig));
  const after = readAll();
  say(`Memory at rest, after ${REST_MS / 1_000} s ...`);
  await pause(REST_MS);
  const memory: Memory[] = list.map(({ name, pid }, index) => ({
    target: name,
    idleMb: idle[index] ?? null,
    afterMb: after[index] ?? null,
    restedMb: readRssMb(pid),
  }));
  const [growth = null] = await attempt('memory growth', () => measureMemory(rig));
  return { paired, throughput, memory, growth, pinned };
}

/** Measures once more what did not hold: noise seldom strikes twice. */
async function repeatFailed(rig: Rig, board: Board, gates: readonly Gate[]): Promise<Board> {
  const again = new Set(gates.filter(({ passed }) => !passed).map(({ repeat }) => repeat));
  const failed = scenarios.filter(({ name }) => again.has(name));
  if (failed.length === 0) return board;
  say(`\nSome gates did not hold; measuring once more.`);
  for (const { pid } of rig.targets.list) pin(pid, 0);
  const rows: PairedRow[] = [];
  for (const scenario of failed) rows.push(...(await measurePaired(rig, scenario)));
  return { ...board, paired: [...board.paired.filter(({ scenario }) => !again.has(scenario)), ...rows] };
}

async function run({
  plan,
  check,
  peerNode,
}: {
  plan: Plan;
  check: boolean;
  peerNode: string | null;
}): Promise<{ board: Board; gates: readonly Gate[] }> {
  const startedAt = new Date().toISOString();
  // Else the servers under test would begin by building it.
  await ensureUiApart();
  const stealBefore = readSteal();
  const inside = await measureInside(plan);
  const targets = await startTargets(peerNode);
  try {
    const rig: Rig = { targets, plan, random: createRandom(Date.now()) };
    const notRun = [...targets.missing];
    const outside = await measureOutside(rig, notRun);
    const stealAfter = readSteal();
    const stolenShare =
      stealBefore && stealAfter ? (stealAfter[0] - stealBefore[0]) / (stealAfter[1] - stealBefore[1]) : null;
    const board: Board = { startedAt, machine: toMachine(), stolenShare, ...inside, ...outside, notRun };
    const gates = judge(board);
    if (!check || gates.every(({ passed }) => passed)) return { board, gates };
    const second = await repeatFailed(rig, board, gates);
    return { board: second, gates: judge(second) };
  } finally {
    await targets.stop();
  }
}

async function main(): Promise<number> {
  const { values } = readArguments(USAGE, {
    options: {
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      init: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      'peer-node': { type: 'string', default: process.execPath },
      out: { type: 'string', default: '.bench' },
    },
  });
  if (values.init) {
    const inits = await timeInits(quick.inits);
    const gate = judgeInits(inits);
    say(`${toInitSection(inits)}\n\n${renderGates([gate])}`);
    return values.check && !gate.passed ? 1 : 0;
  }
  const { board, gates } = await run({
    plan: values.quick ? quick : full,
    check: values.check,
    peerNode: values.peers ? values['peer-node'] : null,
  });
  say(`\n${renderBoard(board)}\n\n${renderGates(gates)}\n`);
  say(`Written to ${writeBoard(board, gates, values.out)}`);
  return values.check && gates.some(({ passed }) => !passed) ? 1 : 0;
}

// Every process and folder is ended with this one.
process.setMaxListeners(100);
// Leaving by way of exit() ends the processes that were started.
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
await runCommand(main);
process.exit();
