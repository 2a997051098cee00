// Keyboard shortcuts: one table of what they are called, one listener per page that uses them.
import { useEffect, useRef } from 'react';

/** Shortcuts by name. `mod` is Command on a Mac and Control elsewhere. */
export const shortcuts = {
  palette: 'mod+k',
  newChat: 'mod+shift+o',
  focusComposer: 'shift+escape',
  copyAnswer: 'mod+shift+c',
  copyCode: 'mod+shift+;',
  chatList: 'mod+shift+s',
  help: 'mod+/',
  settings: 'mod+,',
  helpSingle: '?',
} as const;
export type ShortcutName = keyof typeof shortcuts;

/** Shortcuts of one sign, which may be switched off. */
const single: ReadonlySet<ShortcutName> = new Set<ShortcutName>(['helpSingle']);

const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.userAgent);

/** The parts of a shortcut as they stand on keys. */
export function toKeys(name: ShortcutName): string[] {
  const mac = isMac();
  const names: Readonly<Record<string, string>> = {
    mod: mac ? '⌘' : 'Ctrl',
    shift: mac ? '⇧' : 'Shift',
    escape: 'Esc',
  };
  return shortcuts[name].split('+').map((part) => names[part] ?? part.toUpperCase());
}

function matches(event: KeyboardEvent, name: ShortcutName): boolean {
  const parts = shortcuts[name].split('+');
  const key = parts.at(-1) ?? '';
  const mod = isMac() ? event.metaKey : event.ctrlKey;
  if (parts.includes('mod') !== mod || event.altKey) return false;
  // Shift may be what makes the sign, as in "?".
  if (!single.has(name) && parts.includes('shift') !== event.shiftKey) return false;
  const pressed = event.key.toLowerCase();
  return pressed === key || (key === ';' && event.code === 'Semicolon');
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** Calls the handler of a shortcut while the component is shown. */
export function useShortcuts(
  handlers: Partial<Record<ShortcutName, () => void>>,
  { singleKeys = true }: { readonly singleKeys?: boolean } = {},
): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      for (const [name, run] of Object.entries(latest.current) as [ShortcutName, () => void][]) {
        if (!matches(event, name)) continue;
        if (single.has(name) && (!singleKeys || isTyping(event.target))) continue;
        event.preventDefault();
        run();
        return;
      }
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [singleKeys]);
}
