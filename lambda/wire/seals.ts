// The signature of a call as a thought that nobody reads, for formats that have no place for it: their clients hand such thoughts to and fro.

const SEAL = 'freeway-call.';

/** The signature as a thought that formats without a place for it hand to and fro unread. */
export const toSeal = (signature: string): string => `${SEAL}${signature}`;

/** The signature in such a thought; null when it is a thought of somebody else. */
export const fromSeal = (text: unknown): string | null =>
  typeof text === 'string' && text.startsWith(SEAL) ? text.slice(SEAL.length) : null;
