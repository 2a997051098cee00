// What a migration finds in older settings: credentials in today's words, and everything it does not know, kept as it was.
import type { NewCredential } from '../api/credentials.ts';

/** One credential, and where in the source it stood. */
export interface FoundCredential {
  readonly from: string;
  readonly input: Partial<NewCredential> & { readonly provider: string };
}

/** A setting that has another place now. */
export interface FoundSetting {
  readonly from: string;
  /** Variable or setting of today that means the same. */
  readonly to: string;
  readonly value: string;
}

export interface Migration {
  /** Which kind of source it was, in words. */
  readonly source: string;
  readonly credentials: readonly FoundCredential[];
  readonly settings: readonly FoundSetting[];
  /** Settings of this very server, to be set as they are; absent: none. */
  readonly own?: Readonly<Record<string, unknown>>;
  /** What means nothing here, by where it stood; kept, so that nothing is lost. */
  readonly unknown: Readonly<Record<string, unknown>>;
  /** What a person should know or decide. */
  readonly notes: readonly string[];
}

/** Nothing found yet. */
export const nothingFound = (source: string): Migration => ({
  source,
  credentials: [],
  settings: [],
  unknown: {},
  notes: [],
});

/** Both together. */
export const joinMigrations = (a: Migration, b: Migration): Migration => ({
  source: a.source === '' ? b.source : a.source,
  credentials: [...a.credentials, ...b.credentials],
  settings: [...a.settings, ...b.settings],
  unknown: { ...a.unknown, ...b.unknown },
  notes: [...a.notes, ...b.notes],
  ...(a.own === undefined && b.own === undefined ? {} : { own: { ...a.own, ...b.own } }),
});
