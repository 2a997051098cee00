// Lays a new attempt's text against what the caller has been shown already, so that only what is unseen is passed on. Pure.

/** Takes pieces of text as they come and answers what the caller has not seen of them; null: it does not fit what was shown. */
export interface Aligner {
  feed(text: string): string | null;
  /** The text is complete: what was still held back. */
  end(): string | null;
}

/** A tail shorter than this may occur again by chance. */
const SHORTEST_ANCHOR = 24;
/** How far behind a departure the shown text may end for it to be worth reading on in hope of the same words again. */
const SHORT_OF_END = 400;
/** How much longer than the shown text a departed one may grow before the hope is given up. */
const SLACK = 200;

/** The shortest tail of the text that occurs nowhere else in it; null when there is none worth looking for. */
function uniqueTail(shown: string): string | null {
  for (let length = SHORTEST_ANCHOR; length <= Math.min(shown.length, SHORTEST_ANCHOR * 16); length *= 2) {
    const tail = shown.slice(-length);
    if (shown.indexOf(tail) === shown.length - length) return tail;
  }
  return null;
}

/** For text that is told again from the start. Where it departs, the last words shown are looked for in what follows. */
export function createRepeatAligner(shown: string): Aligner {
  let matched = 0;
  let departed: { text: string; readonly anchor: string } | null = null;
  let passed = shown === '';

  const search = (): string | null => {
    if (departed === null) return null;
    const at = departed.text.indexOf(departed.anchor);
    if (at < 0) return departed.text.length > shown.length + SLACK ? null : '';
    passed = true;
    return departed.text.slice(at + departed.anchor.length);
  };
  const depart = (text: string): string | null => {
    const anchor = shown.length - matched > SHORT_OF_END ? null : uniqueTail(shown);
    if (anchor === null) return null;
    departed = { text: shown.slice(0, matched) + text, anchor };
    return search();
  };
  return {
    feed: (text) => {
      if (passed) return text;
      if (departed !== null) {
        departed.text += text;
        return search();
      }
      const piece = text.slice(0, shown.length - matched);
      if (!shown.startsWith(piece, matched)) return depart(text);
      matched += piece.length;
      passed = matched === shown.length;
      return text.slice(piece.length);
    },
    end: () => (passed ? '' : null),
  };
}

/** The longest overlap of the end of `shown` with the start of `fresh`, from `shortest` characters on; 0 when there is none. */
function overlapOf(shown: string, fresh: string, shortest: number): number {
  for (let length = Math.min(shown.length, fresh.length); length >= shortest; length--) {
    if (shown.endsWith(fresh.slice(0, length))) return length;
  }
  return 0;
}

/** Text that repeats itself (rows, refrains) may well go on with what it ended with: such an overlap says nothing. */
function isRefrain(shown: string, length: number): boolean {
  if (length === shown.length) return false;
  const tail = shown.slice(-length);
  return shown.indexOf(tail) < shown.length - length || overlapOf(tail, tail.slice(0, -1), SHORTEST_ANCHOR) > 0;
}

/** True while `fresh` may yet turn out to repeat what was shown, from its start or from its last lines. */
function mayRepeat(shown: string, fresh: string): boolean {
  if (fresh.length < shown.length && shown.startsWith(fresh)) return true;
  for (let at = Math.max(0, shown.length - SHORT_OF_END); at <= shown.length - SHORTEST_ANCHOR; at++) {
    if (shown.length - at > fresh.length && shown.startsWith(fresh, at)) return true;
  }
  return false;
}

/** What is new in a text that goes on with the shown one, having perhaps repeated some of it; null when it began anew and ended early. */
function afterOverlap(shown: string, fresh: string, trimmed: string): string | null {
  const length = overlapOf(shown, fresh, SHORTEST_ANCHOR);
  if (length > 0 && !isRefrain(shown, length)) return fresh.slice(length);
  if (fresh.length >= SHORTEST_ANCHOR && shown.startsWith(fresh)) return null;
  return trimmed !== '' && fresh.startsWith(trimmed) ? fresh.slice(trimmed.length) : fresh;
}

/** For a model that was given the shown text as its own beginning, less `trimmed` (white space at its end). It may all the same repeat some of it. */
export function createPrefillAligner(shown: string, trimmed: string): Aligner {
  let fresh = '';
  let passed = false;
  const settle = (isEnd: boolean): string | null => {
    if (trimmed !== '' && fresh.length < trimmed.length && trimmed.startsWith(fresh) && !isEnd) return '';
    if (!isEnd && mayRepeat(shown, fresh)) return '';
    passed = true;
    return afterOverlap(shown, fresh, trimmed);
  };
  return {
    feed: (text) => {
      if (passed) return text;
      fresh += text;
      return fresh === '' ? '' : settle(false);
    },
    end: () => (passed || fresh === '' ? '' : settle(true)),
  };
}

/** How much a model may say before it repeats the last words, as it was told to. */
const PREFACE = 200;
const wordEnd = /[\p{L}\p{N}]$/u;
const wordStart = /^[\p{L}\p{N}]/u;

/** For a model that was told to go on, and to begin with `cue`, the last words shown. */
export function createCueAligner(shown: string, cue: string): Aligner {
  let fresh = '';
  let passed = false;
  const settle = (isEnd: boolean): string | null => {
    const fromStart = fresh.length < shown.length && shown.startsWith(fresh);
    const at = fresh.startsWith(shown) ? shown.length - cue.length : fresh.indexOf(cue);
    if (!fromStart && at >= 0) {
      passed = true;
      return fresh.slice(at + cue.length);
    }
    if (!isEnd && (fromStart || fresh.length < cue.length + PREFACE)) return '';
    // It tells the whole story anew, and in other words.
    if (shown.startsWith(fresh.slice(0, SHORTEST_ANCHOR))) return null;
    passed = true;
    const rest = fresh.slice(overlapOf(shown, fresh, SHORTEST_ANCHOR));
    // Messages never begin with a space, even where the text needs one.
    return wordEnd.test(shown) && wordStart.test(rest) && rest === fresh ? ` ${rest}` : rest;
  };
  return {
    feed: (text) => {
      if (passed) return text;
      fresh += text;
      return settle(false);
    },
    end: () => (passed ? '' : settle(true)),
  };
}

/** The last words of a text, from a word's beginning: enough of them to be found again. */
export function toCue(shown: string): string {
  const from = Math.max(0, shown.length - 48);
  const tail = shown.slice(from).trimStart();
  const space = tail.search(/\s/);
  return from === 0 || space < 0 || tail.length - space < SHORTEST_ANCHOR ? tail : tail.slice(space).trimStart();
}
