// Counts the kinds of characters and runs in a text that decide how many tokens it becomes.

/** What is counted. The order is that of the weights. */
export const features = [
  'words', 'wordLetters', 'longLetters', 'capitals', 'capitalRuns', 'digitGroups', 'lineBreaks', 'indents', 'doubleSpaces', 'marks', 'markRuns',
  'accented', 'cyrillic', 'greek', 'semitic', 'indic', 'ideographs', 'kana', 'hangul', 'thai', 'latinExtra', 'hebrew', 'persian', 'bengali',
  'emoji', 'others', 'entropy', 'mixedEntropy', 'repeats',
] as const; // prettier-ignore
type Feature = (typeof features)[number];

const at = Object.fromEntries(features.map((feature, index) => [feature, index])) as Record<Feature, number>;

/** Kinds of ASCII characters. */
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const SPACE = 4;
const BREAK = 5;
const MARK = 6;
const WIDE = 7;

const ascii = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  if (code >= 48 && code <= 57) return DIGIT;
  if (code === 32 || code === 9) return SPACE;
  return code === 10 || code === 13 ? BREAK : MARK;
});

/** Upper bounds of Unicode ranges, with what their characters count as; the first that fits. */
const ranges: readonly (readonly [number, Feature])[] = [
  [0x24f, 'accented'],
  [0x36f, 'accented'],
  [0x3ff, 'greek'],
  [0x52f, 'cyrillic'],
  [0x58f, 'others'],
  [0x5ff, 'hebrew'],
  [0x67d, 'semitic'],
  [0x6ff, 'persian'],
  [0x7ff, 'semitic'],
  [0x97f, 'indic'],
  [0x9ff, 'bengali'],
  [0xdff, 'indic'],
  [0xeff, 'thai'],
  [0x1dff, 'others'],
  [0x1eff, 'latinExtra'],
  [0x1fff, 'greek'],
  [0x206f, 'marks'],
  [0x2fff, 'emoji'],
  [0x303f, 'marks'],
  [0x30ff, 'kana'],
  [0x33ff, 'ideographs'],
  [0x9fff, 'ideographs'],
  [0xabff, 'others'],
  [0xd7af, 'hangul'],
  [0xdfff, 'emoji'],
  [0xfaff, 'ideographs'],
  [0xfeff, 'semitic'],
  [0xffef, 'kana'],
];

function wideFeature(code: number): number {
  for (const [bound, feature] of ranges) if (code <= bound) return at[feature];
  return at.others;
}

/** Words of the common languages stay below this; longer runs of letters and digits are keys, hashes and encoded data. */
const LONGEST_WORD = 24;
const LONG_WORD = 8;

const kindOf = (code: number): number => (code < 128 ? (ascii[code] as number) : WIDE);

/** How often each feature was counted, in their order. A plain list: a typed one costs as much to make as a short text to count. */
export type Counts = number[];

/** Empty counts. */
export const createCounts = (): Counts => features.map(() => 0);

/** Counts one text. Places are passed on as numbers: there is one for every few characters. */
class Counter {
  readonly #text: string;
  readonly #counts: Counts;

  constructor(text: string, counts: Counts) {
    this.#text = text;
    this.#counts = counts;
  }

  count(from: number, end: number): void {
    for (let at = from; at < end;) {
      const code = this.#text.charCodeAt(at);
      const kind = kindOf(code);
      if (kind === LOWER) at = this.#countPlainWord(at, end);
      else if (kind === UPPER) at = this.#countWord(at, end);
      else if (kind !== WIDE) at = this.#countRun(at, end);
      else {
        this.#add(wideFeature(code), 1);
        at++;
      }
    }
  }

  #add(index: number, by: number): void {
    this.#counts[index] = (this.#counts[index] as number) + by;
  }

  /** The same as `#countWord`, which it leaves all but small letters to: most words have no others, and of those little has to be known. */
  #countPlainWord(from: number, end: number): number {
    const text = this.#text;
    let to = from + 1;
    let kind = LOWER;
    while (to < end && (kind = kindOf(text.charCodeAt(to))) === LOWER) to++;
    const length = to - from;
    if ((to < end && kind <= DIGIT) || length > LONGEST_WORD) return this.#countWord(from, end);
    this.#add(at.words, 1);
    this.#add(at.wordLetters, length);
    if (length > LONG_WORD) this.#add(at.longLetters, length - LONG_WORD);
    return to;
  }

  /** Adds a run of letters, as a word or as something encoded, and answers where it ends. */
  #countWord(from: number, end: number): number {
    const text = this.#text;
    let to = from;
    let capitals = 0;
    let capitalRuns = 0;
    let digits = 0;
    let same = 0;
    let before = 0;
    let beforeKind = 0;
    for (; to < end; to++) {
      const code = text.charCodeAt(to);
      const kind = kindOf(code);
      if (kind > DIGIT) break;
      if (kind === UPPER) {
        capitals++;
        if (beforeKind === LOWER) capitalRuns++;
      } else if (kind === DIGIT) digits++;
      if (code === before) same++;
      before = code;
      beforeKind = kind;
    }
    const length = to - from;
    if (length > LONGEST_WORD) {
      this.#countEntropy(length, same > length / 2 ? same : 0, capitals > 0 && capitals < length);
      return to;
    }
    this.#add(at.words, 1);
    this.#add(at.wordLetters, length - digits);
    if (length - digits > LONG_WORD) this.#add(at.longLetters, length - digits - LONG_WORD);
    if (capitals > 0) {
      this.#add(at.capitals, capitals);
      this.#add(at.capitalRuns, capitalRuns);
    }
    if (digits > 0) this.#add(at.digitGroups, Math.ceil(digits / 3));
    return to;
  }

  /** Adds one run of ASCII letters and digits that is no word. A letter repeated without end (`same`) is one token for several of it. */
  #countEntropy(length: number, same: number, mixed: boolean): void {
    this.#add(at.repeats, same);
    this.#add(mixed ? at.mixedEntropy : at.entropy, length - same);
  }

  /** Answers where the run of one kind that begins at `from` ends. */
  #endOfRun(kind: number, from: number, end: number): number {
    let to = from + 1;
    while (to < end && kindOf(this.#text.charCodeAt(to)) === kind) to++;
    return to;
  }

  /** Adds a run of anything but letters, and answers where it ends. */
  #countRun(from: number, end: number): number {
    const kind = kindOf(this.#text.charCodeAt(from));
    const to = this.#endOfRun(kind, from, end);
    const length = to - from;
    if (kind === DIGIT) this.#add(at.digitGroups, Math.ceil(length / 3));
    else if (kind === BREAK) this.#add(at.lineBreaks, 1);
    else if (kind === MARK) {
      this.#add(at.markRuns, 1);
      // Long rules of one sign (-----) are few tokens.
      this.#add(at.marks, Math.min(length, 16) + Math.max(0, length - 16) / 16);
    } else if (length > 1) {
      const indent = from > 0 && kindOf(this.#text.charCodeAt(from - 1)) === BREAK;
      this.#add(indent ? at.indents : at.doubleSpaces, 1);
    }
    return to;
  }
}

/** Adds what stands between two places of a text to the counts. One pass; time grows with the distance only. */
export function countFeatures(
  text: string,
  { from, end }: { readonly from: number; readonly end: number },
  counts: Counts,
): void {
  new Counter(text, counts).count(from, end);
}
