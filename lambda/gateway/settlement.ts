// What the end of an attempt writes into the books: actual use, limits the provider told, rests and the breaker, and the learned token ratio.
import type { Item } from '#shared/items.ts';
import type { Amounts } from '#shared/pools.ts';
import type { ProviderFailure } from '#shared/failures.ts';
import type { Metrics } from '../ports-telemetry.ts';
import {
  afterFailure,
  afterRest,
  afterSuccess,
  everyMark,
  restedUntil,
  restOf,
  shortRestMs,
} from '../routing/breaker.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import { costUsd, listCostUsd } from '../routing/cost.ts';
import { updateRatio } from '../routing/estimate.ts';
import { absorbLimits, noUse, planSettle } from '../routing/pools.ts';
import { learnMiss } from '../routing/pools-caution.ts';
import { doubtfulUntil } from '../routing/pools-counters.ts';
import { isEmpty, mergeOps, noOps, numberIn, toAttr, type Ops } from '../routing/pools-ops.ts';
import type { Candidate } from '../routing/types.ts';
import type { ObservedLimit } from '../wire/types.ts';
import { policyFor, SHORTEST_REST_MS } from './failure-policy.ts';
import type { Reservation } from './desk.ts';
import type { AttemptOutcome } from './operation.ts';
import type { Lesson, Untold } from './refusals.ts';
import { together } from './sampling.ts';
import { ratioAttr } from './standing-facts.ts';
import { isUncounted, toUsed } from './totals.ts';

/** An attempt that is over, and who made it. */
type Spending = Pick<SettlementInput, 'candidate' | 'outcome'>;

export interface SettlementInput {
  readonly candidate: Candidate;
  readonly reservation: Reservation;
  readonly outcome: AttemptOutcome;
  /** Set where it may teach something of limits that nobody tells. */
  readonly lesson: Lesson | null;
  readonly moment: {
    readonly book: Item | null;
    /** What calls before have taught that is not in the book yet. */
    readonly taught: Item | null;
    readonly nowMs: number;
    readonly doubtMs: number | undefined;
    readonly zones: ZoneClock;
    readonly random: number;
  };
}

/** What the attempt has really used; null keeps the estimate, which is all we know of a call that broke off. */
function toActual({ candidate, outcome, reservation: { need } }: SettlementInput): Amounts | null {
  if (isUncounted(outcome)) return noUse;
  const used = toUsed(need, outcome);
  if (used === null) return null;
  const { inputTokens: input = need.input_tokens, outputTokens: output = Math.max(outcome.seenTokens, 1) } = used.usage;
  if (input === undefined) return null;
  const cost = costUsd(candidate, used.usage);
  return {
    requests: 1,
    tokens: input + output,
    input_tokens: input,
    output_tokens: output,
    ...(cost === null ? {} : { usd: cost }),
  };
}

/** What the attempt has cost, US dollars; null when nobody knows. Who answers with an error may count the call, but charges nothing for it. */
export const toCostUsd = ({ failure }: AttemptOutcome, actual: Amounts | null): number | null =>
  actual?.usd ?? (actual === null && (failure?.status ?? 0) >= 400 ? 0 : null);

/**
 * Rests after limits grow while a provider names no time: 1 s, 2 s, 4 s ... 60 s; the count is forgotten with the first success. A time that is
 * over as soon as it is told names none: calls that believe it are refused ten times a second.
 */
const LONGEST_GUESSED_REST_MS = 60_000;
const limitsAttr = toAttr('!c');

/** Whether the provider names no time, or one that names none. */
export const isGuessed = ({ kind, retryAfterMs, untilReset }: ProviderFailure): boolean =>
  kind === 'rate_limited' && (retryAfterMs ?? 0) < SHORTEST_REST_MS && untilReset !== true;

function restMs(failure: ProviderFailure, { candidate, moment }: SettlementInput): number {
  const policy = policyFor(failure);
  if (failure.untilReset) return untilReset(candidate, moment) || policy.restMs;
  if (!isGuessed(failure)) return policy.restMs;
  const before = numberIn(moment.book ?? {}, limitsAttr(candidate.mark)) ?? 0;
  return Math.min(LONGEST_GUESSED_REST_MS, policy.restMs * 2 ** before);
}

/** Until the longest calendar window of the candidate is over, or, where that has just begun, until it has begun everywhere; 0 when it has none. */
function untilReset(
  { pools }: Candidate,
  { nowMs, zones }: Pick<SettlementInput['moment'], 'nowMs' | 'zones'>,
): number {
  const ends = pools.flatMap(({ clock }) =>
    clock.kind === 'calendar' ? [doubtfulUntil(clock, { nowMs, zones }) ?? zones.windowAt(clock, nowMs).endMs] : [],
  );
  return Math.max(0, ...ends.map((end) => end - nowMs));
}

/** Any other answer than a refusal for limits shows that no limit is standing. */
function forgetLimits(book: Item, mark: string): Ops[] {
  return numberIn(book, limitsAttr(mark)) === undefined ? [] : [{ add: {}, set: {}, remove: [limitsAttr(mark)] }];
}

/**
 * A refusal for limits benches the candidate for everybody. One short refusal by a provider of whose limits nothing is known may be chance: only
 * the second in a row is believed; the request that met it stays away by itself.
 */
function toLimitRest(failure: ProviderFailure, input: SettlementInput): Ops[] {
  const { candidate, moment } = input;
  const book = moment.book ?? {};
  const ms = restMs(failure, input);
  const rest = afterRest(book, candidate.mark, { untilMs: moment.nowMs + ms, reason: failure.kind });
  // Calls that were under way together are refused together: they count as one refusal, also where none knows of the others' yet.
  if (restOf(book, candidate.mark, moment.nowMs) !== null) return isGuessed(failure) ? [] : [rest];
  const before = numberIn(book, limitsAttr(candidate.mark));
  const count: Ops = { add: {}, set: { [limitsAttr(candidate.mark)]: (before ?? 0) + 1 }, remove: [] };
  const maybeChance = candidate.pools.length === 0 && ms <= shortRestMs && before === undefined;
  return maybeChance ? [count] : [rest, count];
}

const nothingUntold: Untold = { ops: noOps, explains: false };

/** What the attempt teaches of limits that nobody tells. */
const toUntold = ({ candidate: { mark }, lesson, moment: { book, nowMs } }: SettlementInput): Untold =>
  lesson === null ? nothingUntold : lesson({ mark, book: book ?? {}, nowMs });

function toBench(input: SettlementInput, explains: boolean): Ops[] {
  const { candidate, outcome, moment } = input;
  const { failure } = outcome;
  const book = moment.book ?? {};
  const { mark } = candidate;
  if (failure === null) {
    const closed = afterSuccess(book, mark, moment.nowMs);
    const forgotten = forgetLimits(book, mark);
    return isEmpty(closed) ? forgotten : [closed, ...forgotten];
  }
  if (failure.kind === 'rate_limited')
    return explains && failure.retryAfterMs === undefined ? forgetLimits(book, mark) : toLimitRest(failure, input);
  const policy = policyFor(failure);
  const ops: Ops[] = [];
  if (policy.breaker)
    ops.push(afterFailure({ book, mark, nowMs: moment.nowMs, random: moment.random }), ...forgetLimits(book, mark));
  if (policy.rests === 'model')
    ops.push(afterRest(book, mark, { untilMs: moment.nowMs + restMs(failure, input), reason: failure.kind }));
  return ops;
}

const QUARANTINE_MS = 24 * 3_600_000;

/** A limit of 0 means that the model is not on the account's plan: it rests for a day. */
function toQuarantine(zeroLimits: number, { candidate, moment }: SettlementInput): Ops[] {
  if (zeroLimits === 0) return [];
  return [
    afterRest(moment.book ?? {}, candidate.mark, { untilMs: moment.nowMs + QUARANTINE_MS, reason: 'not_entitled' }),
  ];
}

/** What is known by a name, in the book or beside it. */
const known = ({ book, taught }: SettlementInput['moment'], name: string): number | undefined =>
  numberIn(taught ?? {}, name) ?? numberIn(book ?? {}, name);

/** A ratio is written again only when it has moved by this much. */
const RATIO_STEP = 0.02;

function toRatio({ candidate, reservation, outcome, moment }: SettlementInput): Ops[] {
  const actual = outcome.usage?.inputTokens;
  const before = known(moment, ratioAttr(candidate.mark)) ?? 1;
  const estimated = (reservation.need.input_tokens ?? 0) / before;
  if (actual === undefined || estimated < 20) return [];
  const after = updateRatio(before, { estimatedTokens: estimated, actualTokens: actual });
  return Math.abs(after - before) < RATIO_STEP
    ? []
    : [{ add: {}, set: { [ratioAttr(candidate.mark)]: after }, remove: [] }];
}

/** How far the whole estimate was off; of interest only where tokens are limited. */
function toMiss({ candidate, reservation, outcome, moment }: SettlementInput): Ops[] {
  const { inputTokens, outputTokens } = outcome.usage ?? {};
  const estimatedTokens = reservation.need.tokens ?? 0;
  const actualTokens = (inputTokens ?? 0) + (outputTokens ?? 0);
  if (inputTokens === undefined || estimatedTokens <= 0 || actualTokens <= 0) return [];
  if (!candidate.pools.some(({ unit }) => unit.endsWith('tokens'))) return [];
  const set = learnMiss((name) => known(moment, name), candidate.mark, { estimatedTokens, actualTokens });
  return set === null ? [] : [{ add: {}, set, remove: [] }];
}

export interface Settlement {
  /** The one write that settles the attempt; null when there is nothing to write. */
  readonly ops: Ops | null;
  /** It tells only how far estimates were off, which others need not know at once. */
  readonly canWait: boolean;
  /** It counts use by others, as far as the book is up to date. */
  readonly foreign: boolean;
  /** What the attempt has really used; null when nobody knows. */
  readonly actual: Amounts | null;
}

/** What a refusal says is used up is back after the wait that it asks for. */
const withWait = (told: ObservedLimit, failure: AttemptOutcome['failure'], nowMs: number): ObservedLimit =>
  failure?.retryAfterMs === undefined || told.remaining !== 0 || told.resetAtMs !== null
    ? told
    : { ...told, resetAtMs: nowMs + failure.retryAfterMs };

/** How an attempt is settled in the books. */
export function toSettlement(input: SettlementInput): Settlement {
  const { candidate, reservation, outcome, moment } = input;
  const actual = toActual(input);
  const { hold, stands } = reservation;
  // A call that stands for others is settled as all of them.
  const counted = actual === null || stands === undefined ? actual : together(actual, stands);
  const settled = hold === null ? null : planSettle({ hold, actual: counted, nowMs: moment.nowMs });
  const observed = outcome.limits.map((told) => withWait(told, outcome.failure, moment.nowMs));
  const learned = observed.length === 0 ? null : absorbLimits({ pools: candidate.pools, observed, settled, ...moment });
  const told = learned === null ? [] : [learned, ...toQuarantine(learned.quarantined.length, input)];
  const untold = toUntold(input);
  const urgent = [...(settled === null ? [] : [settled]), ...told, untold.ops, ...toBench(input, untold.explains)];
  const parts = [...urgent, ...toRatio(input), ...toMiss(input)];
  const foreign = learned?.foreign === true;
  // Most calls teach nothing.
  if (parts.every(isEmpty)) return { ops: null, canWait: true, foreign, actual };
  const [only] = parts;
  const isBench = parts.length === 1 && settled === null && learned === null;
  const ops = isBench && only !== undefined ? only : mergeOps(...parts);
  return { ops: isEmpty(ops) ? null : ops, canWait: urgent.every(isEmpty), foreign, actual };
}

/** Whose month is over is asked again after this long all the same: somebody may have paid. */
const LONGEST_AWAY_MS = 24 * 3_600_000;

/** A key that has not been refused for a day may have been refused by mistake: for the first time it rests no longer than this. */
const FIRST_REFUSAL_MS = 2 * 60_000;
const REMEMBERED_MS = 24 * 3_600_000;

/** Whether a rest of the whole credential has ended within the last day. One that goes on was told to calls that were under way together. */
function hasRested(book: Item, nowMs: number): boolean {
  const sinceMs = nowMs - (restedUntil(book, everyMark) ?? -Infinity);
  return sinceMs >= 0 && sinceMs < REMEMBERED_MS;
}

/** The rest of a whole credential after this outcome, by its own book; null when it needs none. */
export function toCredentialRest(
  { candidate, outcome: { failure } }: Spending,
  { book, ...time }: Pick<SettlementInput['moment'], 'book' | 'nowMs' | 'zones'>,
): Ops | null {
  if (failure === null) return null;
  const { rests, restMs } = policyFor(failure);
  if (rests !== 'credential') return null;
  const isFirst = failure.kind === 'bad_credential' && !hasRested(book ?? {}, time.nowMs);
  const usualMs = isFirst ? FIRST_REFUSAL_MS : restMs;
  const ms = failure.untilReset ? Math.min(untilReset(candidate, time) || restMs, LONGEST_AWAY_MS) : usualMs;
  const ops = afterRest(book ?? {}, everyMark, { untilMs: time.nowMs + ms, reason: failure.kind });
  return Object.keys(ops.set).length === 0 ? null : ops;
}

/** What a call cost, or would have cost at list prices where it was free; `used` is what it has really used. */
export function countMoney(metrics: Metrics, { candidate, outcome }: Spending, used: Amounts | null): void {
  const { tier, price, providerId: provider } = candidate;
  const { input_tokens: inputTokens, output_tokens: outputTokens, usd } = used ?? {};
  if (tier === 'paid') {
    if (usd !== undefined && usd > 0) metrics.count('freeway_cost_usd_total', { provider }, usd);
    return;
  }
  if (inputTokens === undefined || outputTokens === undefined) return;
  const saved = listCostUsd(price, { inputTokens, outputTokens, ...outcome.usage });
  if (saved !== null && saved > 0) metrics.count('freeway_list_price_saved_usd_total', { provider }, saved);
}
