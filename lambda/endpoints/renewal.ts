// Renews a lease again and again, for as long as its holder is at work.
import type { Clock } from '../ports.ts';

/** A lease is renewed this often; it must be believed for longer. */
export const LEASE_RENEWED_MS = 4_000;

/** Renews until the answered function is called. */
export function startRenewal(clock: Clock, renew: () => Promise<void>): () => void {
  let off = (): void => undefined;
  const next = (): void => {
    off = clock.after(LEASE_RENEWED_MS, () => {
      // The store is away for a moment: the lease holds a little longer, and so does what it protects.
      renew().catch(() => undefined);
      next();
    });
  };
  next();
  return () => off();
}
