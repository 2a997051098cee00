// Holds requests back until a test lets them pass: what is to be seen while something is under way is there for as long as it takes.

export interface Gate {
  /** Resolves when the caller may go on. */
  readonly pass: () => Promise<void>;
  /** Lets only so many more pass, those who wait first. */
  readonly allow: (count: number) => void;
}

/** A gate that stands open. */
export function createGate(): Gate {
  const waiting: (() => void)[] = [];
  let left = Infinity;
  return {
    pass: () =>
      new Promise((go) => {
        if (left > 0) {
          left--;
          go();
        } else waiting.push(go);
      }),
    allow: (count) => {
      const now = waiting.splice(0, count);
      left = count - now.length;
      for (const go of now) go();
    },
  };
}
