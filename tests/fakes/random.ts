// A small seeded generator, so that every fake draws the same numbers in every run.

/** Answers numbers in [0, 1), the same sequence for the same seed (xorshift32, seed mixed first). */
export function createRandom(seed: number): () => number {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ 0x27d4eb2f) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}
