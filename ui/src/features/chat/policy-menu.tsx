// Picks what a chat may spend: nothing, only when nothing is free, or whatever is best.
import { ChevronDown, Gauge, Leaf, Scale } from 'lucide-react';
import type { ReactNode } from 'react';
import { Menu } from '../../components/menu.tsx';
import { Popover } from '../../components/popover.tsx';
import { useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';
import { policies, type ChatPolicy } from './types.ts';

const icons = { only_free: Leaf, free_first: Scale, best: Gauge } as const;

interface PolicyMenuProps {
  readonly policy: ChatPolicy;
  readonly onChange: (policy: ChatPolicy) => void;
}

/** The button and its menu. */
export function PolicyMenu({ policy, onChange }: PolicyMenuProps): ReactNode {
  const t = useMessages(chatMessages);
  const Current = icons[policy];
  return (
    <Popover
      label={t.policy}
      align="end"
      className="w-[min(22rem,calc(100vw-1rem))]"
      trigger={(props) => (
        <button
          type="button"
          {...props}
          className="flex min-h-9 shrink-0 items-center gap-1.5 rounded-xl px-2.5 text-sm font-medium hover:bg-hover"
        >
          <Current size={15} aria-hidden className="text-free" />
          <span className="sr-only">{t.policy}:</span>
          <span className="max-sm:sr-only">{t.policies[policy][0]}</span>
          <ChevronDown size={14} aria-hidden className="text-muted" />
        </button>
      )}
    >
      {(close) => (
        <Menu
          label={t.policy}
          close={close}
          items={policies.map((id) => {
            const Icon = icons[id];
            const [label, hint] = t.policies[id];
            return {
              id,
              label,
              hint,
              icon: <Icon size={17} aria-hidden />,
              checked: id === policy,
              run: () => onChange(id),
            };
          })}
        />
      )}
    </Popover>
  );
}
