// Models of speech that lose the thread, in silence or noise, tell a few words over and over until the end.

/** A phrase is no longer than this; so often it must come in a row, and fill so much of the transcript. */
const LONGEST_PHRASE = 12;
const LEAST_TIMES = 6;
const LEAST_TOKENS = 30;
const LEAST_SHARE = 0.5;
/** Scripts without spaces: where words would be so long, characters are looked at. */
const LONGEST_WORD = 15;

function toTokens(text: string): readonly string[] {
  const words = text.toLowerCase().split(/\s+/);
  return text.length / words.length > LONGEST_WORD ? [...text.replaceAll(/\s/g, '')] : words;
}

/** How many tokens in a row are what stood `period` before. */
function longestRun(tokens: readonly string[], period: number): number {
  let longest = 0;
  let run = 0;
  for (let at = period; at < tokens.length; at++) {
    run = tokens[at] === tokens[at - period] ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest === 0 ? 0 : longest + period;
}

/** Whether most of the text is one phrase over and over. */
export function isLoop(text: string): boolean {
  const tokens = toTokens(text);
  if (tokens.length < LEAST_TOKENS) return false;
  for (let period = 1; period <= LONGEST_PHRASE; period++) {
    const least = Math.max(LEAST_TOKENS, period * LEAST_TIMES, tokens.length * LEAST_SHARE);
    if (longestRun(tokens, period) >= least) return true;
  }
  return false;
}
