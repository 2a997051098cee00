// Paired rounds: every round asks every target once, in shuffled order, with one request in flight; what counts is the difference to `direct`.
import { openConnection, type Connection, type Timing } from './connection.ts';
import { toRequest, type Scenario } from './scenarios.ts';
import { shuffle } from './stats.ts';
import type { Target } from './targets.ts';

/** What one target did in all rounds, by round. */
export interface Series {
  readonly target: string;
  /** To the first event of a stream, or to the end of a JSON answer, us. */
  readonly waitedUs: number[];
  /** The same minus what `direct` took in that round. */
  readonly addedUs: number[];
  /** Events under way from provider to driver, us; empty for JSON. */
  readonly transitUs: number[];
  /** Replies that were not what was asked for: another status, missing or reordered events. */
  failed: number;
}

export interface PairedOptions {
  readonly scenario: Scenario;
  readonly warmUps: number;
  readonly rounds: number;
  readonly random: () => number;
}

interface Lane {
  readonly series: Series;
  readonly ask: () => Promise<Timing>;
  /** Begins what is to be under way beside the question; null when nothing is. */
  readonly begin: (() => Promise<Timing>) | null;
  readonly close: () => void;
}

/**
 * A connection whose replies are awaited; a broken one rejects the request in flight. One that was closed while nothing was
 * asked, as servers do with idle ones, is opened again.
 */
async function openAsking(
  target: Target,
  { name, body, marks }: { name: string; body: string; marks: boolean },
): Promise<{ ask: () => Promise<Timing>; close: () => void }> {
  const request = toRequest(body, target.headers);
  let fail: (error: Error) => void = () => undefined;
  let connection: Connection | null = null;
  const open = (): Promise<Connection> =>
    openConnection({
      port: target.port,
      marks,
      onLost: (reason) => {
        connection = null;
        fail(new Error(`${target.name}, ${name}: ${reason}`));
      },
    });
  const ask = async (): Promise<Timing> => {
    const current = (connection ??= await open());
    return new Promise((resolve, reject) => {
      fail = reject;
      current.send(request, resolve);
    });
  };
  connection = await open();
  return { ask, close: () => connection?.close() };
}

async function openLane(target: Target, { scenario }: PairedOptions): Promise<Lane> {
  const { name, body, directive } = scenario;
  const own = await openAsking(target, { name, body, marks: directive.chunks > 0 });
  const other =
    scenario.beside === undefined ? null : await openAsking(target, { name, body: scenario.beside, marks: false });
  return {
    ask: own.ask,
    begin: other?.ask ?? null,
    close: () => {
      own.close();
      other?.close();
    },
    series: { target: target.name, waitedUs: [], addedUs: [], transitUs: [], failed: 0 },
  };
}

/** Whether a reply is the one that was asked for. */
function isWhole({ status, firstUs, transitUs, inOrder }: Timing, { directive }: Scenario): boolean {
  return status === 200 && firstUs !== null && inOrder && transitUs.length === directive.chunks;
}

async function playRound(lanes: readonly Lane[], { scenario, random }: PairedOptions): Promise<Map<Lane, number>> {
  const waited = new Map<Lane, number>();
  for (const lane of shuffle(lanes, random)) {
    const under = lane.begin?.();
    const timing = await lane.ask();
    await under;
    if (!isWhole(timing, scenario)) lane.series.failed++;
    for (const transit of timing.transitUs) lane.series.transitUs.push(transit);
    waited.set(lane, scenario.directive.chunks > 0 ? (timing.firstUs ?? timing.totalUs) : timing.totalUs);
  }
  return waited;
}

/** Plays one scenario. The first target is `direct`. Rejects when a target breaks a connection. */
export async function playPaired(targets: readonly Target[], options: PairedOptions): Promise<readonly Series[]> {
  const lanes: Lane[] = [];
  try {
    for (const target of targets) lanes.push(await openLane(target, options));
    // In turn, so that no connection lies idle for as long as the slowest target takes.
    for (let done = 0; done < options.warmUps; done++) for (const { ask } of lanes) await ask();
    for (let round = 0; round < options.rounds; round++) {
      const waited = await playRound(lanes, options);
      const direct = waited.get(lanes[0] as Lane) ?? Number.NaN;
      for (const [{ series }, waitedUs] of waited) {
        series.waitedUs.push(waitedUs);
        series.addedUs.push(waitedUs - direct);
      }
    }
  } finally {
    for (const { close } of lanes) close();
  }
  return lanes.map(({ series }) => series);
}
