// Picks who is asked next: decides on paper, and reserves its share of every pool.
import { CallerError } from '#shared/failures.ts';
import type { Clock } from '../ports.ts';
import { shortRestMs } from '../routing/breaker.ts';
import { choose, isAnyPassing } from '../routing/choose.ts';
import type { DecideInput, Standing } from '../routing/decide.ts';
import type { Policy } from '../routing/policy.ts';
import { pricedAt } from '../routing/price-at.ts';
import { mostUsdOf, toNeed } from '../routing/profile.ts';
import type { Candidate } from '../routing/types.ts';
import type { Credential } from './credentials.ts';
import type { Fleet } from './fleet.ts';
import type { Journey } from './journey.ts';
import type { Reservation, Reserved } from './desk.ts';
import type { Ledger } from './ledger.ts';
import type { Operation } from './operation.ts';
import type { Shares } from './shares.ts';

export interface PickDeps {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Who has had how much of what; absent: nobody shares. */
  readonly shares?: Shares;
  /** When each resting candidate was last asked in spite of its rest, ms. */
  readonly probes: Map<number, number>;
}

/** A request that has waited this long may ask a candidate in the middle of a short rest: some limits are told at random. */
export const PROBE_AFTER_MS = 1_000;
/** One request at a time, and no more often than this for each candidate. */
export const PROBE_EVERY_MS = 250;
/** Who has had more than somebody who waits for the same asks again after this. */
const YIELD_MS = 150;

/** A candidate with its share reserved: ready to be asked. */
export interface Runner {
  readonly index: number;
  readonly candidate: Candidate;
  readonly credential: Credential;
  readonly reservation: Reservation;
}

/** Paying as a fallback comes in question only once waiting for free quota does not. A caller's own order of models is kept to. */
const toPolicy = ({ policy, selector }: Operation, { expense }: Journey): Policy =>
  expense === 'any' || policy.paid !== 'fallback' || selector.listed !== null ? policy : { ...policy, paid: 'never' };

/** The question of who can serve, as it stands now. */
export function toDecideInput(deps: PickDeps, operation: Operation, journey: Journey): DecideInput {
  const nowMs = deps.clock.now();
  return {
    candidates: deps.fleet.candidates,
    standings: deps.ledger.standings(nowMs),
    selector: operation.selector,
    profile: operation.profile,
    policy: toPolicy(operation, journey),
    rank: deps.fleet.rank ?? null,
    tried: journey.tried,
    refused: journey.refused,
    lastResort: journey.lastResort,
    thrifty: journey.expense === 'spare' && operation.selector.listed === null,
    nowMs,
    scarcity: deps.ledger.scarcity(operation.profile.kind),
    budgetUsd: Math.min(deps.ledger.budgetUsd(), journey.purse?.roomUsd() ?? Infinity),
    jitter: deps.clock.random(),
    incumbent: operation.incumbent,
  };
}

/** The same question with short rests forgiven where nobody has probed lately; null when the request has not waited long enough. */
function toProbeInput({ probes }: PickDeps, input: DecideInput, { waitedMs }: Journey): DecideInput | null {
  if (waitedMs < PROBE_AFTER_MS) return null;
  const { nowMs } = input;
  const mayProbe = ({ restUntilMs }: Standing, index: number): boolean =>
    restUntilMs > nowMs && restUntilMs - nowMs <= shortRestMs && nowMs - (probes.get(index) ?? 0) >= PROBE_EVERY_MS;
  const standings = input.standings.map((standing, index) =>
    mayProbe(standing, index) ? { ...standing, restUntilMs: 0 } : standing,
  );
  return { ...input, standings, lastResort: true };
}

/** `nobody`: none can serve now. `refused`: not the one that was thought best, so ask again. `outrun`: the same, since another instance was faster. */
type Unpicked = 'nobody' | 'refused' | 'outrun';

/** For whom one is picked. */
interface Picking {
  readonly journey: Journey;
  readonly operation: Pick<Operation, 'askerId'>;
}

/** Reserves the best candidate's share. Answers at once where nobody else has to be asked for that. */
export function pick(
  deps: PickDeps,
  input: DecideInput,
  { journey, operation }: Picking,
): Runner | Unpicked | Promise<Runner | Unpicked> {
  const { best, spared } = choose(input);
  if (best >= 0) return reserve(deps, input, { best, journey, operation });
  // Nothing would come free by waiting, so there is nothing to spare anything for.
  if (spared >= 0 && !isAnyPassing(input)) return reserve(deps, input, { best: spared, journey, operation });
  const probe = toProbeInput(deps, input, journey);
  const chosen = probe === null ? -1 : choose(probe).best;
  if (probe === null || chosen < 0) return 'nobody';
  deps.probes.set(chosen, input.nowMs);
  return reserve(deps, probe, { best: chosen, journey, operation });
}

/** Limits that lift at a moment known beforehand. Others who use the same key may come first, as they may at any call. */
const mayBook = ({ pools }: Candidate, { restUntilMs, breaker }: Standing, nowMs: number): boolean =>
  breaker === 'closed' &&
  restUntilMs <= nowMs &&
  pools.every(({ clock: { kind } }) => kind === 'rolling' || kind === 'refill' || kind === 'calendar');

/**
 * Takes a share of what comes free in `waitMs`, for a call to be made then: whoever has it waits without asking the store again, and those
 * who come later queue up behind. null: not to be had this way. `again`: somebody was faster.
 */
export async function bookAhead(
  deps: PickDeps,
  input: DecideInput,
  { index, waitMs, ...picking }: Picking & { readonly index: number; readonly waitMs: number },
): Promise<Runner | 'again' | null> {
  const [candidate, standing] = [input.candidates[index], input.standings[index]];
  if (!candidate || !standing || !mayBook(candidate, standing, input.nowMs)) return null;
  const runner = await reserve(deps, input, { ...picking, best: index, aheadMs: waitMs });
  if (runner === 'outrun') return 'again';
  return runner === 'refused' ? null : runner;
}

/** What came of reserving a share. */
type Share = Runner | Exclude<Unpicked, 'nobody'>;

function reserve(
  deps: PickDeps,
  input: DecideInput,
  { best, journey, operation, aheadMs = 0 }: Picking & { best: number; aheadMs?: number },
): Share | Promise<Share> {
  const { fleet, ledger, shares } = deps;
  const { askerId } = operation;
  const candidate = fleet.candidates[best];
  const credential = fleet.credentials[best];
  const standing = input.standings[best];
  if (!candidate || !credential || !standing)
    throw new CallerError('internal', 'The decision named a candidate that does not exist.');
  if (askerId !== undefined && shares?.mustYield(askerId, candidate, input.nowMs) === true) {
    journey.refused.set(best, input.nowMs + YIELD_MS);
    return 'refused';
  }
  const { ratio, caution } = standing;
  const asked = pricedAt(candidate, input.nowMs);
  const need = toNeed(input.profile, { candidate: asked, ratio });
  const mostUsd =
    candidate.tier === 'paid' ? mostUsdOf(input.profile, { candidate, ratio, caution, nowMs: input.nowMs }) : 0;
  const conclude = (reserved: Reserved): Share => {
    if ('reservation' in reserved) {
      if (askerId !== undefined) shares?.taken(askerId, candidate, { need, nowMs: input.nowMs });
      const booked = reserved.reservation;
      const reservation = asked === candidate ? booked : { ...booked, price: asked.price };
      return { index: best, candidate: asked, credential, reservation };
    }
    if (aheadMs === 0) journey.refused.set(best, reserved.refusedUntilMs);
    if (!reserved.outrun) return 'refused';
    journey.outrun++;
    return 'outrun';
  };
  const terms = { lastResort: input.lastResort, mostUsd, purse: journey.purse, aheadMs };
  const reserved = ledger.reserve(best, need, terms);
  return reserved instanceof Promise ? reserved.then(conclude) : conclude(reserved);
}
