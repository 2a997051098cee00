// The runs that must hold, each with the bounds it is held to.
import type { Day, Setting } from './scene.ts';
import { minuteProviders } from './world.ts';
import type { Figures } from './verdict.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Instances as a function platform runs them; estimates, keys, clocks and writes as imperfect as in life. */
const real: Omit<Setting, 'name' | 'demand'> = {
  shape: 'steady',
  paid: true,
  hosting: { kind: 'lambda', idleMs: 300_000 },
  lengthMs: DAY_MS,
  estimateError: 0.35,
  foreign: true,
  lostSettles: 0.01,
  skewMs: 2_000,
  kills: null,
  outage: null,
  volley: null,
  seed: 7,
  maxWaitMs: 15_000,
};
const perfect = { estimateError: 0, foreign: false, lostSettles: 0 } as const;

/** What a run must show. Shares are 0..1; absent is not asked. */
export interface Bounds {
  readonly provider429sPer1000?: number;
  readonly freeShare?: number;
  readonly freeUsed?: number;
  readonly success?: number;
  /** Of the refused that came back when told to, the share for which free quota had come back. */
  readonly lifted?: number;
  /** Reads before the first byte, writes before it and writes after it: so many of each at most, for 95 of 100 requests. */
  readonly storeCalls?: number;
}

export interface Scenario {
  readonly setting: Setting;
  readonly bounds: Bounds;
}

const toScenario = (setting: Partial<Setting> & Pick<Setting, 'name' | 'demand'>, bounds: Bounds): Scenario => ({
  setting: { ...real, ...setting },
  bounds,
});

/**
 * Of what is free, by the providers' books and to the last unit: at a demand somewhat above it, and far above it. In half an hour less, at the
 * beginning of which nobody knows yet that there will not be enough.
 */
const leastUsed = { day: { used: 0.97, flooded: 0.95 }, short: { used: 0.93, flooded: 0.93 } } as const;

/** Among the few requests of a short run, a handful of refusals are many per 1,000. */
const FEW = 4;

/** Demands from well below what is free to far above it. */
function toLoads(day: Partial<Setting>, short: boolean): readonly Scenario[] {
  const { used, flooded } = short ? leastUsed.short : leastUsed.day;
  const calls = short ? {} : { storeCalls: 1 };
  return [
    toScenario({ ...day, name: '60 %', demand: 0.6 }, { provider429sPer1000: 0, freeShare: 1, success: 1, ...calls }),
    toScenario(
      { ...day, name: '85 %', demand: 0.85 },
      { provider429sPer1000: short ? FEW : 0.5, freeShare: 0.995, success: 1, ...calls },
    ),
    toScenario(
      { ...day, name: '120 %, paid', demand: 1.2 },
      { provider429sPer1000: 5, freeUsed: used, success: 0.999, ...calls },
    ),
    toScenario(
      { ...day, name: '200 %, paid', demand: 2 },
      { provider429sPer1000: 10, freeUsed: flooded, success: 0.999, ...calls },
    ),
    toScenario(
      { ...day, name: '120 %, no paid', demand: 1.2, paid: false },
      { provider429sPer1000: 5, freeUsed: used, lifted: 1, ...calls },
    ),
  ];
}

/** All runs; `short` ones last minutes instead of a day. */
export function toScenarios(short: boolean): readonly Scenario[] {
  const lengthMs = short ? HOUR_MS / 2 : DAY_MS;
  const day = short ? { lengthMs, providers: minuteProviders } : { lengthMs };
  const kills = { everyMs: lengthMs / 12, share: 1 / 3 };
  const thousand = {
    ...day,
    hosting: { kind: 'spread', count: short ? 200 : 1_000 } as const,
    lengthMs: short ? HOUR_MS / 4 : HOUR_MS / 3,
    volley: { everyMs: 300_000, count: short ? 200 : 1_000 },
  };
  return [
    ...toLoads(day, short),
    toScenario(
      { ...day, ...perfect, name: '120 %, perfect estimates', demand: 1.2 },
      { provider429sPer1000: 0, success: 0.999 },
    ),
    toScenario(
      { ...day, name: '120 %, a third killed', demand: 1.2, kills },
      { provider429sPer1000: 5, success: 0.999 },
    ),
    toScenario({ ...thousand, name: '120 %, many instances', demand: 1.2 }, { provider429sPer1000: 5, success: 0.999 }),
    toScenario(
      { ...thousand, ...perfect, name: '120 %, many, perfect', demand: 1.2 },
      { provider429sPer1000: 0, success: 0.999 },
    ),
    toScenario(
      { ...day, name: '85 %, store down 30 s', demand: 0.85, outage: { fromMs: lengthMs / 2, forMs: 30_000 } },
      { provider429sPer1000: 5, success: 1 },
    ),
    toScenario(
      { ...day, name: '120 %, trace', demand: 1.2, shape: 'trace' },
      { provider429sPer1000: 5, success: 0.999 },
    ),
    toScenario(
      { ...day, name: '85 %, diurnal', demand: 0.85, shape: 'diurnal' },
      { provider429sPer1000: 5, success: 0.999 },
    ),
    toScenario(
      { ...day, name: '85 %, bursts', demand: 0.85, shape: 'burst' },
      { provider429sPer1000: 5, success: 0.999 },
    ),
  ];
}

/** What is wrong with a run; nothing when it holds. */
export function findFaults(figures: Figures, bounds: Bounds): string[] {
  const faults: string[] = [];
  const { callers429, provider429sPer1000, freeShare, freeUsed, success, comebacks } = figures;
  const least = (what: string, value: number, bound: number | undefined): void => {
    if (bound !== undefined && value < bound)
      faults.push(`${what} is ${(value * 100).toFixed(2)} %, less than ${(bound * 100).toFixed(1)} %`);
  };
  if (callers429 > 0) faults.push(`${callers429} callers got a 429`);
  const most = bounds.provider429sPer1000;
  if (most !== undefined && provider429sPer1000 > most)
    faults.push(`providers sent ${provider429sPer1000.toFixed(2)} refusals per 1,000, more than ${most}`);
  least('free share', freeShare, bounds.freeShare);
  least('use of what is free', freeUsed, bounds.freeUsed);
  least('success', success, bounds.success);
  if (figures.refusedWithoutRetryAfter > 0)
    faults.push(`${figures.refusedWithoutRetryAfter} were refused without a time to come back`);
  if (comebacks.asked > 0) least('right times to come back', comebacks.lifted / comebacks.asked, bounds.lifted);
  return faults;
}

/** What a run may cost, as a share of one paid model for everything. */
const MOST_COST = 0.5;

/** What is wrong with what a run cost beside one paid model; nothing when it holds. */
export function findDearness(costUsd: number, onePaidModelUsd: number): string[] {
  const share = costUsd / onePaidModelUsd;
  return share <= MOST_COST
    ? []
    : [`it cost ${(share * 100).toFixed(1)} % of one paid model, more than ${MOST_COST * 100} %`];
}

/** What is wrong with the share of hard prompts that strong models answered, beside that of plain lowest pressure; nothing when it is higher. */
export function findWeakness(strongShare: number | null, plainShare: number | null): string[] {
  return strongShare !== null && plainShare !== null && strongShare > plainShare
    ? []
    : [
        `strong models answered no more of the hard prompts than by lowest pressure: ${strongShare} beside ${plainShare}`,
      ];
}

/** The store's bill and load in a run of single-concurrency instances. */
export interface StoreFigures {
  readonly readsBeforeP95: number;
  readonly writesBeforeP95: number;
  readonly writesAfterP95: number;
  readonly hottestPerSecond: number;
  readonly largestItemBytes: number;
  readonly usdPerMillion: number;
}

/** Writes to one item in a second, and its bytes: below these. DynamoDB takes 1,000 a second of up to 1 KB. */
const HOTTEST_PER_SECOND = 500;
const LARGEST_BYTES = 1_024;

/** What is wrong with what the store had to do; nothing when it holds. */
export function findStoreFaults(store: StoreFigures, { storeCalls = Infinity }: Bounds): string[] {
  const faults: string[] = [];
  const most = (what: string, value: number, bound: number): void => {
    if (value > bound) faults.push(`${what}: ${value}, more than ${bound}`);
  };
  most('reads before the first byte, p95', store.readsBeforeP95, storeCalls);
  most('writes before the first byte, p95', store.writesBeforeP95, storeCalls);
  most('writes after the first byte, p95', store.writesAfterP95, storeCalls);
  most('writes to one item in a second', store.hottestPerSecond, HOTTEST_PER_SECOND - 1);
  most('bytes of an item', store.largestItemBytes, LARGEST_BYTES - 1);
  return faults;
}

/** US dollars per million read and write units on demand, us-east-1. */
const READ_USD = 0.125;
const WRITE_USD = 0.625;

export function toStoreFigures({ measure, store }: Day): StoreFigures {
  const calls = measure.endings.flatMap(({ calls }) => (calls === null ? [] : [calls]));
  const p95 = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
  const requests = Math.max(1, measure.endings.length);
  return {
    readsBeforeP95: p95(calls.map(({ readsBefore }) => readsBefore)),
    writesBeforeP95: p95(calls.map(({ writesBefore }) => writesBefore)),
    writesAfterP95: p95(calls.map(({ writesAfter }) => writesAfter)),
    hottestPerSecond: store.hottestPerSecond,
    largestItemBytes: store.largestItemBytes,
    usdPerMillion: (store.readUnits * READ_USD + store.writeUnits * WRITE_USD) / requests,
  };
}
