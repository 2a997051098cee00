// Takes hold of work that is kept, waiting for whoever has it to end or to fall silent: they may have been killed.
import { LEASE_MS, type Lease, type LeaseDoubt } from '../gateway/lease.ts';
import type { ApiDeps } from './api/route.ts';

/** Beyond its lease nobody else is believed to be at work. */
const SILENCE_MS = 500;

interface Held {
  readonly lease: Lease | null;
}

export interface Holding<Work extends Held> {
  readonly holder: string;
  /** Writes down who has it: us, unless somebody else may be at work. Answers it as it stands then; null: it is gone. */
  readonly take: (doubt: LeaseDoubt) => Promise<Work | null>;
  /** Whether there is anything to do. */
  readonly isOpen: (work: Work) => boolean;
}

/**
 * null: it is not to be had. A lease is watched for its whole time, since two clocks need not agree; only where the process is frozen between
 * requests, and so can't watch anything, our own is believed.
 */
export async function hold<Work extends Held>(
  { clock, freezes, background }: Pick<ApiDeps, 'clock' | 'freezes' | 'background'>,
  { holder, take, isOpen }: Holding<Work>,
): Promise<Work | null> {
  let silent: Lease | null = null;
  for (;;) {
    const held: Work | null = await take(freezes ? { nowMs: clock.now() } : { silent });
    if (held?.lease?.holder === holder) return held;
    if (freezes || held === null || held.lease === null || !isOpen(held)) return null;
    silent = held.lease;
    await clock.sleep(LEASE_MS + SILENCE_MS, background.stopping).catch(() => undefined);
    if (background.stopping.aborted) return null;
  }
}
