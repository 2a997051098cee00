// Says by word and sign what an answer or a model costs: free, paid, or on this computer.
import { CircleDollarSign, HardDrive, Leaf } from 'lucide-react';
import type { ReactNode } from 'react';
import { defineMessages, useMessages } from '../lib/messages.ts';

export type Tier = 'free' | 'paid' | 'local';

const messages = defineMessages(
  { free: 'Free', paid: 'Paid', local: 'Local' },
  { free: 'Kostenlos', paid: 'Bezahlt', local: 'Lokal' },
);

const looks: Readonly<Record<Tier, { readonly tint: string; readonly icon: typeof Leaf }>> = {
  free: { tint: 'bg-free-tint text-free', icon: Leaf },
  paid: { tint: 'bg-paid-tint text-paid', icon: CircleDollarSign },
  local: { tint: 'bg-local-tint text-local', icon: HardDrive },
};

/** The badge; `note` goes behind the word (a price). */
export function TierBadge({ tier, note }: { readonly tier: Tier; readonly note?: string }): ReactNode {
  const t = useMessages(messages);
  const { tint, icon: Icon } = looks[tier];
  return (
    <span className={`inline-flex shrink-0 items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium ${tint}`}>
      <Icon size={12} aria-hidden />
      {t[tier]}
      {note !== undefined && <span className="tabular-nums">{note}</span>}
    </span>
  );
}
