// What an endpoint is given, and how it replies: JSON, or an error in the caller's wire format.
import type { CallerError } from '#shared/failures.ts';
import type { Clock, Exchange, Headers, Log, Metrics, Traces } from '../ports.ts';
import type { Fleet } from '../gateway/fleet.ts';
import type { Ledger } from '../gateway/ledger.ts';
import type { Gateway } from '../gateway/run.ts';
import type { ExactCounter } from '../gateway/tokenizer.ts';
import type { PaidPolicy } from '../routing/policy.ts';
import type { ChatWire, Dialect, ErrorRenderer } from '../wire/types.ts';

/** Who is asking. */
export interface Principal {
  readonly id: string;
  readonly role: 'owner' | 'admin' | 'member';
}

/** One request under way. */
export interface Visit {
  readonly exchange: Exchange;
  readonly requestId: string;
  /** null on routes that need no sign-in. */
  readonly principal: Principal | null;
  /** Values of the path's placeholders. */
  readonly params: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
}

export type Endpoint = (visit: Visit) => Promise<void>;

/** The services endpoints stand on. `current` answers the fleet, ledger and gateway in force: they change with the configuration. */
export interface EndpointDeps {
  readonly current: () => { readonly fleet: Fleet; readonly ledger: Ledger; readonly gateway: Gateway };
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly chatWire: ChatWire;
  readonly dialectOf: (fleet: Fleet, index: number) => Dialect;
  readonly exactTokens: ExactCounter;
  readonly paid: PaidPolicy;
  readonly version: string;
  /** Absent when nothing is traced. */
  readonly traces?: Traces | null;
}

const REQUEST_ID = 'x-freeway-request-id';

/** Replies with a JSON document. */
export function replyJson({ exchange, requestId }: Visit, status: number, document: unknown): void {
  exchange.reply(status, { 'content-type': 'application/json', [REQUEST_ID]: requestId }).end(JSON.stringify(document));
}

/** Headers every error carries. */
function errorHeaders(error: CallerError, requestId: string): Headers {
  const headers: Record<string, string> = { 'content-type': 'application/json', [REQUEST_ID]: requestId };
  if (error.retryAfterMs !== null && Number.isFinite(error.retryAfterMs))
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  // Official clients repeat 5xx answers by themselves; when we know that it is no use, they are told.
  if (!error.retryable && error.status >= 500) headers['x-should-retry'] = 'false';
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  return headers;
}

/** Replies with an error in the format of the surface that was called. */
export function replyError(
  visit: Visit,
  error: CallerError,
  { renderer, nowMs, headers }: { renderer: ErrorRenderer; nowMs: number; headers?: Headers },
): void {
  const body = renderer.renderError(error, visit.requestId, nowMs);
  visit.exchange.reply(error.status, { ...headers, ...errorHeaders(error, visit.requestId) }).end(body);
}
