// When a second candidate is asked beside a late first one: by what is learned of the first, and within a budget of extra calls.
import { createSketch, type Sketch } from './sketch.ts';

export interface Hedge {
  /** When the first content of a candidate is late, ms after sending. `usualMs` stands in until enough is known. */
  lateMs(index: number, streamed: boolean, usualMs: number): number;
  /** A first content came after `ms`, or had not come by then. */
  observe(index: number, streamed: boolean, ms: number): void;
  /** A request has begun: it earns a share of an extra call. */
  earn(): void;
  /** Spends an extra call; false when there is none to spend. */
  spend(): boolean;
  /** The extra call that was spent could not be made. */
  giveBack(): void;
}

/** Extra calls per request in the long run, and how many may come in a row. */
const SHARE = 0.03;
const BURST = 10;
/** Sooner than this nobody notices. */
const SOONEST_MS = 1_000;

/** Starts with a full budget and no knowledge. */
export function createHedge(): Hedge {
  const sketches = { streamed: new Map<number, Sketch>(), whole: new Map<number, Sketch>() };
  let budget = BURST;
  return {
    lateMs: (index, streamed, usualMs) => {
      const known = sketches[streamed ? 'streamed' : 'whole'].get(index)?.p95() ?? null;
      return Math.max(SOONEST_MS, known ?? usualMs);
    },
    observe: (index, streamed, ms) => {
      const kind = sketches[streamed ? 'streamed' : 'whole'];
      const sketch = kind.get(index) ?? createSketch();
      kind.set(index, sketch);
      sketch.add(ms);
    },
    earn: () => {
      budget = Math.min(BURST, budget + SHARE);
    },
    spend: () => {
      if (budget < 1) return false;
      budget--;
      return true;
    },
    giveBack: () => {
      budget++;
    },
  };
}
