// Which signals a text could speak for at all, by how its words begin: most of them need not be looked for.

/** Words are told apart by so many of their first signs. */
const SIGNS = 4;
/** Numbers of the letters from `a`, in either case; then what may follow a letter inside a word. All else is 0. */
const LETTERS = 26;
const INSIDE = LETTERS + 1;
const classes = Uint8Array.from({ length: 128 }, (_, code) => {
  const sign = String.fromCharCode(code);
  if (/[a-z]/i.test(sign)) return (code | 32) - 96;
  return /\w/.test(sign) ? INSIDE : 0;
});

/** What signs tell of a text, beside its words. `extension`: a letter right behind a dot. `capital`: one inside a word. */
export type Shape = 'fence' | 'bracket' | 'backslash' | 'extension' | 'capital';

const shapeBits: Readonly<Record<Shape, number>> = { fence: 1, bracket: 2, backslash: 4, extension: 8, capital: 16 };
const signsOf = [
  ['`~', shapeBits.fence],
  [';:{}()[]=', shapeBits.bracket],
  ['\\', shapeBits.backslash],
] as const;
const signShapes = Uint8Array.from({ length: 128 }, (_, code) =>
  signsOf.reduce((bits, [signs, bit]) => (signs.includes(String.fromCharCode(code)) ? bits | bit : bits), 0),
);
const DOT = 46;
const LOWER_A = 97;

/** Ends of a pattern's parts that tell nothing of the sign that comes next but that no letter does. */
const END = '\0';

/** A pattern being read: all beginnings so far, none longer than what tells words apart. */
class Beginnings {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** All ways in which what stands here begins, after each of `before`; null when that can't be told. */
  readAlternatives(before: readonly string[]): readonly string[] | null {
    const all: string[] = [];
    for (;;) {
      const beginnings = this.#readSequence(before);
      if (beginnings === null) return null;
      all.push(...beginnings);
      if (this.#source[this.#at] !== '|') return all;
      this.#at++;
    }
  }

  /** Up to the end of an alternative. */
  #readSequence(before: readonly string[]): readonly string[] | null {
    let beginnings = before;
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at] ?? '')) {
      const open = beginnings.filter((one) => one.length < SIGNS && !one.includes(END));
      if (open.length === 0) this.#skip();
      else {
        const next = this.#readPart(open);
        if (next === null) return null;
        beginnings = [...beginnings.filter((one) => !open.includes(one)), ...next];
      }
    }
    return beginnings;
  }

  /** One sign, class or group with its quantifier, after each of `open`. */
  #readPart(open: readonly string[]): readonly string[] | null {
    const part = /^(?:\\b|\\([^\w])|\[(-?[^\]\\^-]+)\]|([^\\[\](){}?*+.^$|]))/.exec(this.#source.slice(this.#at));
    let after: readonly string[] | null;
    if (part !== null) {
      this.#at += part[0].length;
      const signs = part[0] === '\\b' ? [END] : [...(part[1] ?? part[2] ?? part[3] ?? '')];
      after = open.flatMap((one) => signs.map((sign) => one + sign));
    } else if (this.#source.startsWith('(?:', this.#at)) {
      this.#at += 3;
      after = this.readAlternatives(open);
      this.#at++;
    } else return null;
    if (after === null || /[*+{]/.test(this.#source[this.#at] ?? '')) return null;
    if (this.#source[this.#at] !== '?') return after;
    this.#at++;
    return [...open, ...after];
  }

  /** Passes over what comes too late to matter. */
  #skip(): void {
    let depth = 0;
    const { length } = this.#source;
    for (; this.#at < length; this.#at++) {
      const sign = this.#source[this.#at];
      if (depth === 0 && (sign === '|' || sign === ')')) return;
      if (sign === '\\') this.#at++;
      else if (sign === '[') this.#at = this.#source.indexOf(']', this.#at);
      else if (sign === '(') depth++;
      else if (sign === ')') depth--;
    }
  }
}

/** A pattern's source with all signs as themselves: bundlers write those that are not ASCII as escapes. */
const unescaped = (source: string): string =>
  source.replace(/\\(?:u([\da-f]{4})|x([\da-f]{2}))/gi, (_, long?: string, short?: string) =>
    String.fromCharCode(Number.parseInt(long ?? short ?? '', 16)),
  );

/** Whether a part can only begin with signs that no ASCII text holds. */
// eslint-disable-next-line no-control-regex
const foreign = /^(?:[^\0-\x7f]|\[[^\0-\x7f\]]+\])/;

/** The alternatives of a pattern, each by itself. */
function alternativesOf(source: string): readonly string[] {
  const found: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    const sign = source[at];
    if (sign === '\\') at++;
    else if (sign === '[') at = source.indexOf(']', at);
    else if (sign === '(') depth++;
    else if (sign === ')') depth--;
    else if (sign === '|' && depth === 0) {
      found.push(source.slice(from, at));
      from = at + 1;
    }
  }
  return [...found, source.slice(from)];
}

/** What tells that a pattern may match. */
export interface Hinted {
  readonly pattern: RegExp;
  /** One of these stands in every ASCII text that is matched by an alternative that does not begin with a word. */
  readonly shapes?: readonly Shape[];
}

/**
 * The beginnings of words, one of which every ASCII text holds that the pattern matches, but for those that have one of its shapes; null when
 * that can't be told. Reads what our patterns are made of: alternatives that begin with a word.
 */
export function beginningsOf({ pattern, shapes = [] }: Hinted): readonly string[] | null {
  const found: string[] = [];
  for (const alternative of alternativesOf(unescaped(pattern.source))) {
    if (foreign.test(alternative)) continue;
    if (!alternative.startsWith('\\b')) {
      if (shapes.length > 0) continue;
      return null;
    }
    const beginnings = new Beginnings(alternative.slice(2)).readAlternatives(['']);
    if (beginnings === null) return null;
    for (const one of beginnings) {
      // eslint-disable-next-line no-control-regex
      if (/[^\0-\x7f]/.test(one)) continue;
      const [word = ''] = one.split(END);
      if (!/^[a-z]/i.test(word) || (one.length < SIGNS && !one.includes(END))) return null;
      found.push(word);
    }
  }
  return found;
}

/** Tells which of some patterns may match a text: one bit for each, from the lowest. */
export type Hints = (text: string) => number;

/** What stands for missing letters of a short word. */
const pads = Float64Array.from({ length: SIGNS + 1 }, (_, count) => INSIDE ** (SIGNS - count));
/** As many letters as no word has that is looked at: the rest of it tells nothing. */
const PASSED = SIGNS + 1;

/** Says that a text holds a sign that is not ASCII. */
const NOT_ASCII = -1;

/**
 * Goes through a text word by word, and tells of each how it begins, as a number. Answers the shapes that the text has, a bit for each;
 * NOT_ASCII as soon as it comes to such a sign.
 */
function eachBeginning(text: string, tell: (key: number) => void): number {
  let key = 0;
  let count = 0;
  let before = 0;
  let shapes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return NOT_ASCII;
    const number = classes[code] as number;
    if (number > 0 && number <= LETTERS) {
      if (count === 0 && before === DOT) shapes |= shapeBits.extension;
      else if (code < LOWER_A && count > 0) shapes |= shapeBits.capital;
      if (count >= SIGNS) continue;
      key = key * INSIDE + number;
      if (++count === SIGNS) tell(key);
    } else {
      if (count > 0 && count < SIGNS) tell(key * (pads[count] as number));
      key = 0;
      count = number === INSIDE ? PASSED : 0;
      before = code;
      shapes |= signShapes[code] as number;
    }
  }
  if (count > 0 && count < SIGNS) tell(key * (pads[count] as number));
  return shapes;
}

/** Bits by the beginnings of words: a table that one look finds them in. */
class Table {
  readonly #slots: number;
  readonly #keys: Int32Array;
  readonly #bits: Int32Array;

  constructor(bits: ReadonlyMap<number, number>) {
    // Mostly empty, so that most words are told from all others by the first slot.
    this.#slots = 2 ** Math.ceil(Math.log2(bits.size * 4 + 1));
    this.#keys = new Int32Array(this.#slots);
    this.#bits = new Int32Array(this.#slots);
    for (const [key, bit] of bits) {
      const slot = this.#find(key);
      this.#keys[slot] = key;
      this.#bits[slot] = bit;
    }
  }

  get(key: number): number {
    return this.#bits[this.#find(key)] as number;
  }

  /** Where a key stands, or would. */
  #find(key: number): number {
    const last = this.#slots - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 16) & last;
    while (this.#keys[slot] !== key && this.#keys[slot] !== 0) slot = (slot + 1) & last;
    return slot;
  }
}

/** Hints for up to 31 patterns. */
export function createHints(patterns: readonly Hinted[]): Hints {
  const all = 2 ** patterns.length - 1;
  let always = 0;
  const bits = new Map<number, number>();
  /** Bits by shapes. */
  const byShape: { readonly shape: number; readonly bit: number }[] = [];
  patterns.forEach((hinted, index) => {
    const bit = 1 << index;
    const beginnings = beginningsOf(hinted);
    if (beginnings === null) always |= bit;
    for (const word of beginnings ?? []) eachBeginning(word, (key) => bits.set(key, (bits.get(key) ?? 0) | bit));
    const shape = (hinted.shapes ?? []).reduce((found, name) => found | shapeBits[name], 0);
    if (shape > 0) byShape.push({ shape, bit });
  });
  const table = new Table(bits);
  return (text) => {
    let found = always;
    const shapes = eachBeginning(text, (key) => {
      found |= table.get(key);
    });
    if (shapes === NOT_ASCII) return all;
    if (shapes > 0) for (const { shape, bit } of byShape) if ((shapes & shape) !== 0) found |= bit;
    return found;
  };
}
