// Slices: a closed loop of some connections against one target at a time, in shuffled cycles; what counts is requests per second and CPU per request.
import { openConnection, type Connection } from './connection.ts';
import { readCpuUs } from './cpu.ts';
import { toRequest, type Scenario } from './scenarios.ts';
import { median, percentile, shuffle } from './stats.ts';
import type { Target } from './targets.ts';

export interface SliceOptions {
  readonly scenario: Scenario;
  readonly connections: number;
  /** How long each target is asked before any of it counts, ms. */
  readonly warmSliceMs: number;
  readonly sliceMs: number;
  readonly cycles: number;
  readonly random: () => number;
  /** The simulated provider's process: with the driver's own, it must not be what limits the rate. */
  readonly rigPid: number;
  /** Driver and simulated provider share one core. */
  readonly rigShares: boolean;
}

/** One slice. Nulls where the system does not tell processor times. */
interface Slice {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly failed: number;
  readonly cpuUs: number | null;
  readonly busyShare: number | null;
  readonly rigShare: number | null;
}

export interface Throughput extends Slice {
  readonly target: string;
  readonly connections: number;
  /** Why the rate says nothing about the target; null when it does. */
  readonly limitedBy: string | null;
}

/** A driver or provider busier than this is what limits the rate. */
const RIG_LIMIT = 0.8;
/** A target that had less of its core was kept off it by other work on this machine. */
const OWN_LEAST = 0.6;
/** So many times faster than a target the rig must be without it. */
const HEADROOM = 3;

interface Tally {
  readonly waitedUs: number[];
  failed: number;
}

/** Keeps one request in flight on a connection until the time is over. Resolves after its last reply. */
function loop(
  connection: Connection,
  request: Buffer,
  { tally, untilMs }: { tally: Tally; untilMs: number },
): Promise<void> {
  return new Promise((resolve) => {
    const next = (): void =>
      connection.send(request, ({ status, totalUs }) => {
        tally.waitedUs.push(totalUs);
        if (status !== 200) tally.failed++;
        if (performance.now() < untilMs) next();
        else resolve();
      });
    next();
  });
}

async function drive(target: Target, options: SliceOptions): Promise<{ tally: Tally; wallMs: number }> {
  const request = toRequest(options.scenario.body, target.headers);
  const tally: Tally = { waitedUs: [], failed: 0 };
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const onLost = (reason: string): void =>
    reject(new Error(`${target.name}, ${options.connections} connections: ${reason}`));
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () => openConnection({ port: target.port, marks: false, onLost })),
  );
  const startedAt = performance.now();
  try {
    const loops = connections.map((connection) =>
      loop(connection, request, { tally, untilMs: startedAt + options.sliceMs }),
    );
    await Promise.race([Promise.all(loops), lost]);
  } finally {
    for (const connection of connections) connection.close();
  }
  return { tally, wallMs: performance.now() - startedAt };
}

const since = (before: number | null, pid: number): number | null => {
  const now = readCpuUs(pid);
  return before === null || now === null ? null : now - before;
};

async function playSlice(target: Target, options: SliceOptions): Promise<Slice> {
  const pids = [target.pid, options.rigPid, process.pid] as const;
  const before = pids.map(readCpuUs);
  const { tally, wallMs } = await drive(target, options);
  const [own = null, provider = null, driver = null] = pids.map((pid, index) => since(before[index] ?? null, pid));
  const wallUs = wallMs * 1e3;
  const rig = options.rigShares ? (provider ?? 0) + (driver ?? 0) : Math.max(provider ?? 0, driver ?? 0);
  return {
    perSecond: tally.waitedUs.length / (wallMs / 1e3),
    p50Us: percentile(tally.waitedUs, 0.5),
    p99Us: percentile(tally.waitedUs, 0.99),
    failed: tally.failed,
    cpuUs: own === null ? null : own / tally.waitedUs.length,
    busyShare: own === null ? null : own / wallUs,
    rigShare: provider === null || driver === null ? null : rig / wallUs,
  };
}

const medianOf = (slices: readonly Slice[], of: (slice: Slice) => number | null): number | null => {
  const values = slices.map(of).filter((value) => value !== null);
  return values.length === 0 ? null : median(values);
};

/** Whether the rig, not the target, has set the rate. */
function toLimit(slice: Slice, directPerSecond: number): string | null {
  if (slice.rigShare !== null && slice.rigShare > RIG_LIMIT)
    return `driver and provider were ${Math.round(slice.rigShare * 100)} % busy`;
  if (slice.busyShare !== null && slice.busyShare < OWN_LEAST)
    return `other work left it ${Math.round(slice.busyShare * 100)} % of its core`;
  if (directPerSecond >= HEADROOM * slice.perSecond) return null;
  return `without it the rig makes only ${(directPerSecond / slice.perSecond).toFixed(1)} times as many`;
}

/** Plays all cycles. The first target is `direct`, which shows what the rig itself can do. */
export async function playSlices(targets: readonly Target[], options: SliceOptions): Promise<readonly Throughput[]> {
  const slices = new Map<Target, Slice[]>(targets.map((target) => [target, []]));
  for (const target of targets) await playSlice(target, { ...options, sliceMs: options.warmSliceMs });
  for (let cycle = 0; cycle < options.cycles; cycle++)
    for (const target of shuffle(targets, options.random)) slices.get(target)?.push(await playSlice(target, options));
  const results = targets.map((target) => {
    const own = slices.get(target) ?? [];
    const slice: Slice = {
      perSecond: medianOf(own, ({ perSecond }) => perSecond) ?? 0,
      p50Us: medianOf(own, ({ p50Us }) => p50Us) ?? 0,
      p99Us: medianOf(own, ({ p99Us }) => p99Us) ?? 0,
      failed: own.reduce((sum, { failed }) => sum + failed, 0),
      cpuUs: medianOf(own, ({ cpuUs }) => cpuUs),
      busyShare: medianOf(own, ({ busyShare }) => busyShare),
      rigShare: medianOf(own, ({ rigShare }) => rigShare),
    };
    return { target: target.name, connections: options.connections, ...slice };
  });
  const direct = results[0]?.perSecond ?? 0;
  return results.map((result, index) => ({ ...result, limitedBy: index === 0 ? null : toLimit(result, direct) }));
}
