// Slows down whoever presents wrong keys or fails to sign in: so many failures per address and minute, counted on this instance.
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { Clock } from '../ports.ts';

export interface Throttle {
  /** Throws CallerError `rate_limited` while the address has failed so often or more. */
  check(address: string | null, max: number): void;
  /** Counts a failure; answers which one of this minute it was. */
  failed(address: string | null): number;
}

const MINUTE_MS = 60_000;
/** Addresses remembered at most; then the oldest are forgotten. */
const MEMORY = 10_000;

/** The half of an IPv6 address that names its network, in one way of writing: `::` stands for as many zeros as are missing. */
function toNetwork(address: string): string {
  const [front = [], back = []] = address.split('::').map((part) => part.split(':').filter((word) => word !== ''));
  const zeros = address.includes('::') ? Array.from({ length: 8 - front.length - back.length }, () => '0') : [];
  return [...front, ...zeros, ...back]
    .slice(0, 4)
    .map((word) => Number.parseInt(word, 16).toString(16))
    .join(':');
}

/** An IPv6 network is as easily had as one IPv4 address. */
function toGroup(address: string | null): string {
  if (address === null) return 'unknown';
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain.includes(':') ? toNetwork(plain) : plain;
}

/** A throttle that knows nobody yet. */
export function createThrottle(clock: Pick<Clock, 'now'>): Throttle {
  const seen = new Map<string, { count: number; endsAtMs: number }>();
  const find = (group: string): { count: number; endsAtMs: number } | null => {
    const entry = seen.get(group);
    const leftMs = entry === undefined ? Infinity : entry.endsAtMs - clock.now();
    // Longer than it ever lasts: the clock was set back.
    if (entry === undefined || (leftMs > 0 && leftMs <= MINUTE_MS)) return entry ?? null;
    seen.delete(group);
    return null;
  };
  return {
    check: (address, max) => {
      const entry = find(toGroup(address));
      if (entry === null || entry.count < max) return;
      const waitMs = entry.endsAtMs - clock.now();
      throw new CallerError(
        'rate_limited',
        `Too many wrong keys or failed sign-ins came from this address. Try again in ${Math.ceil(waitMs / 1000)} s.`,
        {
          retryable: true,
          retryAfterMs: waitMs,
          reason: refused('too_many_tries', { seconds: Math.ceil(waitMs / 1000) }),
        },
      );
    },
    failed: (address) => {
      const group = toGroup(address);
      const entry = find(group);
      if (entry !== null) return ++entry.count;
      const oldest = seen.keys().next();
      if (seen.size >= MEMORY && oldest.done !== true) seen.delete(oldest.value);
      seen.set(group, { count: 1, endsAtMs: clock.now() + MINUTE_MS });
      return 1;
    },
  };
}
