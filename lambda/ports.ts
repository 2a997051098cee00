// Every door to the outside: store, upstream network, clock, log, metrics. Implementations are picked in deps.ts only.
import type { AlertKind, AlertView } from '#shared/api/alerts.ts';
import type { UsageRecord } from '#shared/api/usage.ts';
import type { AgentAssignment, EndpointConfiguration, InvokeSettings } from '#shared/invoke.ts';
import type { Experiment, Flag, Rollout } from '#shared/rollout.ts';
import type { Item, ItemKey, Update, UpdateResult } from '#shared/items.ts';
import type { BudgetSettings, InstallationSettings, PersonSettings } from '#shared/settings.ts';
import type { Template } from '#shared/template.ts';
import type { StoredCredential } from '#shared/stored-credential.ts';

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
  get(key: ItemKey): Promise<Item | null>;
  /** In the order of `keys`. One round trip for up to 100 keys. */
  batchGet(keys: readonly ItemKey[]): Promise<(Item | null)[]>;
  /** Replaces the whole item. */
  put(key: ItemKey, item: Item, expiresAtMs?: number): Promise<void>;
  /** One atomic guarded write. */
  update(update: Update): Promise<UpdateResult>;
  delete(key: ItemKey): Promise<void>;
  /** Items of one partition whose `sk` begins with `prefix`, in order of `sk`; `next` continues after the last one. */
  query(
    pk: string,
    options?: { prefix?: string; limit?: number; after?: string; descending?: boolean },
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
  readonly kind: 'wrong_master_key' | 'damaged' | 'unavailable' | 'not_prepared';
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
  /** Wraps every data key anew by another master key; answers how many. What was sealed stays as it is. */
  rewrap(next: KeyWrapper): Promise<number>;
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

/** What somebody used on one day. */
export interface DayOfUse {
  readonly requests: number;
  readonly tokens: number;
  readonly usd: number;
}

/** One record of every request. */
export interface UsageBook {
  /** Writes it down, soon. */
  note(record: UsageRecord): void;
  /** Writes what waits. Never rejects: what could not be written waits on. */
  flush(): Promise<void>;
  /** All records of a day (UTC, `YYYY-MM-DD`), newest first. */
  readDay(day: string): Promise<readonly UsageRecord[]>;
  /** What each person used on a day, by id. Days that are over are added up once for all. */
  sumsOfDay(day: string): Promise<ReadonlyMap<string, DayOfUse>>;
}

/** Settings by name, as they are read for calls and written by admins. */
export interface InvokeSettingsStore {
  /** At most half a minute old, but for writes of this instance. Rejects with StoreUnavailable when they were never read. */
  read(): Promise<InvokeSettings>;
  writeEndpoint(endpoint: EndpointConfiguration): Promise<void>;
  writeAssignment(assignment: AgentAssignment): Promise<void>;
  removeEndpoint(endpoint: Pick<EndpointConfiguration, 'name' | 'environment' | 'model'>): Promise<void>;
  removeAssignment(assignment: Pick<AgentAssignment, 'agent' | 'environment'>): Promise<void>;
}

/** Flags and experiments. */
export interface RolloutStore {
  /** At most half a minute old, but for writes of this instance. Rejects with StoreUnavailable when they were never read. */
  read(): Promise<Rollout>;
  /** What is known without waiting for the store: nothing until it was first read. Reads again, in the background, when that is old. */
  known(): Rollout;
  writeFlag(flag: Flag): Promise<void>;
  removeFlag(name: string): Promise<void>;
  writeExperiment(experiment: Experiment): Promise<void>;
  removeExperiment(name: string): Promise<void>;
}

/** A provider that was added at run time. */
export interface StoredTemplate {
  readonly template: Template;
  readonly changedAtMs: number;
  /** When it was removed; it can be brought back for a while. */
  readonly deletedAtMs: number | null;
}

/** Providers added at run time. */
export interface TemplateStore {
  /** At most half a minute old, but for writes of this instance; removed ones too. Rejects with StoreUnavailable when they were never read. */
  read(): Promise<readonly StoredTemplate[]>;
  /** What is known without waiting for the store; null until it was first read. The same list until something was read anew. */
  known(): readonly StoredTemplate[] | null;
  /** false: there is one with this id, though it may have been removed. */
  create(template: Template): Promise<boolean>;
  /** null: there is none. */
  change(id: string, change: (before: StoredTemplate) => StoredTemplate): Promise<StoredTemplate | null>;
}

/** Decisions that somebody wanted explained, as they were taken. */
export interface DecisionStore {
  /** Never rejects: what can't be kept is told in the log. */
  keep(decisions: { requestId: string; personId: string; views: readonly unknown[] }): Promise<void>;
  /** null when none were kept, or their time is over. */
  read(requestId: string): Promise<{ readonly personId: string; readonly views: readonly unknown[] } | null>;
}

/** What is set for one person's requests. */
export interface SettingsInForce {
  readonly installation: InstallationSettings;
  readonly person: PersonSettings;
  /** Another text after every change. */
  readonly versions: string;
}

/** Settings of the installation and of people. */
export interface SettingsStore {
  /** At once when they are at hand, and then looked at again beside the request when they are older than five seconds. Rejects with StoreUnavailable when they were never read. */
  of(personId: string): SettingsInForce | Promise<SettingsInForce>;
  /** The installation's as they were last read for anybody; nothing until then. */
  installation(): InstallationSettings;
  /** Each answers the settings after the change. null takes a setting away. */
  changeInstallation(change: Readonly<Record<string, unknown>>): Promise<InstallationSettings>;
  changePerson(id: string, change: Readonly<Record<string, unknown>>): Promise<PersonSettings>;
  removePerson(id: string): Promise<void>;
  /** Budgets that are set for people, by id. */
  budgets(): Promise<ReadonlyMap<string, BudgetSettings>>;
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
  readonly waitsForHandler?: boolean;
  /**
   * Reads the whole body, once; whoever asks again is answered the same, and at once where it has come. Throws or rejects with CallerError
   * `too_large` past `limitBytes`, before more than that was kept.
   */
  body(limitBytes: number): Uint8Array | Promise<Uint8Array>;
  /** Reads the body as it comes, once and instead of `body`; with the same rejection. Absent where it is at hand as a whole. */
  readonly chunks?: (limitBytes: number) => AsyncIterable<Uint8Array>;
  /** Called at most once, when the reply must end early. Unless the caller hung up (where the runtime shows it), there is time for a last word. */
  onGone(listener: (why: Gone) => void): void;
  /** Sends status and headers. Once. */
  reply(status: number, headers: Headers): ReplyBody;
}

/** What every entry calls. Resolves when the reply has ended and everything that must follow it (settlement) is done; never rejects. */
export type Handler = (exchange: Exchange) => Promise<void>;

/** Something that people who look after the installation should know soon. */
export interface Alert {
  readonly kind: AlertKind;
  /** Whom or what it is about. */
  readonly subject: string;
  /** What has happened, in sentences; no content, no secret. */
  readonly text: string;
}

/** Tells of alerts: in the log at once, and wherever the installation wants them. */
export interface Alerts {
  /** Never throws; what can't be delivered is tried again. */
  raise(alert: Alert): void;
  /** Delivers what is due. Never rejects. */
  flush(): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<readonly AlertView[]>;
}

/** Structured log. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
/** Every field a log line may have, by OpenTelemetry's name where it has one. Prompts, answers, bodies and keys have no name here. */
export const logFields = [
  'request_id', 'gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.response.model', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens',
  'route', 'credential', 'tier', 'attempts', 'rescues', 'wait_ms', 'duration_ms',
  'cost_usd', 'finish', 'outcome', 'status', 'what', 'error', 'stack', 'fields', 'url', 'store', 'version', 'candidates',
] as const; // prettier-ignore
export type LogFields = Readonly<
  Partial<Record<(typeof logFields)[number], string | number | boolean | null | undefined>>
>;

/** Counters and histograms in one registry, rendered as Prometheus text. */
export interface Metrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** `help` says in words what each counts, by name. */
  render(help?: Readonly<Record<string, string>>): string;
}

/** A piece of work with a beginning and an end, as traces tell it. `error` names what went wrong, never with content. */
export interface TracedWork {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Named after OpenTelemetry's `gen_ai.*` where it has a name; null and undefined are left out. */
  readonly attributes: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly error: string | null;
}
export interface TracedRequest extends TracedWork {
  /** Calls to providers made for it, oldest first. */
  readonly attempts: readonly TracedWork[];
}

/** The trace of one request under way. */
export interface RequestTrace {
  /** What providers are told, so that their part of the trace joins ours. */
  readonly traceparent: string;
  end(request: TracedRequest): void;
}

/** Traces, when they are asked for. */
export interface Traces {
  /** `traceparent` as the caller sent it. */
  begin(traceparent: string | undefined): RequestTrace;
  /** Sends what is waiting. Never rejects. */
  flush(): Promise<void>;
}
