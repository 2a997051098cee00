// Who is at work on something that is kept in the store: held by a lease, which is renewed as long as its holder lives.

/** A lease is believed so long after it was last renewed: somebody else then takes over the work of whoever was killed. */
export const LEASE_MS = 12_000;

/** `untilMs` by the holder's clock, ms since the epoch: it differs with every renewal. */
export interface Lease {
  readonly holder: string;
  readonly untilMs: number;
}

/** What is known of a lease of somebody else's: until when it is to be believed by our own clock, or, where clocks need not agree, which one was watched for its whole time and not renewed. */
export type LeaseDoubt = { readonly nowMs: number } | { readonly silent: Lease | null };

/** Whether somebody else may be at work. */
export function isBelieved(lease: Lease | null, doubt: LeaseDoubt): boolean {
  if (lease === null) return false;
  if ('nowMs' in doubt) return lease.untilMs > doubt.nowMs;
  return lease.holder !== doubt.silent?.holder || lease.untilMs !== doubt.silent.untilMs;
}

export const toLease = (holder: string, nowMs: number): Lease => ({ holder, untilMs: nowMs + LEASE_MS });

/**
 * What is held is held for longer. Whoever has it by now keeps it, whatever our own clock says: they took us for dead, and have been at work
 * since. What was put down stays so.
 */
export const toRenewed =
  (holder: string, nowMs: number) =>
  <Work extends { readonly lease: Lease | null }>(work: Work): Work =>
    work.lease?.holder === holder ? { ...work, lease: toLease(holder, nowMs) } : work;
