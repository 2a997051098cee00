// Learns from refused calls what limits nobody tells: the door to what is loaded by the first of them.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Item } from '#shared/items.ts';
import { loadOnce } from '#shared/load-once.ts';
import type { Log } from '../ports-telemetry.ts';
import type { ZoneClock } from '../routing/clocks.ts';
import type { Ops } from '../routing/pools-ops.ts';
import type { Call } from '../routing/pools-refused.ts';
import type { Candidate } from '../routing/types.ts';
import type { Books } from './books.ts';
import type { Reservation, Reserved } from './desk.ts';

/** A call as it is kept until it is over. */
export type Noted = { -readonly [K in keyof Call]: Call[K] };

/** What a refusal teaches. */
export interface Untold {
  readonly ops: Ops;
  /** A learned limit is why the call was refused: nobody has to rest for that. */
  readonly explains: boolean;
}

/** A refused call, to be judged by the book as it stands. */
export type Refused = (at: { readonly mark: string; readonly book: Item; readonly nowMs: number }) => Untold;

export interface Refusals {
  /** Takes note of a call that begins where others were refused lately. */
  watch(index: number, reserved: Reserved | Promise<Reserved>): Reserved | Promise<Reserved>;
  /** Takes note of its end; answers it where it was refused, and was seen to begin. */
  ended(reservation: Reservation, failure: ProviderFailure | null): Refused | null;
}

export interface RefusalsDeps {
  readonly candidates: readonly Candidate[];
  readonly books: Books;
  readonly zones: ZoneClock;
  readonly log: Log;
}

/** Nothing was refused yet. */
export function createRefusals(deps: RefusalsDeps): Refusals {
  let opened: Refusals | null = null;
  const open = loadOnce(async () => (await import('./refused-calls.ts')).openRefusals(deps));
  const openBeside = async (): Promise<void> => {
    try {
      opened = await open();
    } catch (error) {
      deps.log.warn('refusals.unloaded', { error: error instanceof Error ? error.name : 'unknown' });
    }
  };
  return {
    watch: (index, reserved) => (opened === null ? reserved : opened.watch(index, reserved)),
    ended: (reservation, failure) => {
      if (opened === null && failure?.kind === 'rate_limited') void openBeside();
      return opened === null ? null : opened.ended(reservation, failure);
    },
  };
}
