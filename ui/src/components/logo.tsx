// The mark of the product: a road towards the horizon.
import type { ReactNode } from 'react';

/** The mark alone, as large as its font. */
export function Logo({ size = 28 }: { readonly size?: number }): ReactNode {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden className="shrink-0">
      <rect width="32" height="32" rx="9" className="fill-accent" />
      <path d="M9 25 14 7M23 25 18 7" className="stroke-accent-ink" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M16 9v3M16 15.500v3M16 22v3" className="stroke-accent-ink" strokeWidth="2.200" strokeLinecap="round" />
    </svg>
  );
}
