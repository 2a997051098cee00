// A process of its own: many loops that reserve from one pool through the real ledger, and tell when they got a share.
import { trueNow } from './skew.ts';
import { providers } from '#catalog/index.ts';
import { systemClock } from '#lambda/clock.ts';
import { createFleet } from '#lambda/gateway/fleet.ts';
import { createLedger, type Ledger } from '#lambda/gateway/ledger.ts';
import type { AttemptOutcome } from '#lambda/gateway/operation.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import type { Store } from '#lambda/ports.ts';
import { openTableClient } from '#lambda/store/dynamo-client.ts';
import { createDynamoStore } from '#lambda/store/dynamo.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { READY, toEntry, type RacePlan } from './plan.ts';

/** Where the books are kept: a file of SQLite, or a table of DynamoDB. */
export interface RacerJob {
  readonly plan: RacePlan;
  readonly sqlitePath: string | null;
  readonly table: string | null;
}

export interface RacerReport {
  /** When shares were taken, ms since the epoch, by the right clock. */
  readonly moments: readonly number[];
  readonly asked: number;
  /** Writes that somebody else was faster than. */
  readonly outrun: number;
  /** Writes that the store did not take: each process then keeps the limit by itself, all together no longer. */
  readonly away: number;
}

interface Counts {
  readonly moments: number[];
  asked: number;
  outrun: number;
  away: number;
}

const LONGEST_NAP_MS = 400;
/** Replies tell whole seconds: it takes a few of them to know more. */
const LEARN_MS = 3_000;

const served: AttemptOutcome = {
  failure: null,
  committed: true,
  usage: { inputTokens: 5, outputTokens: 1 },
  seenTokens: 1,
  limits: [],
  firstContentMs: 1,
  ms: 1,
};

function openStore({ sqlitePath, table }: RacerJob): Store {
  if (sqlitePath !== null) return createSqliteStore({ path: sqlitePath });
  return createDynamoStore({ table: table ?? '', client: openTableClient() });
}

/** The store, its failures counted. */
function watch(store: Store, report: Counts): Store {
  const update: Store['update'] = async (wanted) => {
    try {
      return await store.update(wanted);
    } catch (error) {
      report.away++;
      throw error;
    }
  };
  return { ...store, update };
}

/** A store tells its time with every reply. Whoever has heard it for a while, as any server has, knows it to some milliseconds. */
async function learnTime(store: Store, { skewMs = 0 }: RacePlan): Promise<void> {
  const untilMs = trueNow() + (skewMs === 0 ? 0 : LEARN_MS);
  while (trueNow() < untilMs) {
    await store.get({ pk: 'race#time', sk: 'none' });
    await systemClock.sleep(Math.random() * 40);
  }
}

async function runLoop(ledger: Ledger, untilMs: number, report: Counts) {
  const need = { requests: 1, input_tokens: 5, output_tokens: 1 };
  while (trueNow() < untilMs) {
    report.asked++;
    const reserved = await ledger.reserve(0, need, { lastResort: false, mostUsd: 0 });
    if ('reservation' in reserved) {
      report.moments.push(trueNow());
      await ledger.settle(reserved.reservation, served);
      continue;
    }
    if (reserved.outrun) report.outrun++;
    const waitMs = Math.min(LONGEST_NAP_MS, Math.max(5, reserved.refusedUntilMs - Date.now()));
    await systemClock.sleep(waitMs * (0.5 + Math.random()));
  }
}

async function race(job: RacerJob, toStart: () => Promise<number>): Promise<RacerReport> {
  const silent = (): void => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const fleet = createFleet({ entries: [toEntry(job.plan)], providers, serves: () => true });
  const report: Counts = { moments: [], asked: 0, outrun: 0, away: 0 };
  const store = watch(openStore(job), report);
  await learnTime(store, job.plan);
  const ledger = createLedger({
    fleet,
    store,
    clock: systemClock,
    log,
    metrics: createMetrics(),
    openSlices: createSlices,
  });
  await ledger.refresh(null);
  const untilMs = await toStart();
  await Promise.all(Array.from({ length: job.plan.racers }, () => runLoop(ledger, untilMs, report)));
  await store.close();
  return report;
}

/** Tells that this process is ready, and waits for the start. */
const toStart = (): Promise<number> =>
  new Promise((go) => {
    process.once('message', (untilMs) => go(untilMs as number));
    process.send?.(READY);
  });

process.once('message', (job) => {
  void race(job as RacerJob, toStart).then((report) => process.send?.(report, () => process.disconnect()));
});
