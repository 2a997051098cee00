// Picks what a chat may spend: nothing, only when nothing is free, or whatever is best.
import { ChevronDown, Gauge, Leaf, Scale } from 'lucide-react';
import type { ReactNode } from 'react';
import { Menu, type MenuItem } from '../../components/menu.tsx';
import { Popover } from '../../components/popover.tsx';
import { formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';
import type { Wish } from './request.ts';
import { costBounds, policies, type ChatPolicy } from './types.ts';

const icons = { only_free: Leaf, free_first: Scale, best: Gauge } as const;

interface PolicyMenuProps {
  readonly wish: Wish;
  readonly onWish: (changes: Partial<Wish>) => void;
}

function CostBound({ wish: { maxCostUsd = null }, onWish }: PolicyMenuProps): ReactNode {
  const t = useMessages(chatMessages);
  const language = useLanguage();
  return (
    <label className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-4 py-3 text-sm">
      {t.bound}
      <select
        value={maxCostUsd ?? ''}
        onChange={({ target }) => onWish({ maxCostUsd: target.value === '' ? null : Number(target.value) })}
        className="min-h-9 pointer-coarse:min-h-11 max-w-full rounded-xl border border-line-strong bg-page px-2 text-sm"
      >
        <option value="">{t.noBound}</option>
        {costBounds.map((usd) => (
          <option key={usd} value={usd}>
            {t.upTo(formatUsd(usd, language))}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The button and its menu. */
export function PolicyMenu({ wish, onWish }: PolicyMenuProps): ReactNode {
  const t = useMessages(chatMessages);
  const { policy } = wish;
  const Current = icons[policy];
  return (
    <Popover
      label={t.policy}
      align="end"
      className="w-[min(24rem,calc(100vw-1rem))]"
      trigger={(props) => (
        <button
          type="button"
          {...props}
          className="flex min-h-9 pointer-coarse:min-h-11 shrink-0 items-center gap-1.5 rounded-xl px-2.5 text-sm font-medium hover:bg-hover"
        >
          <Current size={15} aria-hidden className="text-free" />
          <span className="sr-only">{t.policy}:</span>
          <span className="max-sm:sr-only">{t.policies[policy][0]}</span>
          <ChevronDown size={14} aria-hidden className="text-muted" />
        </button>
      )}
    >
      {(close) => (
        <>
          <Menu label={t.policy} close={close} items={policies.map((id) => toItem(id, { t, policy, onWish }))} />
          {policy !== 'only_free' && <CostBound wish={wish} onWish={onWish} />}
        </>
      )}
    </Popover>
  );
}

interface ItemContext extends Pick<PolicyMenuProps, 'onWish'> {
  readonly t: (typeof chatMessages)['en'];
  readonly policy: ChatPolicy;
}

function toItem(id: ChatPolicy, { t, policy, onWish }: ItemContext): MenuItem {
  const Icon = icons[id];
  const [label, hint] = t.policies[id];
  return {
    id,
    label,
    hint,
    icon: <Icon size={17} aria-hidden />,
    checked: id === policy,
    run: () => onWish({ policy: id }),
  };
}
