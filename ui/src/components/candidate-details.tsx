// A row for one candidate, which opens to its details.
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { TierBadge } from './tier-badge.tsx';

interface CandidateDetailsProps {
  readonly route: string;
  readonly credential: string;
  readonly tier: 'free' | 'paid' | 'local';
  /** How it stands, in words. */
  readonly standing: string;
  /** Colour of these words as a class. */
  readonly tone: string;
  readonly children: ReactNode;
}

/** The row, as an item of a list. */
export function CandidateDetails({
  route,
  credential,
  tier,
  standing,
  tone,
  children,
}: CandidateDetailsProps): ReactNode {
  return (
    <li className="@container">
      <details className="group">
        <summary className="flex min-h-12 cursor-pointer list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-sm hover:bg-hover focus-visible:-outline-offset-2 [&::-webkit-details-marker]:hidden">
          <ChevronRight
            size={16}
            aria-hidden
            className="shrink-0 text-muted group-open:rotate-90 rtl:-scale-x-100 rtl:group-open:scale-x-100"
          />
          <span className="min-w-0 flex-1">
            <span className="block font-medium wrap-anywhere">{route}</span>
            <span className="block text-xs wrap-anywhere text-muted">{credential}</span>
          </span>
          <span className={`text-xs tabular-nums @max-md:order-last @max-md:basis-full @max-md:ps-7 ${tone}`}>
            {standing}
          </span>
          <TierBadge tier={tier} />
        </summary>
        <div className="px-4 pb-4">{children}</div>
      </details>
    </li>
  );
}
