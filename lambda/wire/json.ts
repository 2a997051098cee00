// Reads unknown JSON values without trusting them.

export type Json = Readonly<Record<string, unknown>>;

/** True for JSON objects; false for arrays and null. */
export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one when it is anything else. */
export function toRecord(value: unknown): Json {
  return isRecord(value) ? value : {};
}

/** The value as an array; an empty one when it is anything else. */
export function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value when it is a non-empty string, else null. */
export function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The value when it is a finite number of zero or more, else undefined: absent is unknown, never 0. */
export function toAmount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** So many tokens no call uses; providers whose counters ran below zero tell more. */
const MOST_TOKENS = 100_000_000;

/** The value when it can be a count of tokens, else undefined. */
export function toTokens(value: unknown): number | undefined {
  const amount = toAmount(value);
  return amount !== undefined && amount > MOST_TOKENS ? undefined : amount;
}

/** The fields whose value is known; null when there are none. */
export function toKnown<T extends object>(fields: { readonly [Name in keyof T]: T[Name] | undefined }): T | null {
  const known: Partial<T> = {};
  let isAny = false;
  for (const name in fields) {
    if (fields[name] === undefined) continue;
    known[name] = fields[name];
    isAny = true;
  }
  return isAny ? (known as T) : null;
}

/** Parses JSON; undefined when the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
