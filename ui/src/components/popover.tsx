// A panel that opens beside its button, over the native popover: closes by Escape, by a click elsewhere, and when it is done.
import { useCallback, useEffect, useId, useRef, useState, type ReactNode, type RefObject } from 'react';

const GAP_PX = 6;
const MARGIN_PX = 8;

/** Below its anchor when there is room, above it otherwise; never outside of the page. */
function place(panel: HTMLElement, anchor: HTMLElement, align: 'start' | 'end'): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const rtl = getComputedStyle(anchor).direction === 'rtl';
  const left = (align === 'start') === !rtl ? at.left : at.right - width;
  const below = at.bottom + GAP_PX;
  const top = below + height > innerHeight - MARGIN_PX ? Math.max(MARGIN_PX, at.top - GAP_PX - height) : below;
  panel.style.left = `${Math.max(MARGIN_PX, Math.min(left, innerWidth - width - MARGIN_PX))}px`;
  panel.style.top = `${top}px`;
}

interface TriggerProps {
  readonly ref: RefObject<HTMLButtonElement | null>;
  readonly onClick: () => void;
  readonly 'aria-expanded': boolean;
  readonly 'aria-controls': string | undefined;
}

interface PopoverProps {
  readonly trigger: (props: TriggerProps, open: boolean) => ReactNode;
  readonly children: (close: () => void) => ReactNode;
  readonly align?: 'start' | 'end';
  readonly className?: string;
  readonly label: string;
}

/** Button and panel. The panel's content is there only while it is open. */
export function Popover({ trigger, children, align = 'start', className = '', label }: PopoverProps): ReactNode {
  const anchor = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const id = useId();
  const close = useCallback(() => {
    panel.current?.hidePopover();
    anchor.current?.focus();
  }, []);
  useEffect(() => {
    if (!open || !panel.current || !anchor.current) return;
    const [box, button] = [panel.current, anchor.current];
    const update = (): void => place(box, button, align);
    update();
    const observer = new ResizeObserver(update);
    observer.observe(box);
    window.addEventListener('resize', update);
    return () => {
      observer.disconnect();
      window.removeEventListener('resize', update);
    };
  }, [open, align]);
  return (
    <>
      {trigger(
        {
          ref: anchor,
          onClick: () => panel.current?.togglePopover(),
          'aria-expanded': open,
          'aria-controls': open ? id : undefined,
        },
        open,
      )}
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        onToggle={(event) => setOpen(event.newState === 'open')}
        className={`fixed inset-auto m-0 overflow-hidden rounded-2xl border border-line bg-raised p-0 shadow-float ${className}`}
      >
        {open && children(close)}
      </div>
    </>
  );
}
