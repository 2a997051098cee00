// A small sketch of how long something takes: counts in buckets that widen by a fifth, old ones fading. Pure.

export interface Sketch {
  add(ms: number): void;
  /** 95 of 100 took no longer than this, ms (up to a fifth too high); null while too little is known. */
  p95(): number | null;
}

const BUCKETS = 64;
const FIRST_MS = 20;
const WIDENING = Math.log(1.2);
const FEWEST = 20;
/** At so many measurements all counts are halved, so that habits of long ago fade. */
const MOST = 400;

/** An empty sketch. */
export function createSketch(): Sketch {
  const counts = new Float32Array(BUCKETS);
  let total = 0;
  return {
    add: (ms) => {
      const bucket = Math.ceil(Math.log(Math.max(ms, 1) / FIRST_MS) / WIDENING);
      const at = Math.min(BUCKETS - 1, Math.max(0, bucket));
      counts[at] = (counts[at] ?? 0) + 1;
      total++;
      if (total < MOST) return;
      total /= 2;
      for (let i = 0; i < BUCKETS; i++) counts[i] = (counts[i] ?? 0) / 2;
    },
    p95: () => {
      if (total < FEWEST) return null;
      let above = 0;
      let at = BUCKETS - 1;
      for (; at > 0; at--) {
        above += counts[at] ?? 0;
        if (above > total * 0.05) break;
      }
      return FIRST_MS * Math.exp(at * WIDENING);
    },
  };
}
