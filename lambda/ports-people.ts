// The doors to what is kept of people: themselves, their sessions, their API keys, and the audit.
import type { AuditAction, AuditChange, AuditEvent } from '#shared/api/audit.ts';
import type { ApiKeyGrant, Principal } from '#shared/people.ts';
import type { ReadRole } from '#shared/roles.ts';
import type { Exchange, Headers } from './ports.ts';

/** Somebody who may sign in, or (`*@domain`) a rule for everybody at a domain. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly role: Exclude<ReadRole, 'owner'>;
  readonly models: readonly string[] | null;
  /** Milliseconds since the epoch; null without end. */
  readonly expiresAtMs: number | null;
  readonly blocked: boolean;
  readonly source: 'invited' | 'environment' | 'domain';
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number | null;
  /** Google's own id of the account that signed in first; another account with the same address is somebody else. */
  readonly googleId: string | null;
}

export interface People {
  /** The id that belongs to an address, whether or not it is known. */
  idOf(email: string): string;
  get(id: string): Promise<Person | null>;
  list(): Promise<readonly Person[]>;
  /** false: there is one with this address already. */
  create(person: Person): Promise<boolean>;
  /** Applies a change to what is stored; null: there is no such person. */
  change(id: string, change: (person: Person) => Person): Promise<Person | null>;
  remove(id: string): Promise<void>;
}

/** One place where somebody is signed in. */
export interface Session {
  readonly id: string;
  readonly personId: string;
  readonly email: string | null;
  readonly via: 'google' | 'local';
  readonly device: string;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
}

export interface Sessions {
  /** Opens one and answers its token, which is kept nowhere. */
  open(who: Pick<Session, 'personId' | 'email' | 'via' | 'device'>): Promise<{ token: string; session: Session }>;
  /** The session of a token; null when there is none, or it has ended. */
  find(token: string): Promise<Session | null>;
  /** Notes that it is in use, no more often than every minute. */
  touch(session: Session): Promise<void>;
  list(personId: string): Promise<readonly Session[]>;
  close(personId: string, id: string): Promise<boolean>;
  closeAll(personId: string): Promise<void>;
  /** When it ends at the latest, ms since the epoch. */
  endsAtMs(session: Session): number;
}

/** An API key as it is stored: never the key itself. */
export interface ApiKey extends ApiKeyGrant {
  readonly personId: string;
  /** Address of its person; null for the owner. */
  readonly email: string | null;
  readonly last4: string;
  readonly createdAtMs: number;
  /** SHA-256 of the key, hex. */
  readonly hash: string;
  /** Hash of the key before the last roll, and until when it is accepted. */
  readonly previous: { readonly hash: string; readonly untilMs: number } | null;
}

/** What a new key is made with. */
export type ApiKeyTerms = Omit<ApiKeyGrant, 'id'> & Pick<ApiKey, 'personId' | 'email'>;

export interface ApiKeys {
  create(terms: ApiKeyTerms): Promise<{ key: string; stored: ApiKey }>;
  /** Whom a presented key belongs to; null when it is none of ours. Expired ones are found too. */
  find(text: string): Promise<ApiKey | null>;
  get(id: string): Promise<ApiKey | null>;
  list(): Promise<readonly ApiKey[]>;
  change(id: string, change: (key: ApiKey) => ApiKey): Promise<ApiKey | null>;
  /** Makes a new key text; the old one stays good for `overlapMs`. null: there is no such key. */
  roll(id: string, overlapMs: number): Promise<{ key: string; stored: ApiKey } | null>;
  remove(id: string): Promise<void>;
  /** Notes that it was used, no more often than every minute. */
  used(id: string): Promise<void>;
  /** When each was used last, by id, ms since the epoch. */
  lastUsed(): Promise<ReadonlyMap<string, number>>;
}

/** What is to be written down; who and whence are taken from the request. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly target?: string | null;
  readonly detail?: string | null;
  /** Never with secrets or addresses in them. */
  readonly changes?: readonly AuditChange[];
}

/** Who did it, and whence. */
export interface AuditOrigin {
  readonly principal: Pick<Principal, 'id' | 'email' | 'key'> | null;
  readonly address: string | null;
  readonly requestId: string | null;
}

export interface Audit {
  /** Writes down an act. Never rejects: what could not be written is told in the log. */
  write(entry: AuditEntry, origin: AuditOrigin): Promise<void>;
  /**
   * Newest first, of one person or of all. `next` goes on after it; `searchedTo` is the moment to which it was searched when that is why it
   * is not full: whoever looks for what there is little of would else have all read at once.
   */
  page(query: {
    limit: number;
    after?: string | undefined;
    action?: AuditAction | undefined;
    personId?: string | undefined;
  }): Promise<{ events: readonly AuditEvent[]; next: string | null; searchedTo: string | null }>;
}

/** How somebody comes to be signed in. */
export interface SignIn {
  readonly mode: 'google' | 'local' | 'api_only';
  readonly clientId: string | null;
  /** A nonce for one sign-in with Google; null in other modes. */
  nonce(): Promise<string | null>;
  /** Each rejects with CallerError, whose sentence says why, and writes it down. */
  withGoogle(asked: { credential: string; nonce: string | null }, from: SignInOrigin): Promise<SignedIn>;
  withToken(token: string, from: SignInOrigin): Promise<SignedIn>;
}

/** The request by which somebody signs in. */
export interface SignInOrigin {
  readonly exchange: Exchange;
  readonly requestId: string;
  /** Whoever is signed in already: their session ends when the new one begins. */
  readonly principal: Principal | null;
}

/** Somebody is signed in. `cookie` is the header that keeps the session in the browser. */
export interface SignedIn {
  readonly principal: Principal;
  readonly token: string;
  readonly cookie: string;
  readonly endsAtMs: number;
}

/** Whoever asked for something that goes on without them. */
export interface PrincipalRef {
  readonly personId: string;
  /** null: the owner, or somebody whom no address is known of. */
  readonly email: string | null;
  /** The API key they asked with; null: they were signed in. */
  readonly key: Pick<ApiKeyGrant, 'id' | 'name'> | null;
}

/** All that is kept of people, for the API. */
export interface Identity {
  readonly people: People;
  readonly sessions: Sessions;
  readonly keys: ApiKeys;
  readonly audit: Audit;
  /** Loaded by its first use. */
  readonly signIn: () => Promise<SignIn>;
  /** What they may do by now. Rejects with CallerError `unauthenticated` when they, or their key, may come in no more. */
  readonly renew: (who: PrincipalRef) => Promise<Principal>;
  /** Who may sign in by the environment's word. */
  readonly environment: { readonly allowed: readonly string[]; readonly admins: readonly string[] };
  /** The header that takes the session out of the browser. */
  readonly farewellCookie: (headers: Headers) => string;
}
