// Every door to the outside: store, upstream network, clock, log, metrics. Implementations are picked in deps.ts only.
import type { UsageRecord } from '#shared/api/usage.ts';
import type { Item, ItemKey, Update, UpdateResult } from '#shared/items.ts';
import type { StoredCredential } from '#shared/stored-credential.ts';
import type { UsageRow } from '#shared/usage-sums.ts';

/** Time and randomness, so that every decision can be replayed and tests need no waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fire` once after `ms`, unless the answered function is called first. Cheap: made for timeouts that hardly ever fire. */
  after(ms: number, fire: () => void): () => void;
  /** A number in [0, 1). */
  random(): number;
}

/** How far another clock is ahead of our own, ms: between these two. */
export interface ClockBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Where state lives. All methods may reject with StoreUnavailable; none loses part of a write. */
export interface Store {
  /** `sqlite` or `dynamodb`, as shown by /health. */
  readonly kind: string;
  /** What is read may be a moment old where the store is distributed, unless it is to be `fresh`: then it holds all that was written before. */
  get(key: ItemKey, fresh?: boolean): Promise<Item | null>;
  /** In the order of `keys`. One round trip for up to 100 keys. */
  batchGet(keys: readonly ItemKey[]): Promise<(Item | null)[]>;
  /** Replaces the whole item. */
  put(key: ItemKey, item: Item, expiresAtMs?: number): Promise<void>;
  /** One atomic guarded write. */
  update(update: Update): Promise<UpdateResult>;
  delete(key: ItemKey): Promise<void>;
  /** Items of one partition whose `sk` begins with `prefix`, in order of `sk`; the `next` of a page, as `after`, continues behind its last one. `fresh` as in `get`. */
  query(
    pk: string,
    options?: { prefix?: string; limit?: number; after?: string; descending?: boolean; fresh?: boolean },
  ): Promise<QueryPage>;
  /** How far its clock, which all instances have in common, is ahead of this instance's; null or absent where nothing is known of that. */
  ahead?(): ClockBounds | null;
  /** Throws StoreUnavailable when the store can't be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
export interface QueryPage {
  readonly items: readonly { readonly key: ItemKey; readonly item: Item }[];
  readonly next: string | null;
}

/** The store could not be reached, or refused for load. Reservations then fail open within their stated bound. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  /** The disk has no room left: trying again does not help until somebody makes some. */
  readonly isFull: boolean;
  constructor(message: string, { isFull = false }: { readonly isFull?: boolean } = {}) {
    super(message);
    this.isFull = isFull;
  }
}

/** Encrypts small things under a key that never reaches the store. `context` is authenticated with what is wrapped. */
export interface KeyWrapper {
  wrap(plain: Uint8Array, context: string): Promise<string>;
  /** Rejects with VaultError when the key is another one, or can't be reached. */
  unwrap(wrapped: string, context: string): Promise<Uint8Array>;
}

/** What is wrong with the vault; the message says what to do. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  /** `damaged`: this secret alone. `damaged_key`: what opens all of its owner's. */
  readonly kind: 'wrong_master_key' | 'damaged' | 'damaged_key' | 'unavailable' | 'not_prepared';
  constructor(kind: VaultError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Secrets of people, sealed each under a data key of its person. `identity` says where a secret belongs; sealed for one place, it opens at no other. */
export interface Vault {
  /** Rejects with VaultError when the master key is not the one the secrets were sealed under. */
  check(): Promise<void>;
  /** Fetches the person's data key, so that `openNow` can open what is theirs for some minutes. */
  prepare(personId: string): Promise<void>;
  seal(personId: string, identity: string, text: string): Promise<string>;
  open(personId: string, identity: string, sealed: string): Promise<string>;
  /** At the moment of use. Throws VaultError, `not_prepared` unless the data key is at hand. */
  openNow(personId: string, identity: string, sealed: string): string;
  /** Wraps every data key anew by another master key. What was sealed stays as it is, and a data key that can't be opened, too. */
  rewrap(next: KeyWrapper): Promise<Rewrapped>;
}

export interface Rewrapped {
  /** How many keys were wrapped anew. */
  readonly count: number;
  /** Ids of the people whose data keys could not be opened, and were left as they are. */
  readonly left: readonly string[];
}

/** All credentials that people have given, deleted ones that can be brought back among them. */
export interface CredentialSnapshot {
  readonly all: readonly StoredCredential[];
  /** Rises with every change. */
  readonly count: number;
}

/** Provider credentials as they are kept. */
export interface CredentialBook {
  /** At once when it is at hand, and then looked at again beside the request when it is older than five seconds. Rejects with StoreUnavailable when nothing was ever read. */
  snapshot(): CredentialSnapshot | Promise<CredentialSnapshot>;
  /** Writes over the version that was read; null for a new one. Answers false when somebody else was faster. */
  write(credential: StoredCredential, over: number | null): Promise<boolean>;
}

/** One record of every request. */
export interface UsageBook {
  /** Writes it down, soon. */
  note(record: UsageRecord): void;
  /** Writes what waits. Never rejects: what could not be written waits on. */
  flush(): Promise<void>;
  /** All records of a day (UTC, `YYYY-MM-DD`), newest first. */
  readDay(day: string): Promise<readonly UsageRecord[]>;
  /**
   * What was used on each day (UTC) from the first to the last, both included, oldest first, added up by all that it is told apart by. Days
   * that are over are added up once for all, so that many of them cost few reads.
   */
  rowsOfDays(from: string, to: string): AsyncIterable<readonly UsageRow[]>;
}

/** Decisions that somebody wanted explained, as they were taken. */
export interface DecisionStore {
  /** Never rejects: what can't be kept is told in the log. */
  keep(decisions: { requestId: string; personId: string; views: readonly unknown[] }): Promise<void>;
  /** null when none were kept, or their time is over. */
  read(requestId: string): Promise<{ readonly personId: string; readonly views: readonly unknown[] } | null>;
}

/** Secrets kept outside of the store, each a set of names and values. */
export interface SecretValues {
  /** The names and values of one secret, at most minutes old. Rejects with SecretUnavailable when they were never read. */
  read(id: string): Promise<Readonly<Record<string, string>>>;
}

/** A secret could not be read; the message says which, and what to do. */
export class SecretUnavailable extends Error {
  override readonly name = 'SecretUnavailable';
}

/** Takes in uploads that are too large to be held in memory, where there is somewhere to lay them down. */
export interface Spool {
  /** The largest upload that is taken in, bytes. Whoever passes more in is at fault. */
  readonly maxBytes: number;
  /** Takes in all of it. Rejects with what the chunks reject with, and then keeps nothing. */
  keep(chunks: AsyncIterable<Uint8Array>): Promise<Spooled>;
}
/** An upload at rest, which is read as often as needed, until it is dropped. */
export interface Spooled {
  readonly size: number;
  /** Whether what is read belongs to whoever has read it; absent: it does not. */
  readonly own?: boolean;
  /** The bytes from `start` up to, without, `end`; fewer at the end of the upload. */
  read(start: number, end: number): Promise<Uint8Array>;
  drop(): Promise<void>;
}

/** Lower-case header names; repeated headers are joined by ", ". */
export type Headers = Readonly<Record<string, string>>;

/** A body whose pieces lie apart, so that what is long need not be copied. Texts are sent as UTF-8. */
export interface BodyPieces {
  readonly pieces: readonly (Uint8Array | string)[];
  /** Of all of them, bytes. */
  readonly length: number;
}

/** A body that is read while it is sent, and again when it is sent again. */
export interface BodySource {
  readonly length: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface UpstreamCall {
  readonly method: string;
  readonly url: string;
  /** Frozen where the very same come again: then they are made ready to be sent once. */
  readonly headers: Headers;
  readonly body: Uint8Array | string | BodyPieces | BodySource | null;
  /** Only public addresses may be reached, and only by https: for URLs that people without this right have given. */
  readonly publicOnly?: boolean;
  /** Until the reply's head; 0 means none. */
  readonly headTimeoutMs: number;
  /** Between two pieces of the body; 0 means none. */
  readonly idleTimeoutMs: number;
}

/** What went wrong below HTTP. `sent` is false only when surely no byte of the request left this machine. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly kind: 'network' | 'timeout' | 'cancelled';
  readonly sent: boolean;
  constructor(kind: 'network' | 'timeout' | 'cancelled', message: string, sent: boolean) {
    super(message);
    this.kind = kind;
    this.sent = sent;
  }
}

/** Called in the order head, data*, then exactly one of end and error. Nothing is called after abort() but `onError` (cancelled). */
export interface UpstreamListener {
  onHead(status: number, headers: Headers): void;
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  onError(error: UpstreamError): void;
}
export interface UpstreamHandle {
  abort(): void;
  pause(): void;
  resume(): void;
}

/** The way out to providers: lean, streaming, with back-pressure. Bodies arrive decoded (gzip, br, deflate undone). */
export interface Upstream {
  start(call: UpstreamCall, listener: UpstreamListener): UpstreamHandle;
  close(): Promise<void>;
}

/** The reply's body. Chunks go out as they are written; `write` answers false when the reader is slower than we are. */
export interface ReplyBody {
  write(chunk: Uint8Array | string): boolean;
  /** Resolves when more may be written, or the caller is gone. */
  drained(): Promise<void>;
  /** Ends the reply. Writing after it is a no-op. */
  end(last?: Uint8Array | string): void;
}

/** Why a reply must end early: its caller hung up, the server is being stopped, or the runtime will stop us very soon. */
export type Gone = 'hung_up' | 'stopping' | 'deadline';

/** One request and its reply, as every entry (node:http, Lambda events) hands it to the app: plain strings and bytes. */
export interface Exchange {
  readonly method: string;
  /** Path without the query, percent-decoding left to the route. */
  readonly path: string;
  /** Query string without `?`; empty when there is none. */
  readonly query: string;
  readonly headers: Headers;
  readonly remoteAddress: string | null;
  /** When the runtime will stop us, ms since the epoch; null when it never does. */
  readonly deadlineAtMs: number | null;
  /** Whoever asks has the reply only once the handler is done; absent: as soon as the reply has ended. */
  readonly waitsForHandler?: boolean | undefined;
  /**
   * Reads the whole body, once; whoever asks again is answered the same, and at once where it has come. Throws or rejects with CallerError
   * `too_large` past `limitBytes`, before more than that was kept.
   */
  body(limitBytes: number): Uint8Array | Promise<Uint8Array>;
  /** Reads the body as it comes, once and instead of `body`; with the same rejection. Absent where it is at hand as a whole. */
  readonly chunks?: ((limitBytes: number) => AsyncIterable<Uint8Array>) | undefined;
  /** Called at most once, when the reply must end early. Unless the caller hung up (where the runtime shows it), there is time for a last word. */
  onGone(listener: (why: Gone) => void): void;
  /** Sends status and headers. Once. */
  reply(status: number, headers: Headers): ReplyBody;
}

/** What every entry calls. Resolves when the reply has ended and everything that must follow it (settlement) is done; never rejects. */
export type Handler = (exchange: Exchange) => Promise<void>;
