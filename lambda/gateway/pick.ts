// Picks who is asked next: decides on paper, and reserves its share of every pool.
import { CallerError } from '#shared/failures.ts';
import type { Clock } from '../ports.ts';
import { decide, type DecideInput } from '../routing/decide.ts';
import type { Policy } from '../routing/policy.ts';
import { toNeed } from '../routing/profile.ts';
import type { Candidate } from '../routing/types.ts';
import type { Credential } from './credentials.ts';
import type { Fleet } from './fleet.ts';
import type { Journey } from './journey.ts';
import type { Ledger, Reservation } from './ledger.ts';
import type { Operation } from './operation.ts';

export interface PickDeps {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** A candidate with its share reserved: ready to be asked. */
export interface Runner {
  readonly index: number;
  readonly candidate: Candidate;
  readonly credential: Credential;
  readonly reservation: Reservation;
}

/** Paying as a fallback comes in question only once waiting for free quota does not. A caller's own order of models is kept to. */
const toPolicy = ({ policy, selector }: Operation, { mayPay }: Journey): Policy =>
  mayPay || policy.paid !== 'fallback' || selector.listed !== null ? policy : { ...policy, paid: 'never' };

/** The question of who can serve, as it stands now. */
export function toDecideInput(deps: PickDeps, operation: Operation, journey: Journey): DecideInput {
  const nowMs = deps.clock.now();
  return {
    candidates: deps.fleet.candidates,
    standings: deps.ledger.standings(nowMs),
    selector: operation.selector,
    profile: operation.profile,
    policy: toPolicy(operation, journey),
    tried: journey.tried,
    refused: journey.refused,
    lastResort: journey.lastResort,
    nowMs,
    jitter: deps.clock.random(),
  };
}

/** Reserves the best candidate's share. `nobody`: none can serve now; `refused`: the store knew better, so ask again. */
export async function pick(
  { fleet, ledger }: PickDeps,
  input: DecideInput,
  journey: Journey,
): Promise<Runner | 'nobody' | 'refused'> {
  const { best } = decide(input);
  if (best < 0) return 'nobody';
  const candidate = fleet.candidates[best];
  const credential = fleet.credentials[best];
  const standing = input.standings[best];
  if (!candidate || !credential || !standing)
    throw new CallerError('internal', 'The decision named a candidate that does not exist.');
  const need = toNeed(input.profile, { candidate, ratio: standing.ratio });
  const reserved = await ledger.reserve(best, need, journey.lastResort);
  if ('reservation' in reserved) return { index: best, candidate, credential, reservation: reserved.reservation };
  journey.refused.set(best, reserved.refusedUntilMs);
  return 'refused';
}
