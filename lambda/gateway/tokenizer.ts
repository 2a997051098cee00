// The exact token count, for the few decisions that hang on it: tiktoken, loaded on first use, fed in slices it can't choke on.
import { loadOnce } from '#shared/load-once.ts';
import { setImmediate as turn } from 'node:timers/promises';

/** Counts tokens of the o200k vocabulary. */
export interface ExactCounter {
  /** Exact to about half a percent (slices may cut a token). null when the texts are longer than is worth counting. */
  count(texts: readonly { readonly text: string }[]): Promise<number | null>;
}

/**
 * The tokenizer's time grows with the square of a run of letters: 200,000 times "a" takes a minute whole, and a quarter of a second in
 * slices of a thousand.
 */
const SLICE = 1_000;
/** Some 100 ms of work; more is not worth it. */
const MOST_CHARACTERS = 400_000;
/** Other requests get their turn after this many slices. */
const SLICES_PER_TURN = 20;

interface Encoder {
  encode_ordinary(text: string): Uint32Array;
}

/** A counter that loads its tables (0.4 s, 80 MB) when it is first asked. */
export function createExactCounter(): ExactCounter {
  const load = loadOnce<Encoder>(async () => (await import('tiktoken')).get_encoding('o200k_base'));
  return {
    count: async (texts) => {
      if (texts.reduce((sum, { text }) => sum + text.length, 0) > MOST_CHARACTERS) return null;
      const encoder = await load();
      let tokens = 0;
      let slices = 0;
      for (const { text } of texts) {
        for (let at = 0; at < text.length; at += SLICE) {
          // Text is text: what looks like a special token is encoded letter by letter.
          tokens += encoder.encode_ordinary(text.slice(at, at + SLICE)).length;
          if (++slices % SLICES_PER_TURN === 0) await turn();
        }
      }
      return tokens;
    },
  };
}
