// Benching of candidates: rests (told to stay away) and the breaker (keeps failing), as numbers in the book.
import type { ProviderFailureKind } from '#shared/failures.ts';
import type { Item } from '#shared/items.ts';
import { noOps, numberIn, toAttr, type Draft, type Ops } from './pools-ops.ts';

/** Failures in a row that open the breaker. Only failures of health count: a 429 or a caller's mistake never does. */
export const failuresToOpen = 3;
const firstOpenMs = 5_000;
const longestOpenMs = 300_000;
/** Recovery takes this long from the probe that succeeded. */
export const recoveryMs = 30_000;
const firstShare = 0.1;
/** How long to wait before looking again while another call probes. */
export const probePollMs = 250;
/** A rest with no more than this left may be passed as a last resort. */
export const shortRestMs = 2_000;
/** In place of a mark: every candidate of the book. */
export const everyMark = '*';

const failuresAttr = toAttr('!f');
const openAttr = toAttr('!o');
const probeAttr = toAttr('!h');
const restAttr = toAttr('!r');
const reasonAttr = toAttr('!y');
const vouchedAttr = toAttr('!g');
const recoveredAttr = toAttr('!b');

/** `waitMs`: how long until a call may be tried; 0 when now. */
export interface BreakerView {
  readonly state: 'closed' | 'open' | 'half_open' | 'recovering';
  readonly waitMs: number;
  /** When the probe succeeded since which it is recovering; 0 in every other state. */
  readonly recoveredAtMs: number;
}

const closed: BreakerView = { state: 'closed', waitMs: 0, recoveredAtMs: 0 };

/** The share of requests that may prefer a candidate so long after its probe has succeeded: from a tenth, evenly to all of them. */
export const shareAfter = (sinceMs: number): number =>
  Math.min(1, firstShare + ((1 - firstShare) * Math.max(0, sinceMs)) / recoveryMs);

/** Reads the breaker of a candidate. `half_open` lets one probe through at a time; `recovering` lets all through that ask. */
export function breakerState(book: Item, mark: string, nowMs: number): BreakerView {
  const failures = numberIn(book, failuresAttr(mark));
  if (failures === undefined) return closed;
  if (failures < failuresToOpen) {
    const recoveredAtMs = numberIn(book, recoveredAttr(mark)) ?? -Infinity;
    return nowMs - recoveredAtMs < recoveryMs ? { state: 'recovering', waitMs: 0, recoveredAtMs } : closed;
  }
  const openUntilMs = numberIn(book, openAttr(mark)) ?? 0;
  if (openUntilMs > nowMs) return { state: 'open', waitMs: openUntilMs - nowMs, recoveredAtMs: 0 };
  const probeUntilMs = numberIn(book, probeAttr(mark)) ?? 0;
  const waitMs = probeUntilMs < nowMs ? 0 : Math.min(probePollMs, probeUntilMs + 1 - nowMs);
  return { state: 'half_open', waitMs, recoveredAtMs: 0 };
}

/** Adds to a reservation what keeps it from passing a breaker; null, or when the probe lease it takes runs out. Ask only when there is no wait. */
export function guardBreaker(
  draft: Draft,
  { book, mark, nowMs, leaseMs }: { book: Item; mark: string; nowMs: number; leaseMs: number },
): number | null {
  if ((numberIn(book, failuresAttr(mark)) ?? 0) < failuresToOpen) {
    draft.guards.push({ attr: failuresAttr(mark), is: 'below', value: failuresToOpen, orAbsent: true });
    return null;
  }
  draft.guards.push({ attr: openAttr(mark), is: 'atMost', value: nowMs, orAbsent: true });
  draft.guards.push({ attr: probeAttr(mark), is: 'below', value: nowMs, orAbsent: true });
  draft.set[probeAttr(mark)] = nowMs + leaseMs;
  return nowMs + leaseMs;
}

/**
 * After a success: forgets failures in a row. A successful probe begins a recovery, in which one failure opens the breaker again; the first success
 * after it ends that.
 */
export function afterSuccess(book: Item, mark: string, nowMs: number): Ops {
  const failures = numberIn(book, failuresAttr(mark));
  if (failures === undefined) return noOps;
  const { state } = breakerState(book, mark, nowMs);
  // While open, a success belongs to a call from before; only a probe may close. A recovery takes its time.
  if (state === 'open' || state === 'recovering') return noOps;
  if (state === 'closed') {
    const hasRecovered = numberIn(book, recoveredAttr(mark)) !== undefined;
    return { ...noOps, remove: [failuresAttr(mark), ...(hasRecovered ? [recoveredAttr(mark)] : [])] };
  }
  return {
    ...noOps,
    set: { [failuresAttr(mark)]: failuresToOpen - 1, [recoveredAttr(mark)]: nowMs },
    remove: [openAttr(mark)],
  };
}

/** After a failure of health: counts it, and opens the breaker at the third in a row for 5 s, twice that for each further one, up to 5 min (jitter up to -20%). */
export function afterFailure({
  book,
  mark,
  nowMs,
  random,
}: {
  book: Item;
  mark: string;
  nowMs: number;
  random: number;
}): Ops {
  // Calls that were under way when it opened say nothing new.
  if (breakerState(book, mark, nowMs).state === 'open') return noOps;
  const failures = (numberIn(book, failuresAttr(mark)) ?? 0) + 1;
  if (failures < failuresToOpen) return { ...noOps, add: { [failuresAttr(mark)]: 1 } };
  const openMs = Math.min(longestOpenMs, firstOpenMs * 2 ** (failures - failuresToOpen));
  const openUntilMs = Math.round(nowMs + openMs * (0.8 + 0.2 * random));
  return { ...noOps, set: { [failuresAttr(mark)]: failures, [openAttr(mark)]: openUntilMs } };
}

/**
 * After a health check that found the provider well: an open breaker is half open at once, and the next call tells. A check that has vouched for
 * a candidate whose call then failed all the same says nothing of it, and is not believed again in this outage.
 */
export function afterHealthy(book: Item, mark: string, nowMs: number): Ops {
  const failures = numberIn(book, failuresAttr(mark)) ?? 0;
  const vouchedAt = numberIn(book, vouchedAttr(mark)) ?? Infinity;
  if (breakerState(book, mark, nowMs).state !== 'open' || failures > vouchedAt) return noOps;
  return { ...noOps, set: { [vouchedAttr(mark)]: failures }, remove: [openAttr(mark)] };
}

/** A bench: until when, and for which failure. */
export interface Rest {
  readonly untilMs: number;
  readonly reason: ProviderFailureKind | null;
}

/** When the last rest of a mark ends or has ended, ms since the epoch; undefined where none is known. */
export const restedUntil = (book: Item, mark: string): number | undefined => numberIn(book, restAttr(mark));

/** The later of the candidate's own rest and that of the whole book; null when there is none now. */
export function restOf(book: Item, mark: string, nowMs: number): Rest | null {
  const ownMs = numberIn(book, restAttr(mark)) ?? 0;
  const allMs = numberIn(book, restAttr(everyMark)) ?? 0;
  const untilMs = Math.max(ownMs, allMs);
  if (untilMs < nowMs) return null;
  const reason = book[reasonAttr(ownMs >= allMs ? mark : everyMark)];
  return { untilMs, reason: typeof reason === 'string' ? (reason as ProviderFailureKind) : null };
}

/** Benches a candidate, or with `everyMark` the whole book. A rest that ends later stays. */
export function afterRest(book: Item, mark: string, { untilMs, reason }: Rest): Ops {
  if ((numberIn(book, restAttr(mark)) ?? 0) >= untilMs) return noOps;
  return { ...noOps, set: { [restAttr(mark)]: untilMs, ...(reason !== null && { [reasonAttr(mark)]: reason }) } };
}

/** Ends a candidate's own rest, whose reason has proved to be none. */
export const liftRest = (mark: string): Ops => ({ ...noOps, remove: [restAttr(mark), reasonAttr(mark)] });

/** Adds to a reservation what keeps it from passing a rest set meanwhile. */
export function guardRest(draft: Draft, mark: string, nowMs: number): void {
  draft.guards.push({ attr: restAttr(mark), is: 'below', value: nowMs, orAbsent: true });
  draft.guards.push({ attr: restAttr(everyMark), is: 'below', value: nowMs, orAbsent: true });
}
