// What one ledger works with: what it was given, what it keeps, and the shares that it hands out.
import type { Price } from '#shared/price.ts';
import type { Amounts } from '#shared/pools.ts';
import type { Clock, Store } from '../ports.ts';
import type { Alerts, Log, Metrics } from '../ports-telemetry.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import type { Hold } from '../routing/pools.ts';
import type { Candidate } from '../routing/types.ts';
import type { Accounts } from './accounts.ts';
import type { Books } from './books.ts';
import type { Bound, Budget, Held, Purse } from './budget.ts';
import type { Fleet } from './fleet.ts';
import type { Part } from './slice.ts';
import type { Noted, Refusals } from './refusals.ts';
import type { Slices, SlicesDeps } from './slices.ts';
import type { Standings } from './standings.ts';
import type { Twins } from './twins.ts';

/** One call's share, taken from the pools and not yet settled. */
export interface Reservation {
  readonly index: number;
  readonly need: Amounts;
  /** null when the candidate has no limits to take from. */
  readonly hold: Hold | null;
  /** Set when the call was booked in a slice that this instance had reserved ahead. */
  readonly part?: Part;
  /** Set when the call is counted by samples: for how many calls it was reserved, 0 when another one stands for it. */
  readonly stands?: number;
  /** What was taken from the budget; null when the call is free. */
  readonly budget: Held | null;
  /** What was taken from the purse of whoever asks; absent when nothing bounds what they pay. */
  readonly paidFrom?: Held;
  /** Set where others were refused lately. */
  readonly call?: Noted;
  /** The price when it was reserved, of a candidate whose price changes with time. */
  readonly price?: Price | null;
}

/** `outrun`: somebody else was faster, so what this instance knows may be out of date elsewhere too. */
export type Reserved =
  | { readonly reservation: Reservation }
  | { readonly refusedUntilMs: number; readonly outrun: boolean };

/** On which terms a share is reserved. */
export interface Terms {
  /** Passes an open breaker and a short rest. */
  readonly lastResort: boolean;
  /** The most the call can cost, US dollars: 0 when it is free, null when nobody knows. */
  readonly mostUsd: number | null;
  /** What whoever asks may pay; absent or null when nothing bounds it. */
  readonly purse?: Purse | null;
  /** For a call that will be made so much later, ms; absent: at once. */
  readonly aheadMs?: number;
}

export interface LedgerDeps {
  readonly fleet: Fleet;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What may be paid, and who is told of it; absent: as much as it takes. */
  readonly money?: { readonly bounds: () => readonly Bound[]; readonly alerts: Alerts };
  /** Told which credentials count as one account; absent where nobody joins them. */
  readonly accounts?: Accounts;
  /** Opens what reserves ahead; absent where the process is frozen between requests: nothing could be given back in time. */
  readonly openSlices?: (deps: SlicesDeps) => Slices;
  /** Flushes of all who have something to give back: to be called before the process ends. */
  readonly holders?: Set<() => Promise<void>>;
}

/** A ledger at work. */
export interface Desk extends LedgerDeps {
  readonly books: Books;
  readonly seen: Standings;
  readonly zones: ZoneClock;
  readonly budget: Budget;
  readonly twins: Twins;
  readonly refusals: Refusals;
  /** null where nothing is reserved ahead. */
  readonly slices: Slices | null;
}

/** Books of balances that never come back are kept for ever. */
export const isLasting = ({ pools }: Candidate): boolean => pools.some(({ clock }) => clock.kind === 'once');
