// Carries out one attempt: sends the call, watches the clock until the first content, and hands the reply to its reader.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Clock, Headers, ReplyBody, Upstream, UpstreamError, UpstreamHandle } from '../ports.ts';
import type { Usage } from '#shared/usage.ts';
import type { Credential } from './credentials.ts';
import type { AttemptOutcome, Operation, ReaderContext, ReplyReader } from './operation.ts';

export interface SendInput {
  readonly operation: Operation;
  readonly index: number;
  readonly credential: Credential;
  readonly stripped: readonly string[];
  readonly commit: (contentType: string, usage: Usage | null) => ReplyBody;
  readonly receiptField: (usage: Usage | null) => Readonly<Record<string, unknown>>;
  /** Registers what to do when the caller hangs up. */
  readonly onGone: (listener: () => void) => void;
  readonly upstream: Upstream;
  readonly clock: Clock;
}

const USER_AGENT = 'freeway/0.1';

/** A failure below HTTP, in the words of the failure table. */
export function toFailure(error: UpstreamError): ProviderFailure {
  return { kind: error.kind, message: error.message };
}

interface Attempt {
  readonly done: Promise<AttemptOutcome>;
  readonly context: ReaderContext;
  readonly attach: (handle: UpstreamHandle, reader: ReplyReader) => void;
}

/** The bookkeeping of one attempt: it ends exactly once, and its timers and connection end with it. */
function createAttempt(input: SendInput, timeoutMs: number): Attempt {
  const { clock } = input;
  const startedAtMs = clock.now();
  const timer = new AbortController();
  let handle: UpstreamHandle | null = null;
  let firstContentAtMs: number | null = null;
  let ended = false;
  const { promise: done, resolve } = Promise.withResolvers<AttemptOutcome>();
  const finish: ReaderContext['finish'] = (outcome) => {
    if (ended) return;
    ended = true;
    timer.abort();
    // A reply that has ended by itself is not disturbed by this; anything else must stop using quota.
    if (outcome.failure) handle?.abort();
    resolve({
      ...outcome,
      firstContentMs: firstContentAtMs === null ? null : firstContentAtMs - startedAtMs,
      ms: clock.now() - startedAtMs,
    });
  };
  const fail = (failure: ProviderFailure): void =>
    finish({ failure, committed: firstContentAtMs !== null, usage: null, seenTokens: 0, limits: [] });
  const context: ReaderContext = {
    nowMs: () => clock.now(),
    commit: (contentType, usage) => {
      firstContentAtMs = clock.now();
      timer.abort();
      return input.commit(contentType, usage);
    },
    pause: () => handle?.pause(),
    resume: () => handle?.resume(),
    finish,
    receiptField: input.receiptField,
  };
  clock.sleep(timeoutMs, timer.signal).then(
    () => fail({ kind: 'timeout', message: `no answer within ${timeoutMs} ms` }),
    () => undefined,
  );
  return {
    done,
    context,
    attach: (started, reader) => {
      handle = started;
      if (ended) started.abort();
      // The reader hears of it like of any other end, so that it can settle what was already received.
      input.onGone(() => {
        if (ended) return;
        started.abort();
        reader.onError(new CancelledByCaller());
      });
    },
  };
}

class CancelledByCaller extends Error implements UpstreamError {
  override readonly name = 'UpstreamError';
  readonly kind = 'cancelled';
  readonly sent = true;
  constructor() {
    super('the caller hung up');
  }
}

function toHeaders(credential: Credential, headers: Headers): Headers {
  return { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...headers, ...credential.authorize() };
}

/** Resolves when the attempt is over; never rejects. */
export async function send(input: SendInput): Promise<AttemptOutcome> {
  const { operation, index, credential, upstream, clock } = input;
  const call = operation.prepare(index, input.stripped);
  const timeoutMs = Math.max(1, Math.min(call.firstContentTimeoutMs, operation.deadlineAtMs - clock.now()));
  const attempt = createAttempt(input, timeoutMs);
  const reader = operation.read(index, attempt.context);
  const handle = upstream.start(
    {
      method: 'POST',
      url: `${credential.baseUrl}${call.path}`,
      headers: toHeaders(credential, call.headers),
      body: call.body,
      headTimeoutMs: 0,
      idleTimeoutMs: call.idleTimeoutMs,
    },
    reader,
  );
  attempt.attach(handle, reader);
  return attempt.done;
}
