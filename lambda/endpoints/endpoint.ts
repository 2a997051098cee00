// What an endpoint is given, and how it replies: JSON, or an error in the caller's wire format.
import type { UsageRecord } from '#shared/api/usage.ts';
import { CallerError } from '#shared/failures.ts';
import type { Principal } from '#shared/people.ts';
import type { Clock, DecisionStore, Exchange, Headers, Spool, UsageBook } from '../ports.ts';
import type { Log, Metrics } from '../ports-telemetry.ts';
import type { RolloutStore, SettingsStore } from '../ports-settings.ts';
import type { AudioDesk } from '../gateway/audio-desk.ts';
import type { Fleet } from '../gateway/fleet.ts';
import type { NamedGuard } from '../gateway/guards.ts';
import type { Health } from '../gateway/health.ts';
import type { KeyLimitsKeeper } from '../gateway/key-limits.ts';
import type { KnownLocks } from '../gateway/locks.ts';
import type { Ledger } from '../gateway/ledger.ts';
import type { Gateway } from '../gateway/run.ts';
import type { ExactCounter } from '../gateway/tokenizer.ts';
import type { ModelAlias } from '../routing/aliases.ts';
import type { PaidPolicy } from '../routing/policy.ts';
import type { ChatMeans } from '../gateway/chat.ts';
import type { Field } from '../wire/splice.ts';
import type { ChatWire, Dialect, ErrorRenderer } from '../wire/types.ts';
import type { Tracing } from './tell-traces.ts';

/** A request body as JSON, with the bytes it was parsed from. The text between them is not kept: it would be moved about with every collection of garbage. */
export interface JsonBody {
  readonly json: unknown;
  readonly bytes: Uint8Array;
  /** Where the fields of the object stand in the bytes; null when it is none. */
  readonly fields: readonly Field[] | null;
}

/** One request under way. */
export interface Visit {
  readonly exchange: Exchange;
  readonly requestId: string;
  /** null when nobody we know is asking; such visits reach only routes that are open. */
  readonly principal: Principal | null;
  /** Why what was presented is not accepted, in its own words; null when nothing was presented, or all is well. */
  readonly refusal: CallerError | null;
  /** Values of the path's placeholders. */
  readonly params: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  /** The body, where somebody has read it as JSON before; absent: nobody has, or it is none. */
  readonly document?: JsonBody;
  /** Told what is written down of the request, once. */
  readonly onRecord?: (record: UsageRecord) => void;
}

export type Endpoint = (visit: Visit) => Promise<void>;

/** What requests are decided on and carried out by. Indices of candidates hold within one of these only. */
export interface Services {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly gateway: Gateway;
  /** Looks after candidates that have failed; null when that is turned off. */
  readonly health: Health | null;
}

/** What endpoints stand on. `current` answers what is in force for this person: it changes with configuration and credentials. */
export interface EndpointDeps {
  readonly current: (principal: Principal) => Services | Promise<Services>;
  /** What the owners of API keys allow them. */
  readonly keyLimits: KeyLimitsKeeper;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The wire of OpenAI's surfaces, whose errors it writes. */
  readonly chatWire: ChatWire;
  /** The chat wires of all whom `current` may answer. */
  readonly chatWires: ChatMeans;
  readonly dialectOf: (fleet: Fleet, index: number) => Dialect;
  readonly exactTokens: ExactCounter;
  readonly paid: PaidPolicy;
  /** Names that stand for others where nobody serves the very model, in the order in which they are tried. */
  readonly modelAliases: readonly ModelAlias[];
  readonly version: string;
  /** Look at every prompt before anybody is asked; absent: none does. */
  readonly guards?: readonly NamedGuard[];
  /** Absent: decisions are not kept for those who want them explained. */
  readonly decisions?: DecisionStore;
  /** Absent: nothing is set but by the environment. */
  readonly settings?: SettingsStore;
  /** Absent: no experiments take place. */
  readonly rollout?: RolloutStore;
  /** Which saved credentials can't be opened; absent: none is saved. */
  readonly locks?: KnownLocks;
  /** Where large uploads are laid down. */
  readonly spool: Spool;
  /** Opened with the first recording. */
  readonly audio: () => Promise<AudioDesk>;
  /** Absent: requests leave no record. */
  readonly usage?: UsageBook;
  /** Absent when nothing is traced. */
  readonly traces?: Tracing | null;
}

const REQUEST_ID = 'x-freeway-request-id';

/** Who is asking, on routes that need to know. Throws CallerError `unauthenticated` when nobody we know is. */
export function principalOf({ principal, refusal, exchange }: Visit): Principal {
  if (principal !== null) return principal;
  if (refusal !== null) throw refusal;
  if (/(?:^|&)key=/.test(exchange.query))
    throw new CallerError(
      'unauthenticated',
      'A key in the URL (?key=...) is not read, since URLs are written into logs. Send it as the header x-goog-api-key, or as "Authorization: Bearer <api key>".',
    );
  throw new CallerError(
    'unauthenticated',
    'No valid key was sent. Send "Authorization: Bearer <api key>" (x-api-key and x-goog-api-key work too), or sign in.',
  );
}

/** Replies with a JSON document. The request's id stands where official clients of any format look for it: lists serve them all. */
export function replyJson({ exchange, requestId }: Visit, status: number, document: unknown): void {
  const ids = { [REQUEST_ID]: requestId, 'x-request-id': requestId, 'request-id': requestId };
  exchange.reply(status, { 'content-type': 'application/json', ...ids }).end(JSON.stringify(document));
}

/** Waits that official clients keep by themselves: some would keep one of hours, too, and their program would hear nothing of it. */
const LONGEST_WAIT_MS = 60_000;

/** Headers every error carries. */
function errorHeaders(error: CallerError, requestId: string, { idHeader }: ErrorRenderer): Headers {
  const headers: Record<string, string> = { 'content-type': 'application/json', [REQUEST_ID]: requestId };
  if (idHeader !== undefined) headers[idHeader] = requestId;
  if (error.retryAfterMs !== null && Number.isFinite(error.retryAfterMs))
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  // Official clients repeat 429 and 5xx answers by themselves; when we know that it is no use, they are told.
  const isVain = !error.retryable || (error.retryAfterMs ?? 0) > LONGEST_WAIT_MS;
  if (isVain && (error.status === 429 || error.status >= 500)) headers['x-should-retry'] = 'false';
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  if (error.allow !== null) headers['allow'] = error.allow;
  return headers;
}

/** Replies with an error in the format of the surface that was called. */
export function replyError(
  visit: Visit,
  error: CallerError,
  { renderer, nowMs, headers }: { renderer: ErrorRenderer; nowMs: number; headers?: Headers },
): void {
  const body = renderer.renderError(error, visit.requestId, nowMs);
  visit.exchange.reply(error.status, { ...headers, ...errorHeaders(error, visit.requestId, renderer) }).end(body);
}
