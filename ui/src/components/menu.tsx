// A menu of actions or choices inside a popover: arrow keys move, Enter chooses.
import { Check } from 'lucide-react';
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';

export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly icon?: ReactNode;
  readonly danger?: boolean;
  readonly checked?: boolean;
  readonly run: () => void;
}

const steps: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

interface MenuProps {
  readonly items: readonly MenuItem[];
  readonly close: () => void;
  readonly label: string;
}

/** The items. The one that is checked, or the first, has the focus at once. */
export function Menu({ items, close, label }: MenuProps): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  const buttons = (): HTMLElement[] => [...(list.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
  useEffect(() => {
    const all = buttons();
    (all.find((button) => button.ariaChecked === 'true') ?? all[0])?.focus();
  }, []);
  const move = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    const all = buttons();
    if (!step || all.length === 0) return;
    event.preventDefault();
    all[step(all.indexOf(document.activeElement as HTMLElement), all.length)]?.focus();
  };
  return (
    <div ref={list} role="menu" tabIndex={-1} aria-label={label} className="p-1.5" onKeyDown={move}>
      {items.map((item) => (
        <MenuRow key={item.id} item={item} close={close} />
      ))}
    </div>
  );
}

function MenuRow({ item, close }: { readonly item: MenuItem; readonly close: () => void }): ReactNode {
  const { label, hint, icon, danger, checked, run } = item;
  return (
    <button
      type="button"
      role={checked === undefined ? 'menuitem' : 'menuitemradio'}
      aria-checked={checked}
      tabIndex={-1}
      className={`flex min-h-10 pointer-coarse:min-h-11 w-full items-center gap-3 rounded-xl px-3 py-2 text-start text-sm hover:bg-hover focus-visible:bg-hover focus-visible:outline-none ${danger ? 'text-danger' : ''}`}
      onClick={() => {
        close();
        run();
      }}
    >
      {icon !== undefined && <span className="text-muted">{icon}</span>}
      <span className="min-w-0 flex-1">
        <span className="block">{label}</span>
        {hint !== undefined && <span className="block text-xs text-muted">{hint}</span>}
      </span>
      {checked && <Check size={16} aria-hidden className="text-accent" />}
    </button>
  );
}
