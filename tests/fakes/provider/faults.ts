// Every way in which the simulated provider can misbehave, and the short names by which tests and model names ask for it.

/** How a scripted 429 says when to come back. `dialect` is the provider's own way. */
export type RetryForm = 'none' | 'seconds' | 'date' | 'ms' | 'text' | 'gemini' | 'dialect';

/** A place in the reply's stream: after so many content chunks, or after so many bytes of the whole body. */
export type Place = { readonly chunks: number } | { readonly bytes: number };

/** Errors with a body in the provider's dialect. */
export type RefusalKind =
  | 'server_error'
  | 'overloaded'
  | 'context_exceeded'
  | 'content_filtered'
  | 'insufficient_quota'
  | 'bad_key'
  | 'forbidden'
  | 'model_missing'
  | 'model_gone'
  | 'not_on_plan'
  | 'prefill_rejected'
  | 'unsupported_field'
  | 'bad_signature'
  | 'invalid_request'
  | 'not_found'
  | 'too_large';

export type Fault =
  /** 429 although no limit is reached. */
  | { readonly kind: 'rate_limited'; readonly retry: RetryForm; readonly seconds: number; readonly daily?: boolean }
  /** An error reply; `status` overrides the dialect's usual one. */
  | { readonly kind: 'refusal'; readonly refusal: RefusalKind; readonly status?: number; readonly field?: string }
  /** Exactly this reply. */
  | {
      readonly kind: 'raw';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'reset_before_head' }
  | { readonly kind: 'reset_after_head' }
  /** Accepts the request and never answers. */
  | { readonly kind: 'silent' }
  /** The head comes in time, the first token `ms` later. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Ends early: by a reset, or looking like a proper end. */
  | { readonly kind: 'cut'; readonly at: Place; readonly how: 'reset' | 'end' }
  /** Falls silent in the middle: for good, or for `forMs`. */
  | { readonly kind: 'stall'; readonly at: Place; readonly forMs?: number }
  /** One extra chunk that is no JSON. */
  | { readonly kind: 'malformed_chunk'; readonly at: number }
  /** The text holds multi-byte characters and every piece ends inside one. */
  | { readonly kind: 'split_utf8' }
  | { readonly kind: 'no_done' }
  /** Status 200, but the body (or the first event) is an error. */
  | { readonly kind: 'error_in_200' }
  /** Good chunks, then an error event in the stream. */
  | { readonly kind: 'error_mid_stream'; readonly at: number }
  | { readonly kind: 'empty' }
  /** A page of HTML with status 200. */
  | { readonly kind: 'html' }
  | { readonly kind: 'gzip' }
  /** The whole stream in one piece, padded by a comment of `bytes`. */
  | { readonly kind: 'giant_chunk'; readonly bytes: number }
  | { readonly kind: 'duplicate_finish' }
  | { readonly kind: 'no_usage' }
  /** Tool-call arguments stop in the middle, then the stream ends. */
  | { readonly kind: 'cut_arguments' }
  /** `fault` for the first `times` requests of the model, fine afterwards. */
  | { readonly kind: 'first'; readonly times: number; readonly fault: Fault }
  /** Down (`fault`) for `downMs`, up for `upMs`, and so on, down first. */
  | { readonly kind: 'flap'; readonly downMs: number; readonly upMs: number; readonly fault: Fault };

type Make = (value: number | null) => Fault;

const limited =
  (retry: RetryForm, seconds: number): Make =>
  (value) => ({ kind: 'rate_limited', retry, seconds: value ?? seconds });
const refused =
  (refusal: RefusalKind, status?: number): Make =>
  (value) => {
    const chosen = value ?? status;
    return chosen === undefined ? { kind: 'refusal', refusal } : { kind: 'refusal', refusal, status: chosen };
  };

/** Short names, each with an optional number after it: `cut-40`, `late-20000`, `quota-402`. */
const byName: Readonly<Record<string, Make>> = {
  '429': limited('none', 0),
  '429-after': limited('seconds', 2),
  '429-date': limited('date', 2),
  '429-ms': (value) => ({ kind: 'rate_limited', retry: 'ms', seconds: (value ?? 1500) / 1000 }),
  '429-text': limited('text', 2),
  '429-gemini': limited('gemini', 2),
  '429-own': limited('dialect', 2),
  '429-day': (value) => ({ kind: 'rate_limited', retry: 'dialect', seconds: value ?? 47, daily: true }),
  '500': refused('server_error', 500),
  '502': refused('server_error', 502),
  '503': refused('overloaded', 503),
  '529': refused('overloaded', 529),
  reset: () => ({ kind: 'reset_before_head' }),
  'reset-after-head': () => ({ kind: 'reset_after_head' }),
  silent: () => ({ kind: 'silent' }),
  late: (value) => ({ kind: 'late', ms: value ?? 20_000 }),
  cut: (value) => ({ kind: 'cut', at: { chunks: value ?? 40 }, how: 'reset' }),
  'cut-clean': (value) => ({ kind: 'cut', at: { chunks: value ?? 40 }, how: 'end' }),
  'cut-byte': (value) => ({ kind: 'cut', at: { bytes: value ?? 500 }, how: 'reset' }),
  'cut-clean-byte': (value) => ({ kind: 'cut', at: { bytes: value ?? 500 }, how: 'end' }),
  stall: (value) => ({ kind: 'stall', at: { chunks: value ?? 20 } }),
  'stall-byte': (value) => ({ kind: 'stall', at: { bytes: value ?? 500 } }),
  malformed: (value) => ({ kind: 'malformed_chunk', at: value ?? 10 }),
  'split-utf8': () => ({ kind: 'split_utf8' }),
  'no-done': () => ({ kind: 'no_done' }),
  'error-200': () => ({ kind: 'error_in_200' }),
  'error-mid': (value) => ({ kind: 'error_mid_stream', at: value ?? 20 }),
  empty: () => ({ kind: 'empty' }),
  context: refused('context_exceeded'),
  filter: refused('content_filtered'),
  quota: refused('insufficient_quota'),
  prefill: refused('prefill_rejected'),
  'bad-key': refused('bad_key'),
  forbidden: refused('forbidden'),
  missing: refused('model_missing'),
  gone: refused('model_gone'),
  'not-on-plan': refused('not_on_plan'),
  'too-large': refused('too_large'),
  html: () => ({ kind: 'html' }),
  gzip: () => ({ kind: 'gzip' }),
  giant: (value) => ({ kind: 'giant_chunk', bytes: value ?? 300_000 }),
  'duplicate-finish': () => ({ kind: 'duplicate_finish' }),
  'no-usage': () => ({ kind: 'no_usage' }),
  'cut-arguments': () => ({ kind: 'cut_arguments' }),
};

/** All short names, for tables in tests. */
export const faultNames: readonly string[] = Object.keys(byName);

/**
 * Reads a short name: `503`, `cut-40`, `429-after-2`, `field-temperature`; `first-2-503` strikes the first two requests
 * only; `flap-30000-30000-503` is down and up in turn. Throws on anything else.
 */
export function toFault(name: string): Fault {
  const first = /^first-(\d+)-(.+)$/.exec(name);
  if (first) return { kind: 'first', times: Number(first[1]), fault: toFault(first[2]!) };
  const flap = /^flap-(\d+)-(\d+)-(.+)$/.exec(name);
  if (flap) return { kind: 'flap', downMs: Number(flap[1]), upMs: Number(flap[2]), fault: toFault(flap[3]!) };
  const field = /^field-(.+)$/.exec(name);
  if (field) return { kind: 'refusal', refusal: 'unsupported_field', field: field[1]! };
  const whole = byName[name];
  if (whole) return whole(null);
  const numbered = /^(.+)-(\d+)$/.exec(name);
  const make = numbered ? byName[numbered[1]!] : undefined;
  if (!numbered || !make) throw new Error(`Unknown fault "${name}"; known: ${faultNames.join(', ')}`);
  return make(Number(numbered[2]));
}

/** Splits `model--fault` (for example `alpha-large--cut-40`); without `--` there is no fault. */
export function splitModelName(name: string): { readonly id: string; readonly fault: Fault | null } {
  const at = name.indexOf('--');
  return at < 0 ? { id: name, fault: null } : { id: name.slice(0, at), fault: toFault(name.slice(at + 2)) };
}
