// Books that a clock far ahead wrote before it was set right: their times come back with it. Loaded when there is one.
import type { Item } from '#shared/items.ts';

/**
 * What to set in a book that was last written `leadMs` ahead of now, ms since the epoch: everything that lies ahead of now is a time, since no
 * count comes near those, and is as far from now as it was from that write. What was right before, such as a rest until tomorrow, ends earlier
 * for it; whoever is asked too early tells so, and would else not be asked for as long as the clock was ahead.
 */
export function toSetRight(book: Item, { nowMs, leadMs }: { nowMs: number; leadMs: number }): Item {
  const set: Record<string, number> = {};
  for (const [name, value] of Object.entries(book))
    if (typeof value === 'number' && value > nowMs) set[name] = value - leadMs;
  return set;
}
