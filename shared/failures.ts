// The closed lists of what can go wrong: at a provider, and towards the caller.
import type { Reason } from './api/reason.ts';

/** Everything that can go wrong at a provider, decided by the wire and dialect that read the reply. */
export const providerFailureKinds = [
  'rate_limited',
  'quota_exhausted',
  'overloaded',
  'timeout',
  'network',
  'bad_credential',
  'not_entitled',
  'model_missing',
  'too_large',
  'context_exceeded',
  'content_filtered',
  'rejected',
  'unexplained',
  'bad_reply',
  'cancelled',
] as const;
export type ProviderFailureKind = (typeof providerFailureKinds)[number];

/** One failed call, as understood. `message` is safe to show: no key, no organization id, no raw body. */
export interface ProviderFailure {
  readonly kind: ProviderFailureKind;
  readonly message: string;
  /** HTTP status of the reply; absent when there was none. */
  readonly status?: number;
  /** How long the provider asks us to stay away, ms; absent when it did not say. */
  readonly retryAfterMs?: number;
  /** The optional request field the provider objected to, so that it can be stripped and the call repeated once. */
  readonly field?: string;
  /** The request field at fault as the provider names it, for the caller; absent when it names none, or one that is stripped. */
  readonly param?: string;
  /** What the refusal covers: this model, every model of the credential, or the credential for good. */
  readonly covers?: 'model' | 'credential';
  /** True when the pool comes back only at its own reset (day, month), not after `retryAfterMs`. */
  readonly untilReset?: boolean;
  /** True when the request surely never left us, so that nobody can have counted or charged it. */
  readonly unsent?: boolean;
  /** True when the reply may well be right, and another one decides: it is held against nobody. */
  readonly doubtful?: boolean;
}

/** What we tell a caller, with its HTTP status. */
export const callerErrorStatus = {
  invalid_request: 400,
  context_length_exceeded: 400,
  content_filter: 400,
  unauthenticated: 401,
  budget_exceeded: 402,
  forbidden: 403,
  not_found: 404,
  model_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  no_candidate: 422,
  rate_limited: 429,
  internal: 500,
  upstream_failed: 502,
  exhausted: 503,
  deadline: 504,
} as const satisfies Record<string, number>;
export type CallerErrorCode = keyof typeof callerErrorStatus;

/** One attempt, as told to log, header, error body, trace and web app. `failure` names what happened; `ms` how long it took; `endedAtMs` since the epoch. */
export interface Attempt {
  readonly route: string;
  readonly credential: string;
  readonly tier: 'free' | 'paid' | 'local';
  readonly failure: ProviderFailureKind | null;
  readonly status: number | null;
  readonly ms: number;
  readonly endedAtMs: number;
  readonly message: string | null;
  /** What it cost all the same, US dollars; absent: nothing, as far as anybody knows. */
  readonly costUsd?: number;
}

/** An error meant for the caller. Wires render it in the caller's format. */
export class CallerError extends Error {
  override readonly name = 'CallerError';
  readonly code: CallerErrorCode;
  /** The request field at fault, in dotted form; null when none is. */
  readonly param: string | null;
  readonly retryable: boolean;
  /** When trying again makes sense, ms from now; null when unknown. */
  readonly retryAfterMs: number | null;
  readonly attempts: readonly Attempt[];
  /** Time spent waiting for quota before giving up, ms. */
  readonly waitedMs: number;
  /** The same as the message as a code with its numbers; null: the message alone says it. */
  readonly reason: Reason | null;
  /** Methods by which the place can be asked, as the header Allow says them; null unless this one can't. */
  readonly allow: string | null;

  constructor(
    code: CallerErrorCode,
    message: string,
    details: {
      param?: string;
      retryable?: boolean;
      retryAfterMs?: number | null;
      attempts?: readonly Attempt[];
      waitedMs?: number;
      reason?: Reason;
      allow?: string;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.param = details.param ?? null;
    this.retryable = details.retryable ?? callerErrorStatus[code] >= 500;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.attempts = details.attempts ?? [];
    this.waitedMs = details.waitedMs ?? 0;
    this.reason = details.reason ?? null;
    this.allow = details.allow ?? null;
  }

  get status(): number {
    return callerErrorStatus[this.code];
  }
}
